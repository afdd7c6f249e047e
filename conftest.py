"""What every test runs with: a configuration and a data folder of its own, both databases, a clock that stands still.

Nothing of the checkout's `pyros.toml` or data is read or touched. Each process of a parallel run imports this
file and so has a folder of its own. It is set up here, at import, because Django's settings read the configuration.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

if settings.configured:
    raise pytest.UsageError(
        "Django's settings were read before conftest.py: unset DJANGO_SETTINGS_MODULE and try again"
    )

FOLDER = Path(tempfile.mkdtemp(prefix="pyros-tests-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)
(FOLDER / "data" / "run").mkdir(parents=True)
(FOLDER / "pyros.toml").write_text('[observatory]\ndata_folder = "data"\n', encoding="utf-8")
os.environ["PYROS_CONFIG"] = str(FOLDER / "pyros.toml")
os.environ["DJANGO_SETTINGS_MODULE"] = "pyros.settings"

import django  # noqa: E402 — the configuration first

django.setup()
# The workers of a parallel run inherit the environment, and pytest-django would read the settings before this file.
del os.environ["DJANGO_SETTINGS_MODULE"]

from pyros import current  # noqa: E402
from pyros.clock import ManualClock  # noqa: E402

DATABASES = ["default", "telemetry"]
EVENING_UTC = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)
"""21:00 local time at San Pedro Mártir, in full night."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every test that uses the database both of them, unless it says which."""
    for item in items:
        marker = item.get_closest_marker("django_db")
        fixtures = set(getattr(item, "fixturenames", ()))
        if marker is not None and "databases" not in marker.kwargs:
            item.add_marker(
                pytest.mark.django_db(*marker.args, **{**marker.kwargs, "databases": DATABASES}), append=False
            )
        elif marker is None and fixtures & {"db", "transactional_db", "observatory"}:
            item.add_marker(pytest.mark.django_db(transaction="transactional_db" in fixtures, databases=DATABASES))


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """Test databases are files, as in a real site: WAL, locks, and other processes may open them."""
    for alias in DATABASES:
        database: dict[str, Any] = settings.DATABASES[alias]
        if database["ENGINE"].endswith("sqlite"):
            database.setdefault("TEST", {})["NAME"] = str(FOLDER / "data" / f"test_{alias}.sqlite3")


@pytest.fixture
def clock() -> Iterator[ManualClock]:
    """The observatory's clock, standing at 2026-11-21T05:00:00Z until the test advances it."""
    manual = ManualClock(EVENING_UTC)
    with current.use_clock(manual):
        yield manual


@pytest.fixture
def observatory(db: None, clock: ManualClock) -> Any:
    """The observatory of San Pedro Mártir in the database; gives its telescope."""
    from apps.devices.models import Telescope
    from pyros.operations.observatory import load

    load("san_pedro_martir")
    return Telescope.objects.get()
