"""What can go wrong, classed by what the caller may do."""

from __future__ import annotations


class EmbeddedBrokerError(Exception):
    """Base of every error of this package."""


class BrokerUnavailable(EmbeddedBrokerError):
    """The broker's file cannot be used now (busy, full, replaced, damaged). Reconnecting may help."""


class BadBrokerAddress(EmbeddedBrokerError, ValueError):
    """The broker's address or an option is wrong. Only a change of configuration helps."""
