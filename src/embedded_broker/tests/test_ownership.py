"""Who holds a message, through deaths and forks of real processes."""

from __future__ import annotations

import os
import select
import signal
import threading
from pathlib import Path

import pytest

from embedded_broker.broker import Broker
from embedded_broker.errors import BrokerUnavailable
from embedded_broker.files import BrokerFiles
from embedded_broker.tests.processes import HOLDER, TIMEOUT_S, WRITER, Other


@pytest.fixture
def files(folder: Path) -> BrokerFiles:
    return BrokerFiles.at(folder / "broker.sqlite3")


@pytest.fixture
def broker(files: BrokerFiles) -> Broker:
    return Broker(files)


def wait_for_end(pid: int) -> None:
    """Wait until a process that is not our child has ended."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    assert select.select([descriptor], [], [], TIMEOUT_S)[0], f"process {pid} has not ended"
    os.close(descriptor)


def test_a_living_process_keeps_what_it_holds(files: BrokerFiles, broker: Broker) -> None:
    broker.publish(["work"], "album")
    with Other(HOLDER, files.database) as holder:
        assert holder.tells()["claimed"] == ["1.1"]
        assert not broker.recover()
        assert broker.claim([("work", False)], 1) == []


def test_a_stopped_process_is_a_living_one(files: BrokerFiles, broker: Broker) -> None:
    broker.publish(["work"], "album")
    with Other(HOLDER, files.database) as holder:
        holder.tells()
        holder.process.send_signal(signal.SIGSTOP)
        assert not broker.recover()


def test_what_a_killed_process_held_is_back_when_another_looks(files: BrokerFiles, broker: Broker) -> None:
    broker.publish(["work"], "album")
    with Other(HOLDER, files.database) as holder:
        holder.tells()
        holder.kill()
    assert broker.recover()
    [(delivery, _)] = broker.claim([("work", False)], 1)
    assert (delivery.payload, delivery.tag, delivery.redelivered) == ("album", "1.2", True)


def test_an_orphan_child_of_a_killed_process_keeps_its_message_until_it_ends(
    files: BrokerFiles, broker: Broker
) -> None:
    broker.publish(["work"], "album")
    with Other(HOLDER, files.database, "orphan") as holder:
        orphan = holder.tells()["orphan"]
        holder.kill()
        assert not broker.recover()
        assert broker.claim([("work", False)], 1) == []
        os.kill(orphan, signal.SIGKILL)
        wait_for_end(orphan)
        assert broker.recover()
        assert len(broker.claim([("work", False)], 1)) == 1


def test_a_dead_process_leaves_no_queue_no_consumer_and_no_file(files: BrokerFiles, broker: Broker) -> None:
    with Other(HOLDER, files.database) as holder:
        owner = holder.tells()["owner"]
        assert broker.queue_exists("own")
        assert files.owner_lock(owner).exists()
        holder.kill()
    broker.recover()
    assert not broker.queue_exists("own")
    assert broker.counts("work") == (0, 0)
    assert not files.owner_lock(owner).exists()
    assert broker.others() == []


def test_without_its_lock_file_a_living_process_still_counts_as_living(files: BrokerFiles, broker: Broker) -> None:
    broker.publish(["work"], "album")
    with Other(HOLDER, files.database) as holder:
        files.owner_lock(holder.tells()["owner"]).unlink()
        assert not broker.recover()
        holder.kill()
    assert broker.recover()


def test_a_message_is_dead_after_the_death_of_five_processes_that_held_it(files: BrokerFiles, broker: Broker) -> None:
    broker.publish(["work"], '{"headers": {}}')
    for count in range(1, 6):
        with Other(HOLDER, files.database) as holder:
            assert holder.tells()["claimed"] == [f"1.{count}"]
            holder.kill()
        broker.recover()
    assert broker.claim([("work", False)], 1) == []
    with broker.database.read() as db:
        assert db.execute("SELECT failures FROM dead").fetchall() == [(5,)]


def test_a_process_is_known_also_in_a_file_that_replaced_the_one_it_began_with(files: BrokerFiles) -> None:
    broker = Broker(files)
    broker.publish(["work"], "a")
    assert len(broker.claim([("work", False)], 1)) == 1
    for path in files.database.parent.glob("broker.sqlite3*"):
        if path.is_file():
            path.unlink()
    with pytest.raises(BrokerUnavailable):
        broker.publish(["work"], "lost")
    broker.publish(["work"], "b")
    assert len(broker.claim([("work", False)], 1)) == 1
    with broker.database.read() as db:
        assert db.execute("SELECT id FROM owner").fetchall() == [(broker.owner.id,)]


def test_many_processes_write_at_once_and_each_message_is_done_once(files: BrokerFiles, broker: Broker) -> None:
    # Started on a file that none has made: they race for that too.
    writers = [Other(WRITER, files.database, name, 150) for name in "abcdef"]
    for writer in writers:
        assert writer.tells() == "ready"
    for writer in writers:
        writer.go()
    done = sum(writer.tells() for writer in writers)
    for writer in writers:
        with writer:
            assert writer.process.wait(TIMEOUT_S) == 0
    left = len(broker.claim([("work", False)], 1000))
    assert done + left == 900


def test_a_publisher_leaves_no_file_behind(files: BrokerFiles) -> None:
    with Other(
        "import sys; from embedded_broker.broker import Broker; from embedded_broker.files import BrokerFiles;"
        "b = Broker(BrokerFiles.at(sys.argv[1])); print('made', b.owner.id, flush=True); b.publish(['work'], 'x')",
        files.database,
    ) as publisher:
        publisher.tells()
        assert publisher.process.wait(TIMEOUT_S) == 0
    assert [path.name for path in files.run_dir.iterdir()] == ["creation.lock"]


def test_a_forked_child_publishes_under_its_own_name_and_takes_nothing_from_its_parent(broker: Broker) -> None:
    broker.publish(["work"], "album")
    [(delivery, _)] = broker.claim([("work", False)], 1)
    child = os.fork()
    if not child:
        broker.give_back([delivery.tag])  # not the child's to give
        broker.publish(["other"], "from the child")
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert broker.counts("work")[0] == 0
    assert broker.counts("other")[0] == 1
    assert broker.acknowledge(delivery.tag)


def test_a_fork_while_another_thread_writes_leaves_both_processes_able_to_write(broker: Broker) -> None:
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            broker.publish(["work"], "x")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(10):
            child = os.fork()
            if not child:
                broker.publish(["children"], "x")
                os._exit(0)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    finally:
        stop.set()
        writer.join()
    assert broker.counts("children")[0] == 10
    with broker.database.read() as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
