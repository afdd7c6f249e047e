"""Every page: it answers, it is bounded, it keeps to the policy, and it shows what it should to whom it should."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps as installed
from django.contrib import admin
from django.urls import reverse

from apps.alert_manager.models import Alert, Notice
from apps.analyzer.models import Product
from apps.majordome.models import Control
from apps.monitoring.models import Alarm
from apps.observation_manager.models import Image
from apps.routine_manager.models import Request
from apps.scheduler.models import Schedule
from pyros.dashboard.tests.conftest import visitor
from pyros.journal.models import Entry

pytestmark = [pytest.mark.django_db(databases=["default", "telemetry"]), pytest.mark.usefixtures("night")]

LISTS = {  # view → most queries, whatever the number of rows
    "tonight": 40,
    "alerts": 12,
    "requests": 12,
    "schedule": 22,
    "images": 12,
    "devices": 12,
    "weather": 12,
    "people": 12,
    "system": 8,
    "journal": 8,
    "logs": 8,
}


@pytest.mark.parametrize("view", LISTS)
def test_a_page_of_a_full_night_needs_a_bounded_number_of_queries(
    view: str, django_assert_max_num_queries: Any
) -> None:
    client = visitor("root")
    with django_assert_max_num_queries(LISTS[view]):
        answer = client.get(reverse(view))
    assert answer.status_code == 200


def body(answer: Any) -> bytes:
    """The bytes of a streamed answer."""

    async def gather() -> bytes:
        return b"".join([piece async for piece in answer.streaming_content])

    return asyncio.run(gather())


def _details() -> list[str]:
    return [
        reverse("alert", args=[Alert.objects.get(name="sb26112001").pk]),
        reverse(
            "request", args=[Image.objects.select_related("plan__album__sequence")[0].plan.album.sequence.request_id]
        ),
        reverse("schedule-detail", args=[Schedule.objects.get().pk]),
        reverse("image", args=[Image.objects.order_by("id")[0].pk]),
        reverse("device", args=["weather1"]),
        reverse("device", args=["vis1"]),
        reverse("profile"),
        reverse("password"),
        reverse("test-alert"),
        *(reverse("control", args=["gft", verb]) for verb in ("stop", "lift", "pause", "resume", "mode")),
    ]


def test_every_detail_page_answers() -> None:
    client = visitor("root")
    assert {path: client.get(path).status_code for path in _details()} == dict.fromkeys(_details(), 200)


def test_no_page_has_inline_scripts_styles_or_handlers() -> None:
    client = visitor("root")
    for path in [*(reverse(v) for v in LISTS), *_details()]:
        text = client.get(path).content.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), path
        assert not re.search(r"<[^>]+\sstyle=", text), path
        assert not re.search(r"<[^>]+\son[a-z]+=", text), path
        assert "<style" not in text, path


def test_every_live_part_has_an_id_to_be_found_by_again() -> None:
    client = visitor("root")
    for view in LISTS:
        for tag in re.findall(r"<[^>]+data-live=[^>]*>", client.get(reverse(view)).content.decode()):
            assert " id=" in tag, tag


def test_a_visitor_sees_tonight_in_a_reduced_form() -> None:
    text = visitor(None).get("/").content.decode()
    assert "The observatory is observing." in text
    assert "Log in" in text
    for secret in ("sb26112001", "3C 120", "M77", "nir is lost", "Stop and close", "data-stream"):
        assert secret not in text


@pytest.mark.parametrize("view", [v for v in LISTS if v != "tonight"])
def test_a_visitor_is_asked_to_log_in(view: str) -> None:
    answer = visitor(None).get(reverse(view))
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login/?next=")


def test_tonight_shows_run_alert_alarm_and_reasons() -> None:
    text = visitor("root").get("/").content.decode()
    for shown in (
        "sb26112001",
        "nir is lost: no answer within 2 s",
        "no-go",
        "1 of 7 frames",
        "Stop and close",
        "00:41",
        "13:18",
        "Safe, dark and automatic",
    ):
        assert shown in text, shown


def test_a_user_sees_requests_of_the_own_programs_only() -> None:
    text = visitor("observer").get(reverse("requests")).content.decode()
    assert "SP-1" in text  # a member
    assert "SP-3" not in text  # not a member
    foreign = Request.objects.filter(program__name="SP-3")[0]
    assert visitor("observer").get(reverse("request", args=[foreign.pk])).status_code == 404
    assert visitor("operator").get(reverse("request", args=[foreign.pk])).status_code == 200


def test_requests_are_narrowed_by_state_and_program() -> None:
    client = visitor("root")
    assert "M77" in client.get(reverse("requests"), {"state": "COMPLETED"}).content.decode()
    assert "M77" not in client.get(reverse("requests"), {"state": "DRAFT"}).content.decode()
    assert (
        "No request is like that"
        in client.get(reverse("requests"), {"state": "nonsense", "program": "x"}).content.decode()
    )


def test_the_schedule_marks_own_sequences_and_gives_reasons_for_what_is_left_out() -> None:
    text = visitor("astronomer").get(reverse("schedule")).content.decode()
    assert '<tr class="own">' in text
    assert "never visible tonight" in text
    assert "<svg" in text
    assert "below the optimum" in text


def test_weather_names_the_value_that_is_beyond_its_limit() -> None:
    text = visitor("root").get(reverse("weather")).content.decode()
    assert "16.1 m/s" in text
    assert "closes ≥ 15, clears at 12 m/s" in text
    assert "beyond" in text


@pytest.mark.parametrize(
    ("path", "who", "status"),
    [
        ("/control/gft/stop/", "astronomer", 403),
        ("/control/gft/stop/", "operator", 200),
        ("/alerts/test/", "operator", 403),
        ("/system/logs/", "astronomer", 403),
        ("/control/gft/nonsense/", "operator", 404),
        ("/control/nowhere/stop/", "operator", 404),
    ],
)
def test_profiles_decide_who_may_do_what(path: str, who: str, status: int) -> None:
    assert visitor(who).get(path).status_code == status


def test_stop_and_close_is_ordered_by_post_only_and_told_in_the_journal() -> None:
    client = visitor("operator")
    client.get("/control/gft/stop/")
    assert not Control.objects.get().emergency_stop
    answer = client.post("/control/gft/stop/", {"reason": "a person in the dome"})
    assert answer.status_code == 302
    control = Control.objects.get()
    assert (control.emergency_stop, control.paused, control.changed_by, control.reason) == (
        True,
        True,
        "operator",
        "a person in the dome",
    )
    entry = Entry.objects.filter(verb="control.stopped").get()
    assert (entry.who, entry.data["reason"]) == ("operator", "a person in the dome")
    assert "Lift the emergency stop" in client.get("/").content.decode()


def test_an_alarm_is_acknowledged_once_and_stays_raised() -> None:
    alarm = Alarm.objects.get()
    visitor("operator").post(reverse("alarm-acknowledge", args=[alarm.pk]))
    visitor("root").post(reverse("alarm-acknowledge", args=[alarm.pk]))
    alarm.refresh_from_db()
    assert (alarm.acknowledged_by, alarm.state) == ("operator", "RAISED")
    assert visitor("astronomer").post(reverse("alarm-acknowledge", args=[alarm.pk])).status_code == 403


def test_an_administrator_sends_a_test_alert_that_is_recorded_and_not_observed() -> None:
    answer = visitor("root").post(
        "/alerts/test/", {"ra_deg": "40", "dec_deg": "31", "error_arcmin": "6", "age_s": "30"}
    )
    alert = Alert.objects.get(is_test=True)
    assert answer["Location"] == reverse("alert", args=[alert.pk])
    assert alert.decisions.get().code == "RECORD_ONLY"
    assert not alert.requests.exists()


def test_a_notice_is_downloaded_as_bytes_never_shown() -> None:
    notice = Notice.objects.get(refused="", is_test=False)
    answer = visitor("root").get(reverse("notice-raw", args=[notice.pk]))
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Type"] == "application/octet-stream"
    assert b"eclairs-wakeup" in answer.content


def test_a_preview_is_served_inline_and_not_sent_twice() -> None:
    client = visitor("astronomer")
    product = Product.objects.filter(kind="preview").first()
    assert product is not None
    answer = client.get(reverse("product-file", args=[product.pk]))
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("image/png", "nosniff")
    assert body(answer).startswith(b"\x89PNG")
    assert (
        client.get(reverse("product-file", args=[product.pk]), headers={"If-None-Match": answer["ETag"]}).status_code
        == 304
    )
    assert visitor(None).get(reverse("product-file", args=[product.pk])).status_code == 302


def test_frames_are_for_those_who_take_part_in_the_program() -> None:
    image = Image.objects.filter(state="STORED", plan__album__sequence__request__program__name="SP-1").first()
    assert image is not None
    path = reverse("image-file", args=[image.pk])
    answer = visitor("observer").get(path)
    assert body(answer) == b"SIMPLE  = frame " + str(image.pk).encode()
    assert answer["Content-Disposition"].startswith("attachment")
    image.plan.album.sequence.request.program.members.clear()
    assert visitor("observer").get(path).status_code == 403


@pytest.mark.parametrize("path", ["../secrets.toml", "/etc/passwd", "PRODUCED_DATA/gone.png", ""])
def test_a_file_outside_the_data_folder_or_gone_is_not_found(path: str, night: Path) -> None:
    (night.parent / "secrets.toml").write_text("secret")
    product = Product.objects.filter(kind="preview").order_by("-id").first()
    assert product is not None
    Product.objects.filter(pk=product.pk).update(path=path)
    assert visitor("root").get(reverse("product-file", args=[product.pk])).status_code == 404


def test_the_journal_is_searched_and_paged_by_id() -> None:
    client = visitor("astronomer")
    text = client.get(reverse("journal"), {"text": "alert."}).content.decode()
    assert "alert.decided" in text
    assert "image.stored" not in text
    assert "before=" in client.get(reverse("journal")).content.decode()
    assert "No entry begins with" in client.get(reverse("journal"), {"text": "nothing.like.this"}).content.decode()


def test_every_model_of_ours_is_in_the_admin_and_its_list_loads() -> None:
    client = visitor("root")
    hidden = {"telescope", "camera", "filterwheel", "focuser", "dome", "plc", "weatherstation"}
    for config in installed.get_app_configs():
        if not config.name.startswith(("apps.", "pyros.")):
            continue
        for model in config.get_models():
            assert admin.site.is_registered(model), model
            name = model._meta.model_name
            if name not in hidden:
                answer = client.get(reverse(f"admin:{config.label}_{name}_changelist"), {"q": "1"})
                assert answer.status_code == 200, model


@pytest.mark.parametrize(
    "model", ["journal_entry", "routine_manager_ledgerentry", "alert_manager_decision", "observation_manager_image"]
)
def test_what_happened_cannot_be_changed_in_the_admin(model: str) -> None:
    client = visitor("root")
    assert client.get(reverse(f"admin:{model}_add")).status_code == 403
    app, name = model.rsplit("_", 1)
    pk = installed.get_model(app, name)._default_manager.order_by("pk")[0].pk
    assert client.post(reverse(f"admin:{model}_delete", args=[pk]), {"post": "yes"}).status_code == 403
    assert client.post(reverse(f"admin:{model}_change", args=[pk]), {}).status_code == 403


def test_a_device_is_edited_as_its_own_kind() -> None:
    camera = Image.objects.select_related("camera")[0].camera
    text = visitor("root").get(reverse("admin:devices_device_change", args=[camera.pk])).content.decode()
    assert "set_point_c" in text
