"""What a broker must do for the observatory, shown with real Celery workers, on this broker and on RabbitMQ."""

from __future__ import annotations

import os
import signal
import time

import pytest

from embedded_broker import dead_messages
from embedded_broker.tests.conftest import Site
from embedded_broker.tests.processes import process_exists


def test_a_burst_of_500_tasks_is_done_once_each_by_two_workers(site: Site) -> None:
    site.start("w1", concurrency=2)
    site.start("w2", concurrency=2)
    for number in range(500):
        site.send("note", f"n{number}")
    site.witness.wait_for(500, event="done")
    assert sorted(e["name"] for e in site.witness.select(event="done")) == sorted(f"n{n}" for n in range(500))
    assert len({e["pid"] for e in site.witness.select(event="done")}) >= 2
    assert site.waiting() == 0


def test_the_task_of_a_killed_prefork_child_is_done_again(site: Site) -> None:
    site.start()
    site.send("first_time_forever", "album")
    [first] = site.witness.wait_for(event="start")
    os.kill(first["pid"], signal.SIGKILL)
    [done] = site.witness.wait_for(event="done", name="album")
    assert done["redelivered"]
    assert done["pid"] != first["pid"]


def test_the_task_of_a_killed_group_is_done_again_by_another_worker(site: Site) -> None:
    doomed = site.start("doomed")
    site.send("first_time_forever", "album")
    site.witness.wait_for(event="start")
    site.start("other")
    site.kill_group(doomed)
    [done] = site.witness.wait_for(event="done", name="album")
    assert done["redelivered"]
    assert len(site.witness.select(event="start")) == 2


def test_the_task_of_a_worker_whose_parent_alone_is_killed_is_done_again_after_its_child_has_ended(
    site: Site,
) -> None:
    doomed = site.start("doomed")
    site.send("first_time_forever", "album")
    [first] = site.witness.wait_for(event="start")
    site.start("other")
    doomed.kill()
    [done] = site.witness.wait_for(event="done", name="album")
    assert done["redelivered"]
    if site.kind == "embedded":  # RabbitMQ sees the connection close, which is the parent's alone
        assert not process_exists(first["pid"])


def test_a_task_with_an_eta_starts_then_and_not_before(site: Site) -> None:
    site.start()
    published_at = time.monotonic()
    site.send("note", "later", countdown=2.0)
    site.send("note", "now")
    [now] = site.witness.wait_for(name="now")
    [later] = site.witness.wait_for(name="later")
    assert now["heard_at"] < later["heard_at"]
    assert later["heard_at"] - published_at >= 1.9  # the ETA is written in whole microseconds of another clock


def test_a_revoked_task_is_not_done(site: Site) -> None:
    gate = site.folder / "gate"
    site.start()
    site.send("until_file", "first", str(gate))
    site.witness.wait_for(event="start", name="first")
    unwanted = site.send("note", "unwanted")
    site.app.control.revoke(unwanted.id, reply=True, timeout=10, limit=1)
    site.send("note", "last")
    gate.touch()
    site.witness.wait_for(name="last")
    assert site.witness.select(name="unwanted") == []


def test_a_higher_priority_overtakes_and_equals_keep_their_order(site: Site) -> None:
    gate = site.folder / "gate"
    site.start()
    site.send("until_file", "first", str(gate))
    site.witness.wait_for(event="start", name="first")
    for name, priority in [("a3", 3), ("b0", 0), ("c9", 9), ("d3", 3), ("e9", 9)]:
        site.send("note", name, priority=priority)
    gate.touch()
    site.witness.wait_for(6, event="done")
    assert [e["name"] for e in site.witness.select(event="done")] == ["first", "c9", "e9", "a3", "d3", "b0"]


def test_a_ping_is_answered_by_every_worker(site: Site) -> None:
    site.start("w1")
    site.start("w2", pool="threads")
    assert site.app.control.inspect(timeout=10, limit=2).ping() == {
        "w1@test": {"ok": "pong"},
        "w2@test": {"ok": "pong"},
    }


def test_10000_messages_are_held_and_the_urgent_one_still_comes_first(site: Site) -> None:
    gate = site.folder / "gate"
    with site.app.producer_pool.acquire() as producer:
        for number in range(10_000):
            site.send("note", f"n{number}", producer=producer)
    site.send("until_file", "urgent", str(gate), priority=9)
    assert site.waiting() == 10_001
    site.start()
    site.witness.wait_for(event="start", name="urgent")
    assert site.waiting() == 10_000
    gate.touch()
    site.witness.wait_for(100, event="done")
    assert [e["name"] for e in site.witness.select(event="done")][:100] == ["urgent", *(f"n{n}" for n in range(99))]


def test_a_restart_of_the_worker_loses_nothing(site: Site) -> None:
    _restart_amid_work(site, "prefork")


@pytest.mark.parametrize("pool", ["threads", "solo"])
def test_a_restart_of_a_worker_of_other_pools_loses_nothing(embedded_site: Site, pool: str) -> None:
    _restart_amid_work(embedded_site, pool)


def _restart_amid_work(site: Site, pool: str) -> None:
    gate = site.folder / "gate"
    worker = site.start("w1", pool=pool, concurrency=2)
    site.send("until_file", "at work", str(gate))
    site.witness.wait_for(event="start", name="at work")
    for number in range(40):
        site.send("note", f"n{number}")
    worker.send_signal(signal.SIGTERM)
    if pool != "solo":  # which does not hear before its task has ended
        site.witness.wait_for(event="stopping")
    gate.touch()
    site.stop(worker)
    site.start("w1", pool=pool, concurrency=2)
    site.witness.wait_until(lambda: len(names_done(site)) >= 41, "41 tasks done")
    assert names_done(site) == {"at work", *(f"n{n}" for n in range(40))}
    assert len(site.witness.select(name="at work", event="done")) == 1


def names_done(site: Site) -> set[str]:
    return {event["name"] for event in site.witness.select(event="done")}


def test_the_prefetch_limit_leaves_work_to_others(site: Site) -> None:
    gate = site.folder / "gate"
    site.start("busy")
    site.send("until_file", "long", str(gate))
    site.witness.wait_for(event="start", name="long")
    site.start("idle")
    # One may wait in the busy worker's hands; all others must come to the idle one.
    for number in range(5):
        site.send("note", f"n{number}")
    site.witness.wait_for(4, event="done")
    gate.touch()
    site.witness.wait_for(6, event="done")


def test_a_task_may_publish_a_task(site: Site) -> None:
    site.start(concurrency=2)
    site.send("chained", "link", 10)
    site.witness.wait_for(11, event="done")


def test_a_poison_task_is_tried_five_times_and_then_kept_among_the_dead(embedded_site: Site) -> None:
    # RabbitMQ's classic queues have no such limit: there it would turn for ever.
    site = embedded_site
    site.start()
    poison = site.send("poison", "bad")
    site.witness.wait_for(5, name="bad")
    site.send("note", "after")
    site.witness.wait_for(name="after")
    assert len(site.witness.select(name="bad")) == 5
    [dead] = dead_messages(site.database)
    assert dead.headers["id"] == poison.id
    assert dead.headers["task"] == "poison"
    assert dead.queue == site.queue
    assert dead.failures == 5
    assert dead.reason == "failed 5 times; the limit is reached"
