"""The composition root: the one package that knows the engine and the stores, and joins them."""

from engine.bootstrap.assembly import build_engine, default_engine
from engine.bootstrap.backups import backup_instance, restore_instance
from engine.bootstrap.stores import rotate_instance_key

__all__ = [
    "backup_instance",
    "build_engine",
    "default_engine",
    "restore_instance",
    "rotate_instance_key",
]
