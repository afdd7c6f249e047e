"""The transport as kombu uses it: AMQP's rules without a broker process."""

# mypy: disable-error-code="no-untyped-call"
from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kombu.connection import Connection
from kombu.entity import Exchange, Queue
from kombu.exceptions import ChannelError
from kombu.exceptions import OperationalError as KombuOperationalError
from kombu.messaging import Consumer

import embedded_broker
from embedded_broker import BadBrokerAddress, broker_url
from embedded_broker.doorbell import Doorbell, Ring, ring

WORK = Queue("work", Exchange("x"), routing_key="work")


@pytest.fixture
def url(folder: Path) -> str:
    embedded_broker.register()
    embedded_broker.register()  # once more does no harm
    return broker_url(folder / "broker.sqlite3")


@pytest.fixture
def connection(url: str) -> Iterator[Connection]:
    with Connection(url) as made:
        yield made


def publish(connection: Connection, body: Any, queue: Queue = WORK, **options: Any) -> None:
    connection.Producer().publish(
        body, exchange=queue.exchange, routing_key=queue.routing_key, declare=[queue], **options
    )


def receive(connection: Connection, *queues: Queue, prefetch: int = 0) -> list[Any]:
    """All that comes before nothing is ready any more; nothing is acknowledged."""
    got: list[Any] = []
    with connection.channel() as channel:
        channel.basic_qos(0, prefetch, False)
        consumer = Consumer(channel, queues, callbacks=[lambda body, message: got.append(body)])
        with consumer:
            try:
                while True:
                    connection.drain_events(timeout=0)
            except TimeoutError:
                return got


def test_the_url_of_a_path_with_odd_characters_leads_back_to_it(folder: Path) -> None:
    path = folder / "night 1 é #?%.sqlite3"
    embedded_broker.register()
    with Connection(broker_url(path)) as connection:
        connection.connect()
    assert path.exists()


def test_the_transport_can_be_named_by_its_dotted_path(folder: Path) -> None:
    path = folder / "b.sqlite3"
    with Connection(virtual_host=str(path), transport="embedded_broker.transport:Transport") as connection:
        connection.connect()
    assert path.exists()


def test_a_url_without_an_absolute_path_is_refused() -> None:
    embedded_broker.register()
    with pytest.raises(BadBrokerAddress, match="give an absolute path"):
        Connection("embedded:///broker.sqlite3").connect()


def test_an_absent_folder_is_a_connection_error_that_names_it(folder: Path) -> None:
    embedded_broker.register()
    with pytest.raises(KombuOperationalError, match="does not exist: make it"):
        Connection(broker_url(folder / "absent" / "b.sqlite3")).ensure_connection(max_retries=1, interval_start=0)


def test_a_message_arrives_as_it_was_sent(connection: Connection) -> None:
    publish(connection, {"ra_deg": 83.633, "name": "Crabe é"}, headers={"epoch": 7}, priority=4)
    message = WORK(connection.default_channel).get()
    assert message is not None
    assert message.payload == {"ra_deg": 83.633, "name": "Crabe é"}
    assert message.headers["epoch"] == 7
    assert message.delivery_info == {"exchange": "x", "routing_key": "work", "redelivered": False}
    message.ack()
    assert WORK(connection.default_channel).get() is None


def test_bytes_arrive_unchanged(connection: Connection) -> None:
    publish(connection, bytes(range(256)), content_type="application/octet-stream", content_encoding="binary")
    message = WORK(connection.default_channel).get()
    assert message is not None
    assert message.body == bytes(range(256))


def test_no_more_is_delivered_than_the_prefetch_allows(connection: Connection) -> None:
    for number in range(5):
        publish(connection, number)
    assert receive(connection, WORK, prefetch=2) == [0, 1]


def test_a_closed_channel_gives_back_what_it_held(connection: Connection) -> None:
    publish(connection, "a")
    assert receive(connection, WORK) == ["a"]
    assert receive(connection, WORK) == ["a"]


def test_no_queue_starves_beside_a_full_one(connection: Connection) -> None:
    other = Queue("other", Exchange("x"), routing_key="other")
    for number in range(50):
        publish(connection, number)
    publish(connection, "small", other)
    assert "small" in receive(connection, WORK, other, prefetch=3)


def test_a_fanout_reaches_every_queue_bound_to_it(connection: Connection) -> None:
    everyone = Exchange("everyone", type="fanout")
    queues = [Queue(name, everyone) for name in ("a", "b")]
    for queue in queues:
        queue(connection.default_channel).declare()
    connection.Producer().publish("stop", exchange=everyone)
    assert [receive(connection, queue) for queue in queues] == [["stop"], ["stop"]]


