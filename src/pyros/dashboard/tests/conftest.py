"""One night, made once a module and rolled back after it; a visitor of each profile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.db import transaction
from django.test import Client

from apps.user_manager.models import User
from pyros import current
from pyros.clock import ManualClock
from pyros.dashboard.tests import a_night

START = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)


@pytest.fixture
def clock(tmp_path: Path) -> Iterator[ManualClock]:
    """A clock that stands still, and a data folder of the test's own."""
    with current.use_clock(hand := ManualClock(START)), patch.object(current, "data_folder", lambda: tmp_path):
        yield hand


@pytest.fixture(scope="module")
def night(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A night under way; the data folder."""
    folder = tmp_path_factory.mktemp("data")
    with ExitStack() as stack:
        stack.enter_context(django_db_blocker.unblock())
        for alias in ("default", "telemetry"):
            stack.enter_context(transaction.atomic(using=alias))
        stack.enter_context(current.use_clock(ManualClock(START)))
        stack.enter_context(patch.object(current, "data_folder", lambda: folder))
        a_night.fill(folder)
        User.objects.create_superuser("root", "root@example.org", "not-used-here", role="ADMIN")
        yield folder
        for alias in ("default", "telemetry"):
            transaction.set_rollback(True, using=alias)


def visitor(username: str | None) -> Client:
    """A browser of a user (None: nobody logged in)."""
    client = Client()
    if username is not None:
        client.force_login(User.objects.get(username=username))
    return client
