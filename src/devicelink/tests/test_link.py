"""The client against a real server on loopback."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from devicelink.backoff import Backoff
from devicelink.errors import Aborted, CommandTimeout, DeviceError, LinkLost, Refused
from devicelink.grammar import ErrorCode, Event, GrammarError
from devicelink.link import DeviceLink, LinkState
from devicelink.pending import Pending
from devicelink.tests.peer import WITHIN_S, Served, Telescope, Wire, until
from pyros.clock import ManualClock, RealClock

NOW = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)


def quick() -> Backoff:
    return Backoff(first_s=0.01, longest_s=0.02)


def in_thread(work: Callable[[], object]) -> tuple[threading.Thread, list[BaseException]]:
    """Run `work` in a thread; its exception is collected."""
    caught: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except DeviceError as error:
            caught.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, caught


@pytest.fixture
def link(telescope: Telescope) -> Iterator[DeviceLink]:
    with DeviceLink("127.0.0.1", telescope.port, RealClock(), "T1", kind="telescope", backoff=quick()) as link:
        link.wait_up(WITHIN_S)
        yield link


def test_a_new_link_has_greeted_and_read_the_status_before_any_command(link: DeviceLink) -> None:
    assert link.greeting["kind"] == "telescope"
    assert link.status_at_connect["ra"] == 10.0
    assert link.state is LinkState.UP


def test_a_request_gives_the_values_of_its_ok(link: DeviceLink) -> None:
    assert link.request("TRACK", on=True) == {"on": 1}


def test_a_submitted_motion_returns_at_once_and_tells_its_completion(
    served: Served, telescope: Telescope, link: DeviceLink
) -> None:
    slew = link.submit("GOTO", ra=1.0, dec=2.0, epoch=1)
    assert slew.wait_acknowledged(WITHIN_S) == 12.5
    assert slew.acknowledged and not slew.done
    served.call(telescope.arrive)
    assert slew.wait(WITHIN_S) == {"ra": 1.0, "dec": 2.0, "err_arcsec": 0.8}
    assert slew.done and slew.error is None


def test_a_refusal_carries_its_code_words_and_retry(link: DeviceLink) -> None:
    with pytest.raises(Refused) as caught:
        link.request("COLD")
    assert caught.value.code is ErrorCode.E_LIMIT
    assert caught.value.text == 'altitude 12.0 is below the limit "20"'
    assert caught.value.retry_s == 5.0


def test_an_aborted_motion_ends_with_aborted(telescope: Telescope, link: DeviceLink) -> None:
    slew = link.submit("GOTO", ra=1.0, dec=2.0, epoch=1)
    slew.wait_acknowledged(WITHIN_S)
    link.request("ABORT")
    with pytest.raises(Aborted):
        slew.wait(WITHIN_S)
    assert telescope.stopped.is_set()


def test_not_a_number_is_refused_by_the_device(link: DeviceLink) -> None:
    with pytest.raises(Refused) as caught:
        link.request("GOTO", ra=float("nan"), dec=0.0, epoch=1)
    assert caught.value.code is ErrorCode.E_RANGE


def test_what_cannot_be_written_is_an_error_of_the_caller_and_the_link_goes_on(link: DeviceLink) -> None:
    with pytest.raises(GrammarError):
        link.request("lower case")
    assert link.request("TRACK", on=False) == {"on": 0}


def test_a_late_answer_is_dropped_by_its_id_and_never_taken_for_the_next_one(
    served: Served, telescope: Telescope
) -> None:
    # behaviours B4: the reply to command 17 arrives after its timeout, during command 18
    clock = ManualClock(NOW)
    with DeviceLink("127.0.0.1", telescope.port, clock, "T1") as link:
        link.wait_up(WITHIN_S)
        thread, caught = in_thread(lambda: link.request("SLOW", answer=17))
        assert telescope.begun.wait(WITHIN_S)
        clock.advance(3.0)
        thread.join(WITHIN_S)
        assert [type(error) for error in caught] == [CommandTimeout]
        slew = link.submit("GOTO", ra=1.0, dec=2.0, epoch=1)
        slew.wait_acknowledged(WITHIN_S)
        served.call(telescope.release)
        until(lambda: link.late_replies == 1, "the late answer arrives")
        assert not slew.done
        served.call(telescope.arrive)
        assert slew.wait(WITHIN_S)["ra"] == 1.0


def test_a_wait_that_timed_out_can_be_resumed(served: Served, telescope: Telescope) -> None:
    clock = ManualClock(NOW)
    with DeviceLink("127.0.0.1", telescope.port, clock, "T1") as link:
        link.wait_up(WITHIN_S)
        slow = link.submit("SLOW", answer=5)
        thread, caught = in_thread(lambda: slow.wait(1.0))
        assert telescope.begun.wait(WITHIN_S)
        while thread.is_alive():
            clock.advance(3.0)
            thread.join(0.05)
        assert [type(error) for error in caught] == [CommandTimeout]
        served.call(telescope.release)
        assert slow.wait(WITHIN_S) == {"answer": 5}


def test_a_broken_connection_ends_all_that_is_pending_and_nothing_is_sent_again(
    served: Served, telescope: Telescope, link: DeviceLink
) -> None:
    slew = link.submit("GOTO", ra=1.0, dec=2.0, epoch=1)
    slew.wait_acknowledged(WITHIN_S)
    served.call(telescope.drop_clients)
    with pytest.raises(LinkLost, match="state unknown"):
        slew.wait(WITHIN_S)
    link.wait_up(WITHIN_S)
    assert telescope.carried_out == ["GOTO 1"]
    assert link.status_at_connect["moving"] == 1  # read anew: the slew goes on without us


def test_a_silent_peer_is_noticed_though_the_connection_stays_open(telescope: Telescope, link: DeviceLink) -> None:
    slew = link.submit("GOTO", ra=1.0, dec=2.0, epoch=1)
    slew.wait_acknowledged(WITHIN_S)
    telescope.silent = True  # as SIGSTOP does
    with pytest.raises(LinkLost, match="silent"):
        slew.wait(60.0)
    assert link.state is LinkState.LOST
    telescope.silent = False
    link.wait_up(WITHIN_S)


def test_an_idle_link_stays_up_by_pinging(telescope: Telescope) -> None:
    states: list[LinkState] = []
    link = DeviceLink("127.0.0.1", telescope.port, RealClock(), "T1", on_state=lambda state, _: states.append(state))
    link.transport.ping_after_s, link.transport.answer_within_s = 0.05, 1.0
    with link:
        link.wait_up(WITHIN_S)
        first = link._last_id
        until(lambda: link._last_id >= first + 5, "five pings")
        assert states == [LinkState.CONNECTING, LinkState.UP]


def test_a_command_without_a_link_fails_at_once_and_says_why() -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    with DeviceLink("127.0.0.1", port, RealClock(), "T1", backoff=quick()) as link:
        until(lambda: "refused" in link.reason, "the reason")
        with pytest.raises(LinkLost, match=f"STATUS not sent: cannot connect to 127.0.0.1:{port}"):
            link.request("STATUS")
        assert link.state is LinkState.CONNECTING


def test_a_link_connects_when_its_device_comes_later(served: Served) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    with DeviceLink("127.0.0.1", port, RealClock(), "T1", backoff=quick()) as link:
        until(lambda: "refused" in link.reason, "a failed try")
        late = served.serve(Telescope)
        served.run(late.stop())
        served.run(late.start(port=port))
        link.wait_up(WITHIN_S)


def test_a_device_of_another_kind_is_never_commanded(telescope: Telescope) -> None:
    with DeviceLink("127.0.0.1", telescope.port, RealClock(), "C1", kind="camera", backoff=quick()) as link:
        until(lambda: "is telescope T1, not a camera" in link.reason, "the reason")
        with pytest.raises(LinkLost):
            link.submit("EXPOSE", t=1.0)
    assert telescope.carried_out == []


def test_events_reach_the_callback_and_a_failing_callback_ends_nothing(served: Served, telescope: Telescope) -> None:
    events: list[Event] = []

    def take(event: Event) -> None:
        events.append(event)
        raise ZeroDivisionError("a bug of the caller's")

    with DeviceLink("127.0.0.1", telescope.port, RealClock(), "T1", on_event=take) as link:
        link.wait_up(WITHIN_S)
        served.run(telescope.emit("ALARM", "RAIN"))
        served.run(telescope.emit("ALARM", "WIND"))
        until(lambda: len(events) == 2, "both events")
        assert events == [Event("ALARM", ("RAIN",)), Event("ALARM", ("WIND",))]
        assert link.request("TRACK", on=True) == {"on": 1}


def test_waiting_inside_a_callback_is_refused_instead_of_a_deadlock(
    served: Served, telescope: Telescope, link: DeviceLink
) -> None:
    caught: list[str] = []

    def wait_inside(_: Pending) -> None:
        try:
            link.request("STATUS")
        except RuntimeError as error:
            caught.append(str(error))

    slow = link.submit("SLOW", answer=1)
    slow.add_done_callback(wait_inside)
    served.call(telescope.release)
    until(lambda: bool(caught), "the callback")
    assert "may not wait" in caught[0]


def test_threads_share_a_link_without_mixing_answers(link: DeviceLink) -> None:
    wrong: list[int] = []

    def ask(flag: bool) -> None:
        for _ in range(50):
            if link.request("TRACK", on=flag) != {"on": int(flag)}:
                wrong.append(1)

    threads = [threading.Thread(target=ask, args=(number % 2 == 0,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WITHIN_S)
    assert wrong == []


def test_a_closed_link_ends_what_is_pending_and_can_be_opened_again(telescope: Telescope, link: DeviceLink) -> None:
    slow = link.submit("SLOW", answer=1)
    link.close()
    with pytest.raises(LinkLost):
        slow.wait(WITHIN_S)
    assert link.state is LinkState.CLOSED
    link.open().wait_up(WITHIN_S)
    assert link.request("TRACK", on=True) == {"on": 1}


def test_a_peer_that_talks_nonsense_is_counted_and_does_not_stop_the_link() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        link = DeviceLink("127.0.0.1", listener.getsockname()[1], RealClock(), "T1")
        with link:
            peer, _ = listener.accept()
            with peer, peer.makefile("rb") as lines:
                lines.readline()
                peer.sendall(b"hello?\r\n\xff\xfe\n1 MAYBE\n1 OK kind=telescope\n")
                lines.readline()
                peer.sendall(b"2 OK ra=1\n* PING seq=4\n")
                assert lines.readline() == b"PONG seq=4\n"
                link.wait_up(WITHIN_S)
                assert link.malformed_lines == 3


def test_a_peer_that_accepts_and_says_nothing_never_counts_as_connected() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        link = DeviceLink("127.0.0.1", listener.getsockname()[1], RealClock(), "T1", backoff=quick())
        link.transport.ping_after_s, link.transport.answer_within_s = 0.02, 0.05
        with link:
            until(lambda: "silent" in link.reason, "the reason")
            assert link.state is LinkState.CONNECTING


def test_a_request_leaves_in_one_packet_without_nagle(telescope: Telescope, link: DeviceLink) -> None:
    sock = link.transport._socket  # type: ignore[attr-defined]
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
    with socket.create_server(("127.0.0.1", 0)) as listener:
        other = DeviceLink("127.0.0.1", listener.getsockname()[1], RealClock(), "T2").open()
        peer, _ = listener.accept()
        assert peer.recv(4096) == b"1 HELLO proto=1 client=pyros\n"
        peer.close()
        other.close()


def test_two_links_of_one_device_both_read_and_one_owns(telescope: Telescope, link: DeviceLink) -> None:
    with DeviceLink("127.0.0.1", telescope.port, RealClock(), "T1") as newer:
        newer.wait_up(WITHIN_S)
        newer.request("PARK", epoch=8)
        assert link.request("STATUS")["parked"] == 1
        with pytest.raises(Refused) as caught:
            link.request("GOTO", ra=1.0, dec=2.0, epoch=7)
        assert caught.value.code is ErrorCode.E_OWNER


def test_the_bare_wire_and_the_link_see_the_same_device(telescope: Telescope, link: DeviceLink) -> None:
    with Wire(telescope.port) as wire:
        wire.send("1 PARK epoch=1")
        assert wire.line() == "1 OK"
    assert link.request("STATUS")["activity"] == "PARKED"
