"""The life of a message, and the ledger of all of them."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from embedded_broker import dead_messages, discard_dead, queue_status, requeue_dead
from embedded_broker.admin import QueueStatus
from embedded_broker.broker import Broker
from embedded_broker.errors import BadBrokerAddress, BrokerUnavailable
from embedded_broker.files import BrokerFiles
from embedded_broker.topology import QueueTraits
from pyros.clock import ManualClock

WORK = [("work", False)]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 20, tzinfo=UTC))


@pytest.fixture
def broker(folder: Path, clock: ManualClock) -> Broker:
    return Broker(BrokerFiles.at(folder / "broker.sqlite3"), clock=clock)


def payloads(broker: Broker, queue: str = "work") -> list[str]:
    return [delivery.payload for delivery, _ in broker.claim([(queue, False)], 100)]


def test_the_file_and_its_folder_are_private(broker: Broker) -> None:
    broker.publish(["work"], "a")
    assert broker.files.database.stat().st_mode & 0o777 == 0o600
    assert broker.files.run_dir.stat().st_mode & 0o777 == 0o700


def test_priority_9_comes_first_and_equals_in_their_order(broker: Broker) -> None:
    for payload, priority in [("a", 0), ("b", 9), ("c", 5), ("d", 9)]:
        broker.publish(["work"], payload, priority=priority)
    assert payloads(broker) == ["b", "d", "c", "a"]


def test_a_message_given_back_unharmed_keeps_its_place_and_its_good_name(broker: Broker) -> None:
    broker.publish(["work"], "a")
    broker.publish(["work"], "b")
    for _ in range(20):
        [(delivery, _no_ack)] = broker.claim(WORK, 1)
        assert delivery.payload == "a"
        broker.give_back([delivery.tag])
    assert broker.counts("work") == (2, 0)


def test_a_late_acknowledgement_does_not_touch_the_next_delivery(broker: Broker) -> None:
    broker.publish(["work"], "a")
    [(first, _)] = broker.claim(WORK, 1)
    broker.fail(first.tag)
    [(second, _)] = broker.claim(WORK, 1)
    assert not broker.acknowledge(first.tag)
    assert broker.acknowledge(second.tag)


def test_what_is_taken_without_acknowledgement_is_gone(broker: Broker) -> None:
    broker.publish(["work"], "a")
    assert len(broker.claim([("work", True)], 1)) == 1
    assert queue_status(broker.files.database) == [QueueStatus("work", ready=0, held=0, consumers=0)]


def test_a_message_expires_with_its_own_time_or_the_queues_whichever_is_shorter(
    broker: Broker, clock: ManualClock
) -> None:
    broker.declare_queue("events", QueueTraits(message_ttl_s=5))
    broker.publish(["events"], "queue's 5 s")
    broker.publish(["events"], "own 2 s", ttl_s=2)
    broker.publish(["events"], "own 60 s", ttl_s=60)
    broker.publish(["work"], "for ever")
    clock.advance(3)
    with broker.database.read() as db:
        ready = db.execute("SELECT payload FROM message WHERE expires_at > ? ORDER BY id", (clock.unix_s(),)).fetchall()
    assert ready == [("queue's 5 s",), ("own 60 s",)]
    clock.advance(3)
    assert payloads(broker, "events") == []
    assert payloads(broker) == ["for ever"]


def test_an_unused_queue_with_an_expiry_is_removed_by_the_housekeeping(broker: Broker, clock: ManualClock) -> None:
    broker.declare_queue("reply", QueueTraits(expires_after_s=10))
    broker.declare_queue("consumed", QueueTraits(expires_after_s=10))
    broker.add_consumer("tag", "consumed", "no.sock")
    clock.advance(100)
    assert broker.keep_house()
    assert not broker.queue_exists("reply")
    assert broker.queue_exists("consumed")


def test_the_housekeeping_is_done_once_a_minute_also_after_the_date_was_set_back(
    broker: Broker, clock: ManualClock
) -> None:
    assert [broker.keep_house(), broker.keep_house()] == [True, False]
    clock.advance(60)
    assert [broker.keep_house(), broker.keep_house()] == [True, False]
    clock.step_date(-86_400)
    assert [broker.keep_house(), broker.keep_house()] == [True, False]


def test_the_housekeeping_gives_the_space_of_done_messages_back(broker: Broker) -> None:
    for _ in range(30):
        broker.publish(["work"], "x" * 100_000)
    broker.purge("work")
    broker.close()
    full = broker.files.database.stat().st_size
    broker.keep_house()
    broker.close()
    assert full > 3_000_000
    assert broker.files.database.stat().st_size < 300_000


def test_the_housekeeping_removes_stale_sockets_and_locks(broker: Broker) -> None:
    broker.publish(["work"], "a")
    for name in ("1-dead.owner", "1-dead.1.sock", "2-dead.3.sock"):
        (broker.files.run_dir / name).touch()
    own = broker.owner
    broker.keep_house()
    assert sorted(path.name for path in broker.files.run_dir.iterdir()) == [f"{own.id}.owner", "creation.lock"]


def test_a_rejected_message_is_kept_among_the_dead_and_can_be_revived(broker: Broker) -> None:
    broker.publish(["work"], '{"headers": {"task": "album"}}', priority=7)
    [(delivery, _)] = broker.claim(WORK, 1)
    broker.reject(delivery.tag)
    [dead] = dead_messages(broker.files.database, "work")
    assert (dead.queue, dead.reason, dead.headers) == ("work", "rejected by its consumer", {"task": "album"})
    assert dead.died_at == datetime(2026, 11, 20, tzinfo=UTC)
    assert dead_messages(broker.files.database, "another") == []
    requeue_dead(broker.files.database, dead.id)
    assert dead_messages(broker.files.database) == []
    [(again, _)] = broker.claim(WORK, 1)
    assert (again.priority, again.redelivered) == (7, False)


def test_a_dead_message_can_be_discarded_once(broker: Broker) -> None:
    broker.publish(["work"], '{"headers": {}}')
    broker.reject(broker.claim(WORK, 1)[0][0].tag)
    [dead] = dead_messages(broker.files.database)
    discard_dead(broker.files.database, dead.id)
    with pytest.raises(KeyError, match="no dead message 1"):
        discard_dead(broker.files.database, dead.id)
    with pytest.raises(KeyError, match="no dead message 1"):
        requeue_dead(broker.files.database, dead.id)


def test_asking_for_the_dead_of_a_broker_that_is_not_there_makes_no_file(folder: Path) -> None:
    with pytest.raises(BrokerUnavailable, match="there is no broker file"):
        dead_messages(folder / "typo.sqlite3")
    assert list(folder.iterdir()) == []


def test_a_relative_path_is_refused_with_an_example() -> None:
    with pytest.raises(BadBrokerAddress, match=r"broker file is 'broker\.sqlite3': give an absolute path, e\.g\. emb"):
        BrokerFiles.at("broker.sqlite3")


def test_a_limit_below_one_delivery_is_refused(folder: Path) -> None:
    with pytest.raises(BadBrokerAddress, match="max_deliveries is 0: give 1 or more"):
        Broker(BrokerFiles.at(folder / "b.sqlite3"), max_deliveries=0)


def test_an_absent_folder_is_named(folder: Path) -> None:
    with pytest.raises(BrokerUnavailable, match="/absent of the broker file does not exist: make it"):
        Broker(BrokerFiles.at(folder / "absent" / "b.sqlite3")).publish(["work"], "a")


def test_a_damaged_file_is_named(folder: Path) -> None:
    path = folder / "b.sqlite3"
    path.write_bytes(b"no database, but long enough to be taken for one at first sight" * 100)
    with pytest.raises(BrokerUnavailable, match=r"b\.sqlite3: file is not a database"):
        Broker(BrokerFiles.at(path)).publish(["work"], "a")


def test_a_file_of_another_format_is_refused(broker: Broker) -> None:
    with broker.database.write() as db:
        db.execute("PRAGMA user_version = 99")
    broker.close()
    with pytest.raises(BrokerUnavailable, match="has format 99, this program writes 1"):
        broker.publish(["work"], "a")


def test_a_file_that_was_replaced_is_told_once_and_then_used_anew(broker: Broker) -> None:
    broker.publish(["work"], "old")
    for path in broker.files.database.parent.glob("broker.sqlite3*"):
        if path.is_file():
            path.unlink()
    with pytest.raises(BrokerUnavailable, match="was removed or replaced: reconnect"):
        broker.publish(["work"], "lost")
    broker.publish(["work"], "new")
    assert payloads(broker) == ["new"]


class Ledger(RuleBasedStateMachine):
    """Whatever is done in whatever order: no message is lost, doubled, or in two places."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="eb-"))
        self.broker = Broker(BrokerFiles.at(self.folder / "broker.sqlite3"), max_deliveries=3)
        self.published = 0
        self.done = 0
        self.rejected = 0
        self.failures: Counter[int] = Counter()
        self.held: dict[int, str] = {}  # tag by message id
        self.ready: dict[int, int] = {}  # priority by message id
        self.priority: dict[int, int] = {}

    @rule(priority=st.integers(0, 9))
    def publish(self, priority: int) -> None:
        self.broker.publish(["work"], "{}", priority=priority)
        self.published += 1
        self.ready[self.published] = self.priority[self.published] = priority

    @rule(limit=st.integers(1, 4))
    def claim(self, limit: int) -> None:
        claimed = [delivery for delivery, _ in self.broker.claim(WORK, limit)]
        expected = sorted(self.ready, key=lambda id_: (-self.ready[id_], id_))[:limit]
        assert [delivery.id for delivery in claimed] == expected
        for delivery in claimed:
            del self.ready[delivery.id]
            self.held[delivery.id] = delivery.tag

    def _pick(self, choice: int) -> tuple[int, str] | None:
        if not self.held:
            return None
        id_ = sorted(self.held)[choice % len(self.held)]
        return id_, self.held.pop(id_)

    @rule(choice=st.integers(0, 9))
    def acknowledge(self, choice: int) -> None:
        if picked := self._pick(choice):
            assert self.broker.acknowledge(picked[1])
            assert not self.broker.acknowledge(picked[1])
            self.done += 1

    @rule(choice=st.integers(0, 9))
    def give_back(self, choice: int) -> None:
        if picked := self._pick(choice):
            self.broker.give_back([picked[1]])
            self.ready[picked[0]] = self.priority[picked[0]]

    @rule(choice=st.integers(0, 9))
    def fail(self, choice: int) -> None:
        if picked := self._pick(choice):
            self.broker.fail(picked[1])
            self.failures[picked[0]] += 1
            if self.failures[picked[0]] < 3:
                self.ready[picked[0]] = self.priority[picked[0]]

    @rule(choice=st.integers(0, 9))
    def reject(self, choice: int) -> None:
        if picked := self._pick(choice):
            assert self.broker.reject(picked[1])
            self.rejected += 1

    @invariant()
    def balances(self) -> None:
        with self.broker.database.read() as db:
            ready = {row[0] for row in db.execute("SELECT id FROM message WHERE owner IS NULL")}
            held = {row[0] for row in db.execute("SELECT id FROM message WHERE owner IS NOT NULL")}
            dead = db.execute("SELECT count(*) FROM dead").fetchone()[0]
        assert ready == set(self.ready)
        assert held == set(self.held)
        assert dead == self.rejected + sum(count >= 3 for count in self.failures.values())
        assert self.published == len(ready) + len(held) + dead + self.done

    def teardown(self) -> None:
        self.broker.close()
        shutil.rmtree(self.folder)


TestLedger = Ledger.TestCase
TestLedger.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
