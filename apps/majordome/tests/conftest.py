"""Fixtures of this folder's tests."""

from apps.devices.tests.support import guardian

__all__ = ["guardian"]
