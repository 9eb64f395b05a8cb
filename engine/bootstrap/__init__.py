"""The composition root: the one package that knows the engine and the stores, and joins them."""

from engine.bootstrap.assembly import build_engine, default_engine
from engine.bootstrap.stores import rotate_instance_key

__all__ = ["build_engine", "default_engine", "rotate_instance_key"]
