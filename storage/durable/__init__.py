"""Durable queues, kept by DBOS in a database of their own or a schema of ours.

DBOS is imported when the first job is, so that who has none does not pay for it.
"""

from storage.durable.queue import DurableQueue

__all__ = ["DurableQueue"]
