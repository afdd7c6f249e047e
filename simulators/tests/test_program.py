"""`python -m simulators` as another program sees it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from simulators.__main__ import main
from simulators.tests.support import Wire, content

ROOT = Path(__file__).parents[2]


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "simulators", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_the_example_is_a_configuration_and_the_only_thing_on_standard_output() -> None:
    made = _run("--example")
    assert made.returncode == 0 and made.stderr == ""
    assert json.loads(made.stdout)["devices"]["mount"]["kind"] == "telescope"


def test_devices_say_ready_serve_and_stop_at_sigterm(tmp_path: Path) -> None:
    file = tmp_path / "simulators.json"
    file.write_text(json.dumps(content()))
    program = subprocess.Popen(
        [sys.executable, "-m", "simulators", "--config", str(file), "--only", "plc", "mount"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert program.stdout is not None
        ready = [program.stdout.readline().split() for _ in range(3)]
        assert {words[1] for words in ready} == {"mount", "dome", "plc"}
        assert all(words[0] == "ready" for words in ready)
        with Wire(int(next(words[2] for words in ready if words[1] == "mount"))) as mount:
            assert mount.status()["activity"] == "PARKED"
        program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=10) == 0
        assert program.stderr is not None and program.stderr.read() == ""
    finally:
        program.kill()
        program.communicate()


def test_a_port_in_use_is_a_clear_sentence_and_exit_code_2(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        made = content()
        made["devices"]["mount"]["port"] = taken.getsockname()[1]
        file = tmp_path / "simulators.json"
        file.write_text(json.dumps(made))
        refused = _run("--config", str(file), "--only", "mount")
    assert refused.returncode == 2 and "mount: cannot listen" in refused.stderr and "Traceback" not in refused.stderr


def test_a_wrong_configuration_names_the_field_and_the_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "simulators.json"
    for change, word in (
        ({"clock": {"kind": "sundial"}}, "clock"),
        ({"devices": {"m": {"kind": "zeppelin", "port": 1}}}, "zeppelin"),
        ({"devices": {"m": {"kind": "telescope", "port": 99999}}}, "port"),
        ({"devices": {"m": {"kind": "telescope", "port": 0, "wings": 2}}}, "wings"),
        ({"site": {"name": "x", "latitude_deg": 99.0, "longitude_deg": 0.0}}, "latitude_deg"),
        ({"scenario": "hurricane"}, "hurricane"),
        ({"colour": "blue"}, "colour"),
        ({"scenario": {"faults": [{"device": "toaster", "kind": "drop"}]}}, "toaster"),
        ({"scenario": {"faults": [{"device": "mount", "kind": "freeze"}]}}, "cannot freeze"),
    ):
        file.write_text(json.dumps(content(**change)))
        assert main(["--config", str(file)]) == 2, change
        told = capsys.readouterr()
        assert word in told.err and told.out == "", change


def test_a_missing_file_is_exit_code_2() -> None:
    refused = _run("--config", "/nowhere/simulators.json")
    assert refused.returncode == 2 and "/nowhere/simulators.json" in refused.stderr
