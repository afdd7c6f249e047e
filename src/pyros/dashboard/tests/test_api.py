"""The REST API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from rest_framework.authtoken.models import Token

from apps.alert_manager.models import Alert
from apps.user_manager.models import User
from notices.compose import svom_wakeup
from pyros.dashboard.tests.conftest import visitor

pytestmark = [pytest.mark.django_db(databases=["default", "telemetry"]), pytest.mark.usefixtures("night")]

LISTS = ("requests", "sequences", "alerts", "decisions", "images", "schedules", "devices", "alarms")


def wakeup(burst: str) -> bytes:
    return svom_wakeup(
        burst, 60.0, 31.0, 0.1, datetime(2026, 11, 21, 3, 0, tzinfo=UTC), datetime(2026, 11, 21, 3, 0, 30, tzinfo=UTC)
    )


def with_token(username: str) -> dict[str, Any]:
    token, _ = Token.objects.get_or_create(user=User.objects.get(username=username))
    return {"headers": {"Authorization": f"Token {token.key}"}}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_json_for_those_who_are_logged_in_and_bounded(name: str, django_assert_max_num_queries: Any) -> None:
    assert Client().get(f"/api/{name}/").status_code == 401
    client = visitor("operator")
    with django_assert_max_num_queries(16):
        answer = client.get(f"/api/{name}/")
    assert answer["Content-Type"] == "application/json"
    assert answer.json()["count"] > 0


def test_a_user_is_given_sequences_of_the_own_programs_only() -> None:
    everything = visitor("operator").get("/api/sequences/").json()["count"]
    own = visitor("observer").get("/api/sequences/").json()["count"]
    assert 0 < own < everything


def test_a_schedule_comes_with_its_rows_and_reasons() -> None:
    client = visitor("observer")
    pk = client.get("/api/schedules/").json()["results"][0]["id"]
    rows = client.get(f"/api/schedules/{pk}/").json()["rows"]
    assert len(rows) == 50  # every target of fixtures/demo_requests.toml
    assert all(row["reason"] for row in rows)


def test_nothing_can_be_written_by_the_lists() -> None:
    assert visitor("root").post("/api/sequences/", {}).status_code == 405
    assert visitor("root").delete("/api/alerts/1/").status_code == 405


def test_devices_are_listed_without_their_addresses() -> None:
    assert "port" not in visitor("observer").get("/api/devices/").json()["results"][0]


def test_a_notice_comes_in_by_token_once() -> None:
    send = with_token("operator")
    first = Client().post("/api/notices", wakeup("sb26112101"), content_type="application/xml", **send)
    assert first.status_code == 201
    assert first.json()["is_new"] is True
    alert = Alert.objects.get(pk=first.json()["alert"])
    assert alert.notices.get().seen_via == ["rest:operator"]
    again = Client().post("/api/notices", wakeup("sb26112101"), content_type="application/xml", **send)
    assert (again.status_code, again.json()["is_new"]) == (200, False)


def test_what_is_no_notice_is_refused_in_words() -> None:
    answer = Client().post("/api/notices", b"hello", content_type="text/plain", **with_token("operator"))
    assert answer.status_code == 422
    assert "neither XML nor JSON" in answer.json()["refused"]
    assert Client().post("/api/notices", b"", content_type="text/plain", **with_token("operator")).status_code == 400


def test_users_may_not_send_notices() -> None:
    assert (
        Client()
        .post("/api/notices", wakeup("sb26112102"), content_type="application/xml", **with_token("astronomer"))
        .status_code
        == 403
    )
    assert Client().post("/api/notices", wakeup("sb26112102"), content_type="application/xml").status_code == 401


def test_the_schema_describes_every_way_in() -> None:
    text = visitor("observer").get("/api/schema/").content.decode()
    assert all(f"/api/{name}/" in text for name in LISTS)
    assert "/api/notices" in text
    assert Client().get("/api/schema/").status_code == 401
