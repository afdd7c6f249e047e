"""Do the sources agree? Names the odd one out (requirement D8). It warns and never outvotes: a veto stays a veto."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import median

from guardian.readings import Reading
from guardian.verdict import Reason
from guardian.vocabulary import Safety


def disagreements(fresh: Iterable[Reading], tolerances: Mapping[str, float]) -> tuple[Reason, ...]:
    """A warning for each quantity whose fresh readings differ by more than its tolerance."""
    by_quantity: dict[str, list[Reading]] = {}
    for reading in fresh:
        if reading.quantity in tolerances:
            by_quantity.setdefault(reading.quantity, []).append(reading)
    warnings = (_disagreement(name, readings, tolerances[name]) for name, readings in by_quantity.items())
    return tuple(warning for warning in warnings if warning is not None)


def _disagreement(quantity: str, readings: list[Reading], tolerance: float) -> Reason | None:
    values = [reading.value for reading in readings]
    if len(values) < 2 or max(values) - min(values) <= tolerance:
        return None
    told = ", ".join(f"{reading.source} {reading.value:.4g}" for reading in readings)
    middle = median(values)
    odd = [reading for reading in readings if abs(reading.value - middle) > tolerance]
    if len(readings) >= 3 and len(odd) == 1:
        name = odd[0].source
        sentence = f"{name} stands alone in {quantity}: {told} {readings[0].unit}".rstrip()
        return Reason("odd_one_out", sentence, name, Safety.SAFE, quantity)
    names = ",".join(reading.source for reading in readings)
    sentence = f"sources disagree in {quantity} by more than {tolerance:g}: {told} {readings[0].unit}".rstrip()
    return Reason("disagreement", sentence, names, Safety.SAFE, quantity)
