"""The shell: empty databases, themes, policy, health, display of values, logs."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import pytest
from django.db import DatabaseError, connections
from django.http import HttpResponse
from django.template import engines
from django.test import Client, RequestFactory
from django.urls import reverse

from apps.user_manager.models import User
from pyros import current
from pyros.clock import ManualClock
from pyros.dashboard import commentary, survey
from pyros.dashboard.middleware import POLICY, ContentSecurityPolicy
from pyros.dashboard.templatetags import pyros_display as display
from pyros.dashboard.tests.test_pages import LISTS
from pyros.journal.models import Entry

both = pytest.mark.django_db(databases=["default", "telemetry"])


@pytest.fixture
def client(clock: ManualClock) -> Client:
    browser = Client()
    browser.force_login(User.objects.create_superuser("root", "root@example.org", "not-used-here", role="ADMIN"))
    return browser


@both
@pytest.mark.parametrize("view", LISTS)
def test_no_page_fails_on_an_empty_database(view: str, client: Client) -> None:
    answer = client.get(reverse(view))
    assert answer.status_code == 200
    assert "yet" in answer.content.decode() or view in {"journal", "logs", "people"}


@both
def test_tonight_without_anything_is_shown_to_visitors_too(clock: ManualClock) -> None:
    assert "unknown, so unsafe" in Client().get("/").content.decode()


@both
def test_the_clock_bar_shows_the_observatory_s_time_and_speed(client: Client) -> None:
    with patch.object(ManualClock, "speed", 300.0):
        text = client.get(reverse("devices")).content.decode()
    assert 'data-part="utc">05:00:00' in text
    assert "2461365.70833" in text  # JD of 2026-11-21 05:00 UTC: 2461365.5 is 0 h (USNO)
    assert "×300" in text


@both
def test_a_theme_is_kept_in_a_cookie_and_one_that_is_none_of_ours_is_not(client: Client) -> None:
    answer = client.post("/theme/", {"theme": "red", "next": "/alerts/"})
    assert answer["Location"] == "/alerts/"
    assert 'data-theme="red"' in client.get("/alerts/").content.decode()
    client.post("/theme/", {"theme": "<script>", "next": "/"})
    assert 'data-theme="red"' in client.get("/").content.decode()


@both
@pytest.mark.parametrize("address", ["https://example.org/", "//example.org", "javascript:alert(1)", ""])
def test_choosing_a_theme_never_leads_to_another_site(address: str, client: Client) -> None:
    assert client.post("/theme/", {"theme": "dark", "next": address})["Location"] == "/"


@both
def test_health_and_readiness_are_open_to_all() -> None:
    assert Client().get("/healthz").content == b"alive\n"
    assert Client().get("/readyz").status_code == 200


@both
def test_readiness_names_the_database_that_does_not_answer() -> None:
    with patch.object(connections["telemetry"], "cursor", side_effect=DatabaseError("disk I/O error")):
        answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert "telemetry" in answer.content.decode()


def test_the_policy_is_on_every_answer_in_both_chains() -> None:
    request = RequestFactory().get("/")

    async def view(_: object) -> HttpResponse:
        return HttpResponse()

    plain: Any = ContentSecurityPolicy(lambda _: HttpResponse())(request)
    awaited: Any = asyncio.run(ContentSecurityPolicy(view)(request))  # type: ignore[arg-type]
    assert plain.headers["Content-Security-Policy"] == awaited.headers["Content-Security-Policy"] == POLICY
    assert "script-src 'self'" in POLICY
    assert "unsafe" not in POLICY


@pytest.mark.parametrize(
    ("form", "value", "shown"),
    [
        ("ra", 10.6847, "00h42m44.3s"),
        ("ra", 359.99999, "00h00m00.0s"),
        ("ra", None, "—"),  # M31: SIMBAD 00 42 44.33
        ("dec", 41.269, "+41°16′08″"),
        ("dec", -0.0133, "−00°00′48″"),
        ("dec", 89.99999, "+90°00′00″"),
        ("duration", 45, "45 s"),
        ("duration", 200, "3 min 20 s"),
        ("duration", 7500, "2 h 05 min"),
        ("duration", -90, "−1 min 30 s"),
        ("duration", None, "—"),
        ("duration", float("nan"), "—"),
        ("duration", 0.4, "0.4 s"),
        ("duration", 59.7, "1 min 00 s"),
        ("milliseconds", 24.84, "24.8 ms"),
        ("milliseconds", 2500.0, "2.50 s"),
        ("size", 33_600_000, "33.6 MB"),
        ("size", 12, "12 B"),
        ("hours", 9000, "2.5 h"),
        ("percent", 0.038, "3.8 %"),
        ("words", "wind_mps", "wind"),
        ("words", "rain", "rain"),
    ],
)
def test_values_are_shown_with_their_units(form: str, value: object, shown: str) -> None:
    assert getattr(display, form)(value).replace("\u202f", " ") == shown


def test_an_unknown_state_is_never_shown_as_good() -> None:
    assert display.tone_of("SAFE") == "good"
    assert display.tone_of("SOMETHING_NEW") == "unknown"
    assert display.tone_of(None) == "unknown"
    assert ">unknown<" in display.state(None) or "unknown</span>" in display.state(None)


def test_what_strangers_wrote_is_escaped() -> None:
    html = engines["django"].from_string("{% load pyros_display %}{% state word %}").render({"word": "<b>x</b>"})
    assert "<b>" not in html


def test_an_entry_that_lacks_its_data_is_told_all_the_same() -> None:
    entry = Entry(
        verb="run.slew_ordered", subject="run:7", who="majordome", data={}, time=datetime(2026, 11, 21, tzinfo=UTC)
    )
    assert commentary.tell(entry) == "run.slew_ordered run:7"
    entry.verb, entry.data = "alarm.raised", {"sentence": "the roof sticks"}
    assert commentary.tell(entry) == "Alarm: the roof sticks"


def test_the_tail_of_the_logs_survives_torn_lines_and_filters(clock: ManualClock) -> None:
    folder = current.data_folder() / "logs"
    folder.mkdir()
    lines = [
        json.dumps({"time": f"2026-11-21T05:00:0{n}.000Z", "level": level, "message": level})
        for n, level in enumerate(("INFO", "ERROR"))
    ]
    (folder / "monitor.jsonl").write_text('orn": 1}\n' + "\n".join(lines) + '\n{"time": "2026')
    (folder / "web.jsonl").write_text(
        '{"time": "2026-11-21T05:00:05.000Z", "level": "INFO", "message": "hello"}\n[1]\n'
    )
    assert [line.message for line in survey.log_tail()] == ["hello", "ERROR", "INFO"]
    assert [line.message for line in survey.log_tail(process="monitor", level="WARNING")] == ["ERROR"]
    assert survey.log_processes() == ["monitor", "web"]


@both
def test_a_log_of_a_name_with_a_path_in_it_is_not_read(client: Client) -> None:
    assert client.get("/system/logs/", {"process": "../../etc/passwd"}).status_code == 200


@both
def test_processes_that_are_gone_are_said_to_be_down(client: Client) -> None:
    (current.data_folder() / "run").mkdir()
    row = {
        "name": "listener",
        "state": "RUNNING",
        "pid": 2**22 + 1,
        "born": 1,
        "restarts": 2,
        "reason": "",
        "heartbeat_expected": True,
    }
    (current.data_folder() / "run" / "watcher.json").write_text(
        json.dumps({"pid": 2**22 + 2, "born": 1, "processes": [row]})
    )
    assert [(r.name, r.state) for r in survey.processes()] == [("SystemWatcher", "DOWN"), ("listener", "DOWN")]
    assert "listener" in client.get("/system/").content.decode()
