"""One process's access to the broker: each method is one transaction, and rings whom it concerns."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from embedded_broker import messages, topology
from embedded_broker.database import Database
from embedded_broker.doorbell import Ring, ring
from embedded_broker.errors import BadBrokerAddress
from embedded_broker.files import BrokerFiles
from embedded_broker.messages import Delivery
from embedded_broker.ownership import Owner, keep_lock_file, process_owner
from embedded_broker.recovery import keep_house, other_owners, recover_if_gone
from embedded_broker.topology import QueueTraits
from pyros.clock import Clock, RealClock

MAX_DELIVERIES = 5


class Broker:
    """Every method raises `BrokerUnavailable` when the file cannot be used; all may be called by any thread.

    `clock` only dates what expires. It is the machine's by default, also in a simulation: software does
    not run faster when the observatory's clock does.
    """

    def __init__(self, files: BrokerFiles, *, max_deliveries: int = MAX_DELIVERIES, clock: Clock | None = None) -> None:
        if max_deliveries < 1:
            raise BadBrokerAddress(f"max_deliveries is {max_deliveries}: give 1 or more")
        self.files = files
        self.database = Database(files)
        self.max_deliveries = max_deliveries
        self._clock = clock or RealClock()

    @property
    def owner(self) -> Owner:
        """This process. Another one after a fork."""
        return process_owner(self.files)

    def close(self) -> None:
        """Close the file."""
        self.database.close()

    # Topology

    def declare_exchange(self, name: str, type_: str) -> str:
        """Declare an exchange; returns the type that it has now, perhaps another's."""
        with self.database.read() as db:
            known = topology.exchange_type(db, name)
        if known is not None:
            return known
        with self.database.write() as db:
            return topology.declare_exchange(db, name, type_)

    def exchange_type(self, name: str) -> str | None:
        """direct, topic or fanout; None when not declared."""
        with self.database.read() as db:
            return topology.exchange_type(db, name)

    def delete_exchange(self, name: str) -> None:
        """Forget an exchange and its bindings."""
        with self.database.write() as db:
            topology.delete_exchange(db, name)

    def declare_queue(self, name: str, traits: QueueTraits) -> None:
        """Make a queue if it is not there."""
        with self.database.write() as db:
            owner = self._register(db) if traits.exclusive else self.owner
            topology.declare_queue(db, name, traits, owner.id, self._now_s())

    def delete_queue(self, name: str, *, if_unused: bool = False, if_empty: bool = False) -> None:
        """Forget a queue and all in it, unless it is used or holds something and that was to prevent it."""
        with self.database.write() as db:
            if (if_unused and topology.consumer_count(db, name)) or (if_empty and messages.ready_count(db, name)):
                return
            topology.delete_queues(db, [name])

    def queue_exists(self, name: str) -> bool:
        """Whether the queue is declared."""
        with self.database.read() as db:
            return topology.queue_exists(db, name)

    def bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        """Let an exchange feed a queue."""
        with self.database.write() as db:
            topology.bind(db, exchange, routing_key, pattern, queue)

    def unbind(self, exchange: str, routing_key: str, queue: str) -> None:
        """Take a binding back."""
        with self.database.write() as db:
            topology.unbind(db, exchange, routing_key, queue)

    def bindings(self, exchange: str) -> list[tuple[str, str, str]]:
        """(routing key, pattern, queue) of each queue that an exchange feeds."""
        with self.database.read() as db:
            return topology.bindings(db, exchange)

    def all_bindings(self) -> list[tuple[str, str, str]]:
        """(queue, exchange, routing key) of every binding."""
        with self.database.read() as db:
            return topology.all_bindings(db)

    # Messages

    def publish(self, queues: Iterable[str], payload: str, *, priority: int = 0, ttl_s: float | None = None) -> None:
        """Put one message into each of these queues, all or none, and wake their consumers."""
        queues = sorted(set(queues))
        if not queues:
            return
        with self.database.write() as db:
            for queue in queues:
                messages.publish(db, queue, payload, priority, ttl_s, self._now_s())
            bells = {bell for queue in queues for bell in topology.doorbells(db, queue)}
        self._ring(bells, Ring.MESSAGE)

    def claim(self, queues: Sequence[tuple[str, bool]], limit: int) -> list[tuple[Delivery, bool]]:
        """Up to `limit` messages from (queue, without acknowledgement) pairs, in the order of the pairs."""
        with self.database.read() as db:
            ready = [(queue, no_ack) for queue, no_ack in queues if messages.has_ready(db, queue)]
        if not ready:
            return []
        claimed: list[tuple[Delivery, bool]] = []
        with self.database.write() as db:
            owner = self._register(db)
            for queue, no_ack in ready:
                left = limit - len(claimed)
                if left <= 0:
                    break
                if no_ack:
                    found = messages.take(db, queue, left, self._now_s())
                else:
                    found = messages.claim(db, queue, owner.id, left, self._now_s())
                claimed += [(delivery, no_ack) for delivery in found]
        return claimed

    def acknowledge(self, tag: str) -> bool:
        """The message is done. False when it was no longer this process's."""
        with self.database.write() as db:
            return messages.acknowledge(db, tag, self.owner.id)

    def give_back(self, tags: Iterable[str]) -> None:
        """Make messages ready again that came to no harm (a stop, a closed channel)."""
        tags = list(tags)
        if not tags:
            return
        with self.database.write() as db:
            queues = {messages.give_back(db, tag, self.owner.id) for tag in tags} - {None}
            bells = {bell for queue in queues if queue for bell in topology.doorbells(db, queue)}
        self._ring(bells, Ring.MESSAGE)

    def fail(self, tag: str) -> None:
        """The work failed: make the message ready again, or dead at the limit of deliveries."""
        with self.database.write() as db:
            queue = messages.fail(db, tag, self.owner.id, self.max_deliveries, self._now_s())
            bells = topology.doorbells(db, queue) if queue else []
        self._ring(bells, Ring.MESSAGE)

    def reject(self, tag: str) -> bool:
        """The consumer does not want the message: it is kept among the dead."""
        with self.database.write() as db:
            return messages.reject(db, tag, self.owner.id, self._now_s())

    def requeue_dead(self, message_id: int) -> None:
        """Put a dead message back into its queue, as if new; raises `KeyError` when there is none."""
        with self.database.write() as db:
            row = db.execute(
                "DELETE FROM dead WHERE id = ? RETURNING queue, payload, priority", (message_id,)
            ).fetchone()
            if row is None:
                raise KeyError(f"no dead message {message_id} in {self.files.database}")
            queue, payload, priority = row
            messages.publish(db, queue, payload, priority, None, self._now_s())
            bells = topology.doorbells(db, queue)
        self._ring(bells, Ring.MESSAGE)

    def purge(self, queue: str) -> int:
        """Remove the waiting messages of a queue; returns how many."""
        with self.database.write() as db:
            return messages.purge(db, queue)

    def counts(self, queue: str) -> tuple[int, int]:
        """(waiting messages, consumers) of a queue."""
        with self.database.read() as db:
            return messages.ready_count(db, queue), topology.consumer_count(db, queue)

    # Consumers and owners

    def add_consumer(self, tag: str, queue: str, doorbell: str) -> None:
        """Ring this doorbell for the queue from now on, and let the others watch over this process."""
        with self.database.write() as db:
            topology.add_consumer(db, tag, queue, self._register(db).id, doorbell)
            bells = topology.all_doorbells(db)
        self._ring(bells, Ring.OWNER)

    def remove_consumer(self, tag: str, doorbell: str) -> None:
        """Stop ringing. An auto-delete queue dies with its last consumer."""
        with self.database.write() as db:
            topology.remove_consumers(
                db, "tag = ? AND doorbell = ? AND owner = ?", (tag, doorbell, self.owner.id), self._now_s()
            )

    def others(self) -> list[Owner]:
        """The other processes that may hold messages."""
        with self.database.read() as db:
            return other_owners(db, self.owner.id)

    def recover(self, owners: Iterable[Owner] | None = None) -> bool:
        """Give back what dead processes held; whether any of these (by default: of all) was dead."""
        found = False
        for owner in self.others() if owners is None else owners:
            queues = recover_if_gone(self.database, owner, self.max_deliveries, self._now_s())
            if queues is not None:
                found = True
                with self.database.read() as db:
                    bells = {bell for queue in queues for bell in topology.doorbells(db, queue)}
                self._ring(bells, Ring.MESSAGE)
        return found

    def keep_house(self) -> bool:
        """Clean up if it is time to; whether it was."""
        return keep_house(self.database, self._now_s())

    def ring_self(self, doorbell: str) -> None:
        """Make an event loop come back at once because there is more to look at."""
        self._ring([doorbell], Ring.MESSAGE)

    def _register(self, db: sqlite3.Connection) -> Owner:
        """Make this process known, in the transaction in which it comes to hold something, so that this is
        given back at its death. Each time anew: the file may have been replaced meanwhile.
        """
        owner = self.owner
        keep_lock_file(self.files, owner)
        db.execute(
            "INSERT OR IGNORE INTO owner VALUES (?, ?, ?, ?)", (owner.id, owner.pid, owner.boot_id, self._now_s())
        )
        return owner

    def _ring(self, doorbells: Iterable[str], why: Ring) -> None:
        ring(self.files.run_dir, doorbells, why)

    def _now_s(self) -> float:
        return self._clock.unix_s()
