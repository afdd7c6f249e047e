"""What a camera sees of the rest of the observatory: pointing, roof, lamp, focus, new sources."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

from devicelink.server import Value
from simulators.devices import sky
from simulators.devices.peer import Peer, PeerSilent
from simulators.sky.transients import Transient

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class View:
    """The light path at one moment. `pointing` is the true (ra_deg, dec_deg), None while it is not known."""

    pointing: tuple[float, float] | None = None
    mount_moves: bool = False
    open_fraction: float = 1.0
    lamp: bool = False
    blur_px: float = 0.0
    transients: tuple[Transient, ...] = ()


class Surroundings:
    """Asks the devices on a camera's light path. What does not answer is taken to be as it was last seen.

    A real camera needs none of this: photons tell it. So nothing here may fail or delay an exposure.
    """

    def __init__(self, peers: Mapping[str, Peer], transients: tuple[Transient, ...] = ()) -> None:
        unknown = set(peers) - set(_READERS)
        if unknown:
            raise ValueError(f"camera looks at {', '.join(sorted(unknown))}: give some of {', '.join(_READERS)}")
        self._peers = peers
        self._view = View(transients=transients)

    async def look(self) -> View:
        """The view now; all peers are asked at the same time."""
        names = list(self._peers)
        answers = await asyncio.gather(*(self._peers[name].ask("STATUS") for name in names), return_exceptions=True)
        for name, answer in zip(names, answers, strict=True):
            if isinstance(answer, PeerSilent):
                log.info("%s does not answer, its last known state is used: %s", name, answer)
            elif isinstance(answer, BaseException):
                raise answer
            else:
                try:
                    self._view = _READERS[name](self._view, answer)
                except (KeyError, ValueError) as error:
                    log.warning("STATUS of %s is not readable, its last known state is used: %r", name, error)
        return self._view

    async def close(self) -> None:
        """Hang up."""
        for peer in self._peers.values():
            await peer.close()


def _mount(view: View, status: Mapping[str, Value]) -> View:
    pointing = float(status["sky_ra"]), float(status["sky_dec"])
    return replace(view, pointing=pointing, mount_moves=bool(status["moving"]))


def _roof(view: View, status: Mapping[str, Value]) -> View:
    return replace(view, open_fraction=float(status["percent_open"]) / 100.0)


def _plc(view: View, status: Mapping[str, Value]) -> View:
    return replace(view, lamp=bool(status["lamp"]))


def _focuser(view: View, status: Mapping[str, Value]) -> View:
    return replace(view, blur_px=float(status["blur_px"]))


def _sky(view: View, status: Mapping[str, Value]) -> View:
    return replace(view, transients=sky.read(str(status["transients"])))


_READERS = {"mount": _mount, "roof": _roof, "plc": _plc, "focuser": _focuser, "sky": _sky}
