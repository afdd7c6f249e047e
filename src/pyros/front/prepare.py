"""Make the data folder ready: database, observatory, an administrator, folders, static files."""

from __future__ import annotations

import argparse
import io
import os
import secrets
from pathlib import Path

from pyros import current
from pyros.clock import RealClock, SharedClock
from pyros.config import load_secrets, locate
from pyros.front.checks import require, writable_data_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None of its own."""


def run(options: argparse.Namespace) -> int:
    """Prepare the data folder of the configuration. Safe to repeat."""
    prepare()
    return 0


def prepare() -> None:
    """Migrate both databases, load the observatory, make folders, collect static files.

    Raises:
        CannotDo: the data folder can't be written to or is full; nothing was begun.
    """
    config, folder = current.config(), current.data_folder()
    require([writable_data_folder(folder)])
    make_development_clock(anew=False)
    import django

    django.setup()
    from django.core.management import call_command

    quiet = io.StringIO()
    call_command("migrate", verbosity=0, interactive=False, stdout=quiet)
    if config.database.engine == "sqlite":
        call_command("migrate", verbosity=0, interactive=False, database="telemetry", stdout=quiet)
        for name in ("pyros.sqlite3", "telemetry.sqlite3"):
            (folder / name).chmod(0o600)
    from apps.observation_manager import files
    from pyros.operations import observatory

    files.make_folders(folder)
    observatory.load(config.observatory.fixture)
    make_administrator(locate().with_name("secrets.toml"))
    call_command("collectstatic", verbosity=0, interactive=False, stdout=quiet)
    (folder / "prepared").touch()


def make_development_clock(*, anew: bool) -> None:
    """The clock of development mode, beginning now: made at each start, and by `prepare` where there is none yet."""
    file = current.shared_clock_file()
    if file is None or current.config().clock.kind == "shared" or (file.exists() and not anew):
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    SharedClock.create(file, RealClock().now(), current.config().development.clock_speed)


def make_administrator(secrets_file: Path) -> None:
    """An administrator `admin`, its generated password kept in `secrets.toml` (mode 0600) and never printed.

    A password that stands there already (the database was made anew) is used again.
    """
    from apps.user_manager.models import Role, User

    if User.objects.filter(role=Role.ADMIN).exists():
        return
    kept = load_secrets(locate()).admin_password
    password = kept or secrets.token_urlsafe(12)
    User.objects.create_superuser(username="admin", email="admin@localhost", password=password, role=Role.ADMIN)
    if kept:
        return
    descriptor = os.open(secrets_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as handle:
        handle.write(f'admin_password = "{password}"  # of user admin; change it on the site, then delete this line\n')
