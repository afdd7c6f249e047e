"""What can go wrong for a caller of this package, classed by what the caller may do."""

from __future__ import annotations


class GuardianError(Exception):
    """Anything the guardian complains about."""


class ConfigurationError(GuardianError, ValueError):
    """Somebody must correct a configuration: names the field, its value and the remedy."""

    def __init__(self, field: str, value: object, remedy: str) -> None:
        super().__init__(f"{field} is {value!r}: {remedy}")
        self.field = field
        self.value = value
        self.remedy = remedy


class RequestRejected(GuardianError, ValueError):
    """A request file makes no sense: names the field, its value and the remedy. It is ignored."""

    def __init__(self, field: str, value: object, remedy: str) -> None:
        super().__init__(f"{field} is {repr(value)[:80]}: {remedy}")
        self.field = field


class StatusUnavailable(GuardianError):
    """The guardian's status cannot be read: take it for UNSAFE and try again."""
