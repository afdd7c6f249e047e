"""`python -m notices`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from notices.tests.data import placed, voevent

KEYS = [
    "file", "format", "ivorn", "mission", "notice_type", "packet_type", "event_id", "ra_deg", "dec_deg", "error_deg",
    "trigger_time_utc", "time_is_trigger", "notice_time_utc", "is_test", "is_retraction", "is_grb", "cites",
]  # fmt: skip
HERE = Path(__file__).parents[2]


def run(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "notices", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, cwd=HERE, check=False)


def test_each_file_gives_one_json_object_a_line(tmp_path: Path) -> None:
    (tmp_path / "good.xml").write_bytes(voevent())
    (tmp_path / "alert.xml").write_bytes(voevent(position=placed("0.0000", "0.0000", "0.0000")))
    (tmp_path / "bad.xml").write_bytes(b"<VOEvent")
    done = run(*(str(tmp_path / name) for name in ("good.xml", "alert.xml", "bad.xml")))
    good, alert, bad = (json.loads(line) for line in done.stdout.splitlines())
    assert (done.returncode, done.stderr) == (0, b"")
    assert list(good) == KEYS
    assert good == {
        "file": str(tmp_path / "good.xml"), "format": "VOEvent 2.0",
        "ivorn": "ivo://nasa.gsfc.gcn/SWIFT#BAT_GRB_Pos_700001-001", "mission": "Swift", "notice_type": "BAT_GRB_Pos",
        "packet_type": 61, "event_id": "700001", "ra_deg": 10.5, "dec_deg": -20.25, "error_deg": 0.05,
        "trigger_time_utc": "2026-11-20T03:04:05.500000Z", "time_is_trigger": True,
        "notice_time_utc": "2026-11-20T03:04:30Z", "is_test": False, "is_retraction": False, "is_grb": None,
        "cites": [],
    }  # fmt: skip
    assert (alert["ra_deg"], alert["dec_deg"], alert["error_deg"]) == (None, None, None)
    assert (bad["code"], bad["mission"]) == ("MALFORMED_XML", None)
    assert bad["error"]


def test_a_dash_reads_standard_input() -> None:
    assert json.loads(run("-", stdin=voevent()).stdout)["event_id"] == "700001"


def test_a_missing_file_is_said_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "good.xml").write_bytes(voevent())
    done = run(str(tmp_path / "none.xml"), str(tmp_path / "good.xml"))
    assert done.returncode == 2
    assert b"none.xml" in done.stderr
    assert [json.loads(line)["event_id"] for line in done.stdout.splitlines()] == [None, "700001"]


def test_no_file_at_all_is_bad_input() -> None:
    assert run().returncode == 2


def test_help_has_an_example() -> None:
    assert b"python -m notices alerts/*.xml" in run("--help").stdout
