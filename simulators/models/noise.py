"""Noise that is a pure function of time: the same for every process that knows the seed, with no state to share."""

from __future__ import annotations

import hashlib
import math


def unit(seed: int, *key: object) -> float:
    """A number in [0, 1) fixed by the seed and the key; independent of process, platform and order of calls."""
    digest = hashlib.blake2b(repr((seed, *key)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def gaussian(seed: int, *key: object) -> float:
    """A standard normal deviate fixed by the seed and the key (Box and Muller)."""
    radius = math.sqrt(-2.0 * math.log(1.0 - unit(seed, *key, "radius")))
    return radius * math.cos(2.0 * math.pi * unit(seed, *key, "angle"))


def smooth(seed: int, channel: str, moment_s: float, period_s: float) -> float:
    """A wandering value in −1…1 without jumps: random values every `period_s`, joined by smooth steps."""
    knot, fraction = divmod(moment_s / period_s, 1.0)
    before = 2.0 * unit(seed, channel, int(knot)) - 1.0
    after = 2.0 * unit(seed, channel, int(knot) + 1) - 1.0
    return before + (after - before) * fraction * fraction * (3.0 - 2.0 * fraction)
