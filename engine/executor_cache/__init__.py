"""The answer cache: what a call's answer is kept under, for how long, and who loads it."""

from engine.executor_cache.envelope import CachedAnswer
from engine.executor_cache.flights import Flight
from engine.executor_cache.service import APICacheService

__all__ = ["APICacheService", "CachedAnswer", "Flight"]
