"""With SQLite telemetry lives in a file of its own, so that its writes never make a decision wait."""

from __future__ import annotations

from typing import Any

from django.conf import settings

TELEMETRY = frozenset({"channel", "sample", "rollup"})


class TelemetryRouter:
    """Sends Channel, Sample and Rollup to `settings.TELEMETRY_ALIAS`, all else to `default`."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return _alias(model._meta.app_label, model._meta.model_name)

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return _alias(model._meta.app_label, model._meta.model_name)

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **hints: Any) -> bool:
        return db == _alias(app_label, model_name)


def _alias(app_label: str, model_name: str | None) -> str:
    return settings.TELEMETRY_ALIAS if app_label == "monitoring" and model_name in TELEMETRY else "default"
