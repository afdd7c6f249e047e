"""The AMQP channel that kombu sees: consumers, prefetch, delivery tags, over `Broker`."""

# mypy: disable-error-code="no-untyped-call"
from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty
from typing import Any

from amqp.protocol import queue_declare_ok_t  # type: ignore[import-untyped]
from kombu.exceptions import ChannelError
from kombu.log import get_logger
from kombu.transport import virtual
from kombu.transport.base import to_rabbitmq_queue_arguments
from kombu.utils.json import dumps, loads
from kombu.utils.uuid import uuid

from embedded_broker.broker import Broker
from embedded_broker.messages import Delivery
from embedded_broker.topology import QueueTraits

logger = get_logger(__name__)

BATCH = 16
"""Messages claimed in one transaction when there is no prefetch limit."""


@dataclass(frozen=True)
class _Subscription:
    queue: str
    no_ack: bool
    callback: Callable[[Any], Any]


class Prefetch(virtual.QoS):
    """What this channel holds unacknowledged, and how much it may."""

    channel: Channel

    def credit(self) -> int:
        """How many more messages may be claimed now."""
        if not self.prefetch_count:
            return BATCH
        return max(0, int(self.prefetch_count) - (len(self._delivered) - len(self._dirty)))

    def ack(self, delivery_tag: str) -> None:
        """The message is done."""
        if not self.channel.broker.acknowledge(delivery_tag):
            logger.warning("acknowledged message %s, which this process no longer held", delivery_tag)
        self._settled(delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """The work failed: deliver again, up to the limit, or keep among the dead."""
        if requeue:
            self.channel.broker.fail(delivery_tag)
        else:
            self.channel.broker.reject(delivery_tag)
        self._settled(delivery_tag)

    def restore_unacked(self) -> list[Any]:
        """Give back all that is held, unharmed; returns kombu's list of errors, always empty."""
        self._flush()
        self.channel.broker.give_back(list(self._delivered))
        self._delivered.clear()
        return []

    def _settled(self, delivery_tag: str) -> None:
        self._quick_ack(delivery_tag)
        self.channel.look_again()


class Channel(virtual.Channel):
    """One channel of a connection of `Transport`."""

    QoS = Prefetch
    supports_fanout = True
    qos: Prefetch

    def __init__(self, connection: Any, **kwargs: Any) -> None:
        super().__init__(connection, **kwargs)
        self.broker: Broker = connection.broker
        self._subscriptions: dict[str, _Subscription] = {}
        self._first = 0  # where the next round over the queues begins, so that none starves

    # Declarations

    def prepare_queue_arguments(self, arguments: Any, **kwargs: Any) -> Any:
        """Name expiry and time to live as RabbitMQ does."""
        return to_rabbitmq_queue_arguments(arguments or {}, **kwargs)

    def exchange_declare(
        self,
        exchange: str | None = None,
        type: str = "direct",
        durable: bool = False,
        auto_delete: bool = False,
        arguments: Any = None,
        nowait: bool = False,
        passive: bool = False,
    ) -> None:
        """Declare an exchange; all are durable. Raises `ChannelError` as AMQP does."""
        type = type or "direct"
        exchange = exchange or f"amq.{type}"
        if passive:
            if self.broker.exchange_type(exchange) is None:
                raise _not_found("exchange", exchange, "Channel.exchange_declare")
            return
        if type not in self.exchange_types:
            raise ChannelError(
                f"COMMAND_INVALID - exchange type {type!r}: give one of {', '.join(sorted(self.exchange_types))}",
                (40, 10),
                "Channel.exchange_declare",
                "503",
            )
        existing = self.broker.declare_exchange(exchange, type)
        if existing != type:
            raise ChannelError(
                f"PRECONDITION_FAILED - exchange {exchange!r} is declared as {existing!r}, not {type!r}",
                (40, 10),
                "Channel.exchange_declare",
                "406",
            )

    def exchange_delete(self, exchange: str, if_unused: bool = False, nowait: bool = False) -> None:
        """Forget an exchange and its bindings."""
        if not (if_unused and self.broker.bindings(exchange)):
            self.broker.delete_exchange(exchange)

    def queue_declare(self, queue: str | None = None, passive: bool = False, **kwargs: Any) -> queue_declare_ok_t:
        """Declare a queue; returns its name, waiting messages and consumers."""
        queue = queue or f"amq.gen-{uuid()}"
        if not passive:
            self.broker.declare_queue(queue, _traits(**kwargs))
        elif not self.broker.queue_exists(queue):
            raise _not_found("queue", queue, "Channel.queue_declare")
        return queue_declare_ok_t(queue, *self.broker.counts(queue))

    def queue_delete(self, queue: str, if_unused: bool = False, if_empty: bool = False, **kwargs: Any) -> None:
        """Forget a queue and its messages."""
        self.broker.delete_queue(queue, if_unused=if_unused, if_empty=if_empty)

    def queue_purge(self, queue: str, **kwargs: Any) -> int:
        """Remove the waiting messages of a queue; returns how many."""
        return self.broker.purge(queue)

    def after_reply_message_received(self, queue: str) -> None:
        """Nothing to do: a reply queue is auto-delete and dies with its consumer."""

    def queue_bind(
        self, queue: str, exchange: str | None = None, routing_key: str = "", arguments: Any = None, **kwargs: Any
    ) -> None:
        """Let an exchange feed a queue."""
        exchange = exchange or "amq.direct"
        key, pattern, _ = self.typeof(exchange).prepare_bind(queue, exchange, routing_key, arguments)
        self.broker.bind(exchange, key or "", pattern or "", queue)

    def queue_unbind(
        self, queue: str, exchange: str | None = None, routing_key: str = "", arguments: Any = None, **kwargs: Any
    ) -> None:
        """Take a binding back."""
        self.broker.unbind(exchange or "amq.direct", routing_key or "", queue)

    def list_bindings(self) -> list[tuple[str, str, str]]:
        """(queue, exchange, routing key) of every binding."""
        return self.broker.all_bindings()

    def get_exchanges(self) -> list[str]:
        """The exchanges that feed a queue."""
        return sorted({exchange for _, exchange, _ in self.broker.all_bindings()})

    def get_table(self, exchange: str) -> list[tuple[str, str, str]]:
        """(routing key, pattern, queue) of each binding of an exchange, read anew each time."""
        return self.broker.bindings(exchange)

    def typeof(self, exchange: str, default: str = "direct") -> Any:
        """The exchange's type object; raises `ChannelError` when no such exchange is declared."""
        known = self.broker.exchange_type(exchange)
        if known is None:
            raise _not_found("exchange", exchange, "Channel.typeof")
        return self.exchange_types[known]

    # Publishing

    def basic_publish(self, message: dict[str, Any], exchange: str, routing_key: str, **kwargs: Any) -> None:
        """Publish: committed when this returns. What no queue is bound for is dropped, as in AMQP."""
        self._inplace_augment_message(message, exchange, routing_key)
        if exchange:
            queues = self.typeof(exchange).lookup(self.get_table(exchange), exchange, routing_key or "", None)
        else:
            queues = [routing_key]
        expiration_ms = message["properties"].get("expiration")
        self.broker.publish(
            queues,
            dumps(message),
            priority=self._get_message_priority(message),
            ttl_s=None if expiration_ms is None else float(expiration_ms) / 1000,
        )

    # Consuming

    def basic_consume(
        self, queue: str, no_ack: bool, callback: Callable[[Any], Any], consumer_tag: str, **kwargs: Any
    ) -> None:
        """Have `callback` called with each message of `queue`."""
        self._subscriptions[consumer_tag] = _Subscription(queue, bool(no_ack), callback)
        self._consumers.add(consumer_tag)
        self.broker.add_consumer(consumer_tag, queue, self.connection.doorbell.name)
        self.look_again()

    def basic_cancel(self, consumer_tag: str) -> None:
        """Stop consuming; what is held stays held."""
        if self._subscriptions.pop(consumer_tag, None) is not None:
            self._consumers.discard(consumer_tag)
            self.broker.remove_consumer(consumer_tag, self.connection.doorbell.name)

    def basic_get(self, queue: str, no_ack: bool = False, **kwargs: Any) -> Any:
        """One message, or None."""
        claimed = self.broker.claim([(queue, no_ack)], 1)
        if not claimed and self.broker.recover():
            claimed = self.broker.claim([(queue, no_ack)], 1)
        return self._hold(*claimed[0]) if claimed else None

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:
        """The message, or with `multiple` all up to it, are done."""
        tags = [delivery_tag]
        if multiple:
            self.qos._flush()
            held = list(self.qos._delivered)
            tags = held[: held.index(delivery_tag) + 1]
        for tag in tags:
            self.qos.ack(tag)

    def basic_recover(self, requeue: bool = False) -> None:
        """Give back all that is held."""
        self.qos.restore_unacked()
        self.look_again()

    def basic_qos(self, prefetch_size: int = 0, prefetch_count: int = 0, apply_global: bool = False) -> None:
        """How many messages this channel may hold unacknowledged; 0 is no limit."""
        super().basic_qos(prefetch_size, prefetch_count, apply_global)
        self.look_again()

    def deliver(self, limit: int = BATCH) -> bool:
        """Claim what is ready, up to `limit` and the prefetch, and call the consumers; whether there was any."""
        subscriptions = list(self._subscriptions.values())
        with_credit = {s.queue: s for s in reversed(subscriptions) if s.no_ack or self.qos.credit()}
        if not with_credit:
            return False
        queues = list(with_credit)
        self._first = (self._first + 1) % len(queues)
        queues = queues[self._first :] + queues[: self._first]
        pairs = [(queue, with_credit[queue].no_ack) for queue in queues]
        if not all(no_ack for _, no_ack in pairs):
            limit = min(limit, self.qos.credit())
        # All are held before any callback runs, so that none is lost if one raises.
        held = [(self._hold(delivery, no_ack), delivery.queue) for delivery, no_ack in self.broker.claim(pairs, limit)]
        for message, queue in held:
            if self.closed:
                break  # by a callback: what was held has been given back
            with_credit[queue].callback(message)
        return bool(held)

    def drain_events(self, timeout: float | None = None, callback: Any = None) -> None:
        """Deliver one message; raises `Empty` when none is ready."""
        if not self.deliver(1):
            raise Empty

    def look_again(self) -> None:
        """Something may be ready that was not, or may be claimed now."""
        if self.connection is not None:
            self.connection.look_again()

    def _hold(self, delivery: Delivery, no_ack: bool) -> Any:
        payload = loads(delivery.payload)
        properties = payload["properties"]
        properties["delivery_tag"] = delivery.tag
        properties["delivery_info"]["redelivered"] = delivery.redelivered
        message = self.Message(payload, channel=self)
        if not no_ack:
            self.qos.append(message, delivery.tag)
        return message

    def close(self) -> None:
        """Cancel the consumers and give back what is held. In a forked child: only forget."""
        if self.connection is not None and self.connection.pid != os.getpid():
            self.closed = True
            self._subscriptions.clear()
            self._consumers.clear()
            self.connection.close_channel(self)
            return
        super().close()


def _traits(
    exclusive: bool = False, auto_delete: bool = False, arguments: dict[str, Any] | None = None, **_: Any
) -> QueueTraits:
    arguments = arguments or {}

    def seconds(name: str) -> float | None:
        value = arguments.get(name)
        return None if value is None else float(value) / 1000

    return QueueTraits(
        exclusive=bool(exclusive),
        auto_delete=bool(auto_delete),
        message_ttl_s=seconds("x-message-ttl"),
        expires_after_s=seconds("x-expires"),
    )


def _not_found(kind: str, name: str, method: str) -> ChannelError:
    return ChannelError(f"NOT_FOUND - no {kind} {name!r}: declare it first", (50, 10), method, "404")
