"""What would go wrong later is refused at once: a sentence on standard error, exit code 2 or 1, nothing half made."""

import shutil
import socket
import subprocess

import pytest

from pyros.config import Config, Secrets
from pyros.config.schema import Broker
from pyros.front import checks

EVERY_START = pytest.mark.parametrize("command", ["check", "start", "simulate"])


@pytest.fixture
def listener():
    """A port that another program listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def assert_refused(done, code, *words):
    assert done.returncode == code, done.stdout + done.stderr
    said = done.stderr or done.stdout  # `check` reports its findings as its answer
    for word in words:
        assert word in said
    assert "Traceback" not in said


def made_nothing(front):
    """No database, no simulation, no processes."""
    return not any((front.data / name).exists() for name in ("pyros.sqlite3", "simulations", "run", "prepared"))


@EVERY_START
def test_a_wrong_key_is_refused_before_anything_is_made(front, command):
    front.configure("[web]\nprot = 8000\n")
    done = front.run(command)
    assert_refused(
        done, 2, "pyros.toml: unknown key [web] prot; expected one of allowed_hosts, host, port (did you mean port?)"
    )
    assert done.stdout == ""
    assert not front.data.exists()


def test_a_broken_file_is_refused(front):
    front.configure("[web\n")
    assert_refused(front.run("start"), 2, "pyros.toml: not TOML")


@pytest.mark.parametrize("command", ["status", "start"])
def test_a_configuration_that_is_not_there_is_refused_and_not_taken_for_the_defaults(front, command):
    (front.folder / "pyros.toml").unlink()
    assert_refused(front.run(command), 2, f"there is no configuration {front.folder}/pyros.toml")


@EVERY_START
def test_a_port_in_use_is_named_with_its_key(front, command, listener):
    front.configure(f"[web]\nport = {listener}\n[devices]\nfirst_port = {front.first_port}\n")
    assert_refused(
        front.run(command),
        1,
        f"port {listener} on 127.0.0.1 is in use by another program",
        "set [web] port to another port",
    )
    assert made_nothing(front)


def test_a_simulators_port_in_use_is_named_with_its_key(front):
    with socket.create_server(("127.0.0.1", front.first_port + 2)):
        assert_refused(
            front.run("start"), 1, f"port {front.first_port + 2} on 127.0.0.1 is in use", "[devices] first_port"
        )
    assert made_nothing(front)


@EVERY_START
def test_a_data_folder_that_can_not_be_written_to_is_refused_with_the_remedy(front, command):
    """A file stands in its place: rights would not stop root, who may run this test."""
    front.data.write_text("")
    done = front.run(command)
    assert_refused(
        done, 1, f"the data folder {front.data} can't be written to (File exists)", "set [observatory] data_folder"
    )
    assert front.data.read_text() == ""


def test_an_unknown_observatory_is_refused_naming_those_that_there_are(front):
    front.configure(f'[observatory]\nfixture = "atlantis"\n[web]\nport = {front.web_port}\n')
    assert_refused(
        front.run("simulate"),
        1,
        "there is no observatory atlantis in fixtures/",
        "san_pedro_martir",
        "set [observatory] fixture",
    )
    assert made_nothing(front)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--scenario", "frogs"], "there is no scenario frogs; there are"),
        (["--speed", "0.5"], "--speed 0.5: give a number from 1 to 2000"),
        (["--alert", "/nonexistent.xml"], "--alert /nonexistent.xml: there is no such file"),
        (["--night", "yesterday"], "--night"),
    ],
)
def test_a_simulation_with_wrong_arguments_is_refused_before_it_begins(front, arguments, words):
    done = front.run("simulate", *arguments)
    assert_refused(done, 2, words)
    assert done.stdout == ""
    assert made_nothing(front)


def test_a_benchmark_that_there_is_not_is_refused_naming_those_that_there_are(front):
    assert_refused(front.run("bench", "frogs"), 2, "there is no benchmark frogs; there are", "journal")


def test_watching_what_never_ran_says_so(front):
    assert_refused(front.run("watch"), 1, f"PyROS has not run yet on {front.data}")


def test_check_answers_every_question_when_all_is_well(front):
    done = front.run("check")
    assert done.returncode == 0, done.stdout
    assert "WRONG" not in done.stdout
    for what in ("configuration", "observatory", "data folder", "database", "broker", f"port {front.web_port}"):
        assert f"ok    {what}: " in done.stdout


# The disk --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("free_bytes", "enough"), [(1_000_000_000, True), (999_999_999, False)])
def test_a_gigabyte_must_be_free(tmp_path, monkeypatch, free_bytes, enough):
    usage = shutil._ntuple_diskusage(10**12, 10**12 - free_bytes, free_bytes)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    finding = checks.writable_data_folder(tmp_path)
    assert (finding.problem == "") is enough
    if not enough:
        assert finding.problem.startswith(
            f"only 1.00 GB are free in {tmp_path}, 1 GB are needed: make room, or set [observatory]"
        )


@pytest.fixture
def full_disk(tmp_path):
    """A file system of 16 KB, where this process may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("needs the right to mount a small file system (root)")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_told_as_such_and_nothing_is_left_on_it(full_disk):
    finding = checks.writable_data_folder(full_disk)
    assert (
        finding.problem
        == f"no space is left on the disk of {full_disk}: make room, or set [observatory] data_folder to another disk"
    )
    assert list(full_disk.iterdir()) == []


# Services --------------------------------------------------------------------------------------------------------


def test_a_broker_that_does_not_answer_is_told_with_the_remedy():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        finding = checks.broker(Config(broker=Broker(kind="rabbitmq", port=port)))
    assert f"RabbitMQ at 127.0.0.1:{port} does not answer" in finding.problem
    assert "start it, or set [broker]" in finding.problem


def test_embedded_services_need_nothing():
    assert checks.database(Config(), Secrets()).problem == ""
    assert checks.broker(Config()).problem == ""


def test_an_address_that_is_not_ours_is_told():
    assert "can't be listened on" in checks.free_port("192.0.2.1", 8000, "[web] host").problem  # RFC 5737: nobody's


def test_every_problem_is_told_at_once():
    findings = [checks.Finding("a", problem="first"), checks.Finding("b"), checks.Finding("c", problem="second")]
    with pytest.raises(checks.CannotDo, match="first\nsecond"):
        checks.require(findings)
