"""The server's rules, seen on the wire by a bare socket."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devicelink.tests.peer import Served, Telescope, Wire, until


@pytest.fixture
def wire(telescope: Telescope) -> Iterator[Wire]:
    with Wire(telescope.port) as wire:
        yield wire


def test_hello_tells_who_answers(wire: Wire) -> None:
    wire.send("1 HELLO proto=1 client=test")
    assert wire.line() == "1 OK proto=1 name=T1 kind=telescope"


def test_hello_of_another_protocol_is_refused(wire: Wire) -> None:
    wire.send("1 HELLO proto=2")
    assert wire.line() == '1 ERR E_RANGE "proto is 2: this device speaks 1"'


def test_a_motion_is_acknowledged_and_ends_ok(served: Served, telescope: Telescope, wire: Wire) -> None:
    wire.send("2 GOTO ra=83.6331 dec=22.0145 frame=icrs epoch=1")
    assert wire.line() == "2 ACK eta=12.5"
    served.call(telescope.arrive)
    assert wire.line() == "2 OK ra=83.6331 dec=22.0145 err_arcsec=0.8"


def test_a_slow_handler_is_acknowledged_by_the_server(served: Served, telescope: Telescope, wire: Wire) -> None:
    wire.send("3 SLOW answer=42")
    assert wire.line() == "3 ACK"
    served.call(telescope.release)
    assert wire.line() == "3 OK answer=42"


def test_abort_ends_the_motion_and_is_answered_when_it_has_stopped(telescope: Telescope, wire: Wire) -> None:
    wire.send("4 GOTO ra=1 dec=2 epoch=1")
    assert wire.line() == "4 ACK eta=12.5"
    wire.send("5 ABORT")
    assert wire.lines(2) == ['4 ERR E_ABORTED "aborted"', "5 OK"]
    assert telescope.stopped.is_set()


def test_abort_and_a_new_slew_in_one_packet_do_what_they_say(served: Served, telescope: Telescope, wire: Wire) -> None:
    wire.send("4 GOTO ra=1 dec=2 epoch=1")
    wire.line()
    wire.send("5 ABORT", "6 GOTO ra=3 dec=4 epoch=1")
    assert wire.line() == '4 ERR E_ABORTED "aborted"'
    assert sorted(wire.lines(2)) == ["5 OK", "6 ACK eta=12.5"]
    served.call(telescope.arrive)
    assert wire.line() == "6 OK ra=3.0 dec=4.0 err_arcsec=0.8"


def test_abort_when_nothing_moves_and_twice_is_ok(wire: Wire) -> None:
    wire.send("1 ABORT", "2 ABORT", "3 STOP")
    assert sorted(wire.lines(3)) == ["1 OK", "2 OK", "3 OK"]


def test_abort_in_the_same_packet_as_the_motion_still_ends_it(telescope: Telescope, wire: Wire) -> None:
    wire.send("1 GOTO ra=1 dec=2 epoch=1", "2 ABORT")
    assert wire.lines(2) == ['1 ERR E_ABORTED "aborted"', "2 OK"]
    assert telescope.carried_out == []


def test_abort_of_one_id_leaves_another_motion_alone(telescope: Telescope, wire: Wire) -> None:
    wire.send("1 GOTO ra=1 dec=2 epoch=1")
    wire.line()
    wire.send("2 ABORT id=77")
    assert wire.line() == "2 OK"
    assert telescope.motions == ("GOTO",)


def test_anyone_may_abort_whoever_owns(telescope: Telescope, wire: Wire) -> None:
    wire.send("1 GOTO ra=1 dec=2 epoch=9")
    wire.line()
    with Wire(telescope.port) as other:
        other.send("1 ABORT")
        assert other.line() == "1 OK"
    assert wire.line() == '1 ERR E_ABORTED "aborted"'


def test_a_second_motion_is_busy_unless_its_verb_preempts(telescope: Telescope, wire: Wire) -> None:
    wire.send("1 GOTO ra=1 dec=2 epoch=1")
    wire.line()
    wire.send("2 GOTO ra=3 dec=4 epoch=1")
    assert wire.line() == '2 ERR E_BUSY "GOTO is running: ABORT it or wait"'
    wire.send("3 PARK epoch=1")
    assert wire.lines(2) == ['1 ERR E_ABORTED "aborted"', "3 OK"]
    assert telescope.carried_out == ["GOTO 1", "PARK"]


def test_of_two_clients_the_higher_epoch_owns(served: Served, telescope: Telescope, wire: Wire) -> None:
    with Wire(telescope.port) as newer:
        newer.send("1 PARK epoch=8")
        assert newer.line() == "1 OK"
        wire.send("1 GOTO ra=1 dec=2 epoch=7")
        assert wire.line() == '1 ERR E_OWNER "epoch 7 is over: run 8 owns the device"'
        wire.send("2 STATUS")
        assert " epoch=8 " in wire.line()
    assert telescope.carried_out == ["PARK"]


def test_a_higher_epoch_takes_over_without_aborting_by_itself(telescope: Telescope, wire: Wire) -> None:
    wire.send("1 GOTO ra=1 dec=2 epoch=1")
    wire.line()
    with Wire(telescope.port) as newer:
        newer.send("1 GOTO ra=3 dec=4 epoch=2")
        assert newer.line() == '1 ERR E_BUSY "GOTO is running: ABORT it or wait"'
    assert telescope.motions == ("GOTO",)
    assert telescope.ownership.epoch == 2


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("1 GOTO ra=1 dec=2", '1 ERR E_SYNTAX "GOTO needs epoch="'),
        ("1 GOTO ra=1 epoch=1", '1 ERR E_SYNTAX "GOTO needs dec="'),
        ("1 GOTO ra=nan dec=2 epoch=1", '1 ERR E_RANGE "ra is nan: give a finite number"'),
        ("1 GOTO ra=1 dec=-inf epoch=1", '1 ERR E_RANGE "dec is -inf: give a finite number"'),
        ("1 GOTO ra=north dec=2 epoch=1", "1 ERR E_SYNTAX \"ra is 'north': give a number\""),
        ("1 GOTO ra=1 dec=2 epoch=1.5", '1 ERR E_SYNTAX "epoch is 1.5: give a whole number"'),
        ("1 GOTO ra=1 dec=2 epoch=-1", '1 ERR E_RANGE "epoch is -1: give 0 or more"'),
        ("1 TRACK on=2", '1 ERR E_SYNTAX "on is 2: give 1 or 0"'),
        ("1 GOTO ra=1 dec=2 epoch=1 speed=9", '1 ERR E_UNKNOWN "key speed is unknown to GOTO, which takes'),
        ("1 PARK dome epoch=1", '1 ERR E_UNKNOWN "object dome is unknown to PARK: none"'),
        ("1 DANCE", '1 ERR E_UNKNOWN "DANCE is unknown to this telescope: ABORT, '),
        ("1 goto", "1 ERR E_SYNTAX \"verb is 'goto'"),
        ("1 BROKEN", '1 ERR E_INTERNAL "ZeroDivisionError: encoder count is 0"'),
        ("1 COLD", '1 ERR E_LIMIT "altitude 12.0 is below the limit \\"20\\"" retry=5.0'),
        ("GOTO ra=1", "* ERROR E_SYNTAX \"id is 'GOTO'"),
        ("1 STATUS " + "x" * 5000, '1 ERR E_SYNTAX "a line has at most 4096 bytes"'),
    ],
)
def test_what_is_wrong_is_refused_with_its_code_and_a_sentence(
    telescope: Telescope, wire: Wire, line: str, answer: str
) -> None:
    wire.send(line)
    assert wire.line().startswith(answer)
    assert telescope.carried_out == []


def test_the_connection_survives_nonsense(wire: Wire) -> None:
    wire.socket.sendall(b"\xff\xfe\x00\n\r\n" + b"y" * 20000 + b"\n1 PING seq=4\n")
    lines = wire.lines(3)
    assert [line.split(" ")[:2] for line in lines] == [["*", "ERROR"], ["*", "ERROR"], ["1", "OK"]]
    assert " seq=4 " in lines[2]


def test_a_repeated_id_gets_the_first_answer_and_acts_once(telescope: Telescope, wire: Wire) -> None:
    wire.send("1 PARK epoch=1")
    assert wire.line() == "1 OK"
    wire.send("1 PARK epoch=1")
    assert wire.line() == "1 OK"
    assert telescope.carried_out == ["PARK"]


def test_a_repeated_id_of_a_running_motion_joins_it(served: Served, telescope: Telescope, wire: Wire) -> None:
    wire.send("1 GOTO ra=1 dec=2 epoch=1")
    assert wire.line() == "1 ACK eta=12.5"
    wire.send("1 GOTO ra=1 dec=2 epoch=1")
    assert wire.line() == "1 ACK eta=12.5"
    served.call(telescope.arrive)
    assert wire.line() == "1 OK ra=1.0 dec=2.0 err_arcsec=0.8"
    assert telescope.carried_out == ["GOTO 1"]


def test_a_long_motion_is_remembered_however_many_requests_pass_meanwhile(telescope: Telescope, wire: Wire) -> None:
    wire.send("1 GOTO ra=1 dec=2 epoch=1")
    wire.line()
    for number in range(2, 400):
        wire.send(f"{number} PING")
        wire.line()
    wire.send("500 ABORT id=1")
    assert wire.lines(2) == ['1 ERR E_ABORTED "aborted"', "500 OK"]


def test_an_id_used_for_another_request_is_refused_rather_than_answered_falsely(
    telescope: Telescope, wire: Wire
) -> None:
    wire.send("1 PING", "1 PARK epoch=1")
    assert wire.lines(2)[1] == '1 ERR E_SYNTAX "id 1 was used for another request: use a new one"'
    assert telescope.carried_out == []


def test_ids_of_two_connections_are_apart(telescope: Telescope, wire: Wire) -> None:
    wire.send("1 PARK epoch=1")
    wire.line()
    with Wire(telescope.port) as other:
        other.send("1 UNPARK epoch=1")
        assert other.line() == "1 OK"
    assert telescope.parked is False


def test_a_motion_goes_on_when_its_client_is_gone(telescope: Telescope) -> None:
    with Wire(telescope.port) as wire:
        wire.send("1 GOTO ra=1 dec=2 epoch=1")
        wire.line()
    until(lambda: telescope.clients == (), "server notices the end of the connection")
    assert telescope.motions == ("GOTO",)


def test_a_subscriber_gets_events_and_status(served: Served, telescope: Telescope, wire: Wire) -> None:
    wire.send("1 SUBSCRIBE period_s=0.1")
    assert wire.line() == "1 OK period_s=0.1"
    assert wire.line().startswith("* STATUS seq=1 name=T1 kind=telescope time=")
    served.run(telescope.emit("ALARM", "WEATHER_UNSAFE", "rain, wind", t=3.5))
    while (line := wire.line()).startswith("* STATUS"):
        pass
    assert line == '* ALARM WEATHER_UNSAFE "rain, wind" t=3.5'


def test_one_who_did_not_subscribe_gets_no_events(served: Served, telescope: Telescope, wire: Wire) -> None:
    wire.send("1 PING")
    wire.line()
    served.run(telescope.emit("ALARM", "X"))
    wire.send("2 PING")
    assert wire.line().startswith("2 OK")


def test_a_status_that_fails_is_told_and_the_line_survives(telescope: Telescope, wire: Wire) -> None:
    del telescope.ra
    wire.send("1 STATUS", "2 PING")
    first, second = wire.lines(2)
    assert first.startswith('1 ERR E_INTERNAL "AttributeError')
    assert second.startswith("2 OK")


def test_bye_is_answered_and_ends_the_connection(wire: Wire) -> None:
    wire.send("1 BYE")
    assert wire.line() == "1 OK"
    assert wire.ended()


def test_each_message_is_one_packet(telescope: Telescope, wire: Wire) -> None:
    wire.send("1 STATUS")
    assert wire.socket.recv(65536).endswith(b"\n")


def test_a_stopped_server_can_be_started_again_and_keeps_its_owner(served: Served, telescope: Telescope) -> None:
    with Wire(telescope.port) as wire:
        wire.send("1 PARK epoch=5")
        wire.line()
        served.run(telescope.stop())
        assert wire.ended()
    served.run(telescope.start())
    with Wire(telescope.port) as wire:
        wire.send("1 PARK epoch=4")
        assert wire.line().startswith("1 ERR E_OWNER")


def test_a_silent_server_answers_nothing_and_keeps_the_connection(served: Served, telescope: Telescope) -> None:
    with Wire(telescope.port) as wire:
        telescope.silent = True
        wire.send("1 PING")
        served.call(lambda: None)
        wire.socket.settimeout(0.2)
        with pytest.raises(TimeoutError):
            wire.socket.recv(1)
