"""A message broker in one SQLite file, for Celery and kombu, where no broker is installed."""

from __future__ import annotations

from embedded_broker.admin import DeadMessage, QueueStatus, dead_messages, discard_dead, queue_status, requeue_dead
from embedded_broker.errors import BadBrokerAddress, BrokerUnavailable, EmbeddedBrokerError
from embedded_broker.registration import SCHEME, broker_url, register

__all__ = [
    "SCHEME",
    "BadBrokerAddress",
    "BrokerUnavailable",
    "DeadMessage",
    "EmbeddedBrokerError",
    "QueueStatus",
    "broker_url",
    "dead_messages",
    "discard_dead",
    "queue_status",
    "register",
    "requeue_dead",
]
