"""An observatory described in TOML (`fixtures/NAME.toml`) becomes rows. Loading it twice changes nothing."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import transaction

from apps.alert_manager.models import Strategy
from apps.devices.models import (
    Camera,
    Device,
    Dome,
    Filter,
    FilterSlot,
    FilterWheel,
    Focuser,
    Node,
    Plc,
    Site,
    Telescope,
    WeatherStation,
)
from apps.observation_manager.models import TelescopeEpoch
from apps.user_manager.models import Allocation, Membership, ScientificProgram, Semester, User
from pyros import current
from pyros.config import ROOT
from pyros.journal.writing import append

FIXTURES = ROOT / "fixtures"
_KINDS: dict[str, type[Device]] = {
    kind.kind: kind for kind in (Telescope, Camera, FilterWheel, Focuser, Dome, Plc, WeatherStation)
}
DARK_HOURS_A_NIGHT = 8.5
"""Mean usable dark time of a night at mid latitudes, h; the committee may correct a semester's in the admin."""


class FixtureError(Exception):
    """The file can't be loaded; the text names the entry and what is wrong with it."""


def read(name: str) -> dict[str, Any]:
    """The TOML of a fixture.

    Raises:
        FixtureError: there is no such file, or it is not TOML.
    """
    path = FIXTURES / f"{name}.toml"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        there = ", ".join(sorted(p.stem for p in FIXTURES.glob("*.toml")))
        raise FixtureError(f"there is no fixture {name}; there are {there}") from None
    except tomllib.TOMLDecodeError as error:
        raise FixtureError(f"{path.name}: not TOML: {error}") from error


def load(name: str) -> None:
    """Write an observatory's rows, or leave those that are there as they are (the admin's edits stay)."""
    document = read(name)
    with transaction.atomic():
        node, _ = Node.objects.get_or_create(name=document["node"])
        wanted = dict(document["site"])
        site, _ = Site.objects.get_or_create(name=wanted.pop("name"), defaults={"node": node, **wanted})
        for row in document["filters"]:
            Filter.objects.get_or_create(name=row["name"], defaults=row)
        for row in document["devices"]:
            _device(site, row)
        for row in document["strategies"]:
            _strategy(row)
        for row in document["users"]:
            _user(row)
        semester = semester_of(current.clock().now().date())
        for row in document["programs"]:
            _program(row, semester)
        append("observatory:1", "observatory.loaded", {"fixture": name})


def semester_of(day: date) -> Semester:
    """The half-year that a night belongs to, made when it is not there (A: January to June, B: July to December)."""
    half = "A" if day.month <= 6 else "B"
    start, end = (
        (date(day.year, 1, 1), date(day.year, 6, 30)) if half == "A" else (date(day.year, 7, 1), date(day.year, 12, 31))
    )
    semester, _ = Semester.objects.get_or_create(
        name=f"{day.year}{half}",
        defaults={"start": start, "end": end, "dark_time_s": ((end - start).days + 1) * DARK_HOURS_A_NIGHT * 3600},
    )
    return semester


def _device(site: Site, row: Mapping[str, Any]) -> None:
    fields = dict(row)
    name, kind, slots = fields.pop("name"), fields.pop("kind"), fields.pop("wheel", None)
    if kind not in _KINDS:
        raise FixtureError(f"device {name}: kind {kind} is unknown; expected one of {', '.join(_KINDS)}")
    model = _KINDS[kind]
    for key in fields:
        try:
            model._meta.get_field(key)
        except FieldDoesNotExist:
            raise FixtureError(f"device {name}: a {kind} has no {key}") from None
    if Device.objects.filter(name=name).exists():
        return
    if "on_telescope" in fields:
        fields["on_telescope"] = Telescope.objects.get(name=fields["on_telescope"])
    device = model(name=name, site=site, **fields)
    try:
        device.full_clean(exclude=["status", "status_at"])
    except ValidationError as error:
        raise FixtureError(f"device {name}: {error.message_dict}") from error
    device.save()
    if isinstance(device, Telescope):
        TelescopeEpoch.objects.get_or_create(telescope=device)
    if slots and isinstance(device, Camera):
        wheel = FilterWheel.objects.create(
            name=f"{name}-wheel", site=site, on_camera=device, description=f"filter wheel of {name}"
        )
        _slots(wheel, slots)


def _slots(wheel: FilterWheel, names: Iterable[str]) -> None:
    for position, filter_name in enumerate(names, start=1):
        FilterSlot.objects.create(wheel=wheel, position=position, filter=Filter.objects.get(name=filter_name))


def _strategy(row: Mapping[str, Any]) -> None:
    Strategy.objects.get_or_create(name=row["name"], defaults={k: v for k, v in row.items() if k != "name"})


def _user(row: Mapping[str, Any]) -> None:
    user, made = User.objects.get_or_create(
        username=row["username"],
        defaults={**row, "is_staff": row["role"] != "USER", "validated_at": current.clock().now()},
    )
    if made:
        user.set_unusable_password()
        user.save(update_fields=["password"])


def _program(row: Mapping[str, Any], semester: Semester) -> None:
    leader = User.objects.get(username=row["principal_investigator"])
    program, _ = ScientificProgram.objects.get_or_create(
        name=row["name"],
        defaults={"title": row["title"], "principal_investigator": leader, "is_system": row.get("is_system", False)},
    )
    for username in [leader.username, *row["members"]]:
        Membership.objects.get_or_create(program=program, user=User.objects.get(username=username))
    if "grade" in row:
        Allocation.objects.get_or_create(
            program=program, semester=semester, defaults={"grade": row["grade"], "share_percent": row["share_percent"]}
        )


def fixture_names() -> list[str]:
    """The observatories and sets of requests that can be loaded."""
    return sorted(path.stem for path in Path(FIXTURES).glob("*.toml"))
