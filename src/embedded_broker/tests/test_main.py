"""`python -m embedded_broker`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from embedded_broker.__main__ import main
from embedded_broker.broker import Broker
from embedded_broker.files import BrokerFiles


@pytest.fixture
def path(folder: Path) -> Path:
    broker = Broker(BrokerFiles.at(folder / "broker.sqlite3"))
    for task in ("album", "schedule"):
        broker.publish(["work"], json.dumps({"headers": {"task": task}}))
    [(delivery, _)] = broker.claim([("work", False)], 1)
    broker.reject(delivery.tag)
    return broker.files.database


def test_status_tells_each_queue_in_a_line(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", str(path)]) == 0
    assert json.loads(capsys.readouterr().out) == {"name": "work", "ready": 1, "held": 0, "consumers": 0}


def test_a_dead_message_is_told_and_put_back(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dead", str(path)]) == 0
    dead = json.loads(capsys.readouterr().out)
    assert (dead["id"], dead["headers"], dead["reason"]) == (1, {"task": "album"}, "rejected by its consumer")
    assert main(["dead", str(path), "--requeue", "1"]) == 0
    assert main(["dead", str(path)]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["status", "broker.sqlite3"], 2, "give an absolute path"),
        (["status", "/absent/broker.sqlite3"], 1, "there is no broker file"),
    ],
)
def test_what_is_wrong_is_said_on_standard_error(
    arguments: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == code
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.out == ""


def test_a_dead_message_that_is_not_there_cannot_be_discarded(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dead", str(path), "--discard", "99"]) == 1
    assert "no dead message 99" in capsys.readouterr().err
