"""Log lines: JSON in the file, words on the console, with the observatory's time and the journal's id."""

import io
import json
import logging

import pytest

from pyros import current, logs
from pyros.journal.writing import entry_id


@pytest.fixture
def log(tmp_path, clock):
    """A logger set up as a process does it, and everything put back afterwards."""
    root = logging.getLogger()
    level, name = root.level, current.process_name()
    current.set_process_name("listener")
    logs.set_up(tmp_path, "INFO", keep_files=2, file_size_mb=1)
    ours = list(root.handlers)
    token = entry_id.set(None)
    yield logging.getLogger("apps.alert_manager")
    entry_id.reset(token)
    for handler in ours:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)
    current.set_process_name(name)


@pytest.fixture
def lines(tmp_path):
    return lambda: [json.loads(line) for line in (tmp_path / "listener.jsonl").read_text().splitlines()]


def test_a_line_carries_observatory_time_process_level_logger_and_message(log, lines):
    log.warning("notice %s refused", "ivo://x")
    (line,) = lines()
    assert line["time"] == "2026-11-21T05:00:00.000Z"
    assert (line["process"], line["level"], line["logger"], line["message"]) == (
        "listener", "WARNING", "apps.alert_manager", "notice ivo://x refused",
    )  # fmt: skip


def test_a_line_carries_the_journal_entry_that_the_code_reacts_to(log, lines):
    log.info("before")
    entry_id.set(42)
    log.info("during")
    assert [line.get("journal") for line in lines()] == [None, 42]


def test_what_extra_gives_is_kept_even_when_json_does_not_know_it(log, lines, tmp_path):
    log.info("stored", extra={"path": tmp_path, "size_bytes": 3})
    assert lines()[0]["path"] == str(tmp_path)
    assert lines()[0]["size_bytes"] == 3


def test_an_exception_stays_on_one_line(log, lines):
    try:
        raise ValueError("broken\nin two")
    except ValueError:
        log.exception("failed")
    (line,) = lines()
    assert "ValueError: broken" in line["exception"]


def test_less_than_the_level_is_not_written(log, lines):
    log.debug("detail")
    assert lines() == []


def test_the_console_has_words(log):
    (console,) = (h for h in logging.getLogger().handlers if type(h) is logging.StreamHandler)
    written = io.StringIO()
    console.setStream(written)
    log.info("hello")
    log.error("trouble")
    assert written.getvalue().splitlines() == [
        "2026-11-21T05:00:00.000Z listener: hello",
        "2026-11-21T05:00:00.000Z listener: ERROR: trouble",
    ]


def test_files_are_rotated_and_only_so_many_kept(log, tmp_path):
    for _ in range(5):
        log.info("x" * 900_000)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "listener.jsonl",
        "listener.jsonl.1",
        "listener.jsonl.2",
    ]