def test_a_topic_reaches_the_queues_whose_pattern_fits(connection: Connection) -> None:
    topics = Exchange("topics", type="topic")
    queues = [Queue(key, topics, routing_key=key) for key in ("task.*", "task.#", "worker.#")]
    for queue in queues:
        queue(connection.default_channel).declare()
    connection.Producer().publish("e", exchange=topics, routing_key="task.sent")
    connection.Producer().publish("f", exchange=topics, routing_key="task.sent.late")
    assert [receive(connection, queue) for queue in queues] == [["e"], ["e", "f"], []]


def test_what_no_queue_is_bound_for_is_dropped_as_in_amqp(connection: Connection) -> None:
    publish(connection, "a")
    connection.Producer().publish("b", exchange=WORK.exchange, routing_key="nowhere")
    assert receive(connection, WORK) == ["a"]


def test_an_auto_delete_queue_dies_with_its_last_consumer(connection: Connection) -> None:
    reply = Queue("reply", Exchange("x"), routing_key="reply", auto_delete=True)
    receive(connection, reply)
    with pytest.raises(ChannelError, match="NOT_FOUND - no queue 'reply'"):
        connection.default_channel.queue_declare("reply", passive=True)


def test_publishing_to_an_exchange_that_is_not_declared_is_told(connection: Connection) -> None:
    with pytest.raises(ChannelError, match="NOT_FOUND - no exchange 'absent'"):
        connection.default_channel.basic_publish(
            connection.default_channel.prepare_message("a"), exchange="absent", routing_key="k"
        )


def test_an_exchange_cannot_change_its_type(connection: Connection) -> None:
    Exchange("x", type="direct")(connection.default_channel).declare()
    with pytest.raises(ChannelError, match="exchange 'x' is declared as 'direct', not 'fanout'"):
        Exchange("x", type="fanout")(connection.default_channel).declare()


def test_a_passive_declaration_counts_what_waits_and_who_consumes(connection: Connection) -> None:
    publish(connection, "a")
    publish(connection, "b")
    with Consumer(connection.channel(), [WORK]):
        assert connection.default_channel.queue_declare("work", passive=True) == ("work", 2, 1)
    assert connection.default_channel.queue_purge("work") == 2


def test_a_publisher_whose_broker_file_was_removed_declares_anew_and_loses_nothing_more(
    connection: Connection, folder: Path
) -> None:
    publish(connection, "lost with the file")
    for path in folder.glob("broker.sqlite3*"):
        if path.is_file():
            path.unlink()
    publish(connection, "kept", retry=True)
    assert receive(connection, WORK) == ["kept"]


def test_closing_an_inherited_connection_in_a_forked_child_leaves_the_parents_as_it_is(
    connection: Connection,
) -> None:
    publish(connection, "held")
    publish(connection, "next")
    got: list[Any] = []
    consumer = Consumer(connection.default_channel, [WORK], callbacks=[lambda body, m: got.append(m)])
    consumer.qos(prefetch_count=1)
    consumer.consume()
    connection.drain_events(timeout=5)
    child = os.fork()
    if not child:
        connection.collect()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert connection.default_channel.queue_declare("work", passive=True) == ("work", 1, 1)
    got[0].ack()
    connection.drain_events(timeout=5)
    assert [message.payload for message in got] == ["held", "next"]


def test_a_waiting_consumer_is_woken_by_a_publisher_in_another_process(connection: Connection, url: str) -> None:
    got: list[Any] = []
    publish(connection, "declares the queue")
    receive(connection, WORK)
    with Consumer(connection.default_channel, [WORK], callbacks=[lambda body, m: got.append(body)]):
        connection.drain_events(timeout=5)
        script = (
            "import sys, kombu, embedded_broker; embedded_broker.register();"
            "kombu.Connection(sys.argv[1]).Producer().publish('b', exchange='x', routing_key='work')"
        )
        subprocess.run([sys.executable, "-c", script, url], check=True, timeout=30)
        transport: Any = connection.transport
        assert transport.doorbell.wait(0)  # rung, not polled
        connection.drain_events(timeout=5)
    assert got == ["declares the queue", "b"]


def test_a_doorbell_works_under_a_path_longer_than_the_kernel_allows(folder: Path) -> None:
    deep = folder / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    bell = Doorbell(deep, "1-a")
    ring(deep, [bell.name, "absent.sock"], Ring.OWNER)
    assert bell.wait(5)
    assert bell.drain() == {Ring.OWNER}
    bell.close()
    assert list(deep.iterdir()) == []


def test_ringing_a_full_doorbell_does_not_block(folder: Path) -> None:
    bell = Doorbell(folder, "1-a")
    for _ in range(2000):
        ring(folder, [bell.name], Ring.MESSAGE)
    assert bell.drain() == {Ring.MESSAGE}
    bell.close()
