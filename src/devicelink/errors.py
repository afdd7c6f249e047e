"""What can go wrong with a device, classed by what the caller may do next.

    DeviceError
    ├── Refused           the device said no and did nothing; `code` says why, `retry_s` when to ask again
    ├── LinkLost          the line is gone and the hardware's state is unknown; retry when the link is back
    ├── CommandTimeout    no final answer in time: read the state back before commanding anything
    ├── Aborted           somebody (perhaps we) aborted it; normal in an alert
    ├── ProtocolViolation the peer breaks the contract: retrying does not help, its program must be corrected
    └── TransferFailed    the pixels did not arrive whole; asking again may help

`CommandFailure` is the other side: what a handler in a `DeviceServer` raises to answer `ERR`.
"""

from __future__ import annotations

from devicelink.grammar import ErrorCode


class DeviceError(Exception):
    """Any failure of a device or of the line to it. `device` names the device."""

    def __init__(self, device: str, message: str) -> None:
        super().__init__(f"{device}: {message}")
        self.device = device


class Refused(DeviceError):
    """The device answered `ERR`: it did not do what was asked.

    `code` is one of devices' error codes (E_STATE, E_RANGE, E_LIMIT, E_OWNER, E_UNSAFE, …), `text` the
    device's own words, `retry_s` the seconds after which it suggests to ask again (None: no suggestion).
    """

    def __init__(self, device: str, verb: str, code: ErrorCode, text: str, retry_s: float | None = None) -> None:
        super().__init__(device, f"{verb} refused with {code}" + (f": {text}" if text else ""))
        self.verb = verb
        self.code = code
        self.text = text
        self.retry_s = retry_s


class LinkLost(DeviceError):
    """No link, or it broke while waiting. Nothing was or will be re-sent. The hardware's state is unknown."""


class CommandTimeout(DeviceError):
    """No final answer by the deadline. The command may still be running: read back before acting."""


class Aborted(DeviceError):
    """The operation was ended by ABORT before it was complete."""


class ProtocolViolation(DeviceError):
    """The peer answered something the grammar or the vocabulary does not allow."""


class TransferFailed(DeviceError):
    """Pixels missing, cut short or with a wrong checksum."""


class CommandFailure(Exception):
    """Raised by a server's handler: the request ends `ERR code "text" [retry=…]`."""

    def __init__(self, code: ErrorCode, text: str, retry_s: float | None = None) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text
        self.retry_s = retry_s
