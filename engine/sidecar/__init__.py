"""The REST API: a door into the engine that holds no logic of its own."""

from engine.sidecar.app import create_app

__all__ = ["create_app"]
