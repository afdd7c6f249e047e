"""What happens in a simulated night beside the routine: weather and device faults, bursts, killed processes."""

from __future__ import annotations

from dataclasses import dataclass

from pyros.config import ROOT

WEATHER_FOLDER = ROOT / "simulators" / "scenarios"


@dataclass(frozen=True)
class Kill:
    """`kill -9` of a process, at a share of the time between the night's start and its end."""

    process: str
    at_share: float


@dataclass(frozen=True)
class Scenario:
    """A simulated night's story. `simulators` names the weather and device faults (simulators/scenarios/)."""

    name: str
    sentence: str
    simulators: str = "clear"
    burst: bool = True
    kills: tuple[Kill, ...] = ()


_ALL_PROCESSES = (
    "worker-observation", "planner", "monitor", "listener", "worker-analysis", "web", "majordome",
    "worker-exchange", "guardian", "worker-control", "worker-observation", "majordome",
)  # fmt: skip

OWN = {
    s.name: s
    for s in (
        Scenario("burst", "a routine night with one burst"),
        Scenario("routine", "a routine night without a burst", burst=False),
        Scenario(
            "kills",
            "every process is killed (kill -9) once or twice during the night",
            kills=tuple(
                Kill(name, 0.08 + 0.8 * place / len(_ALL_PROCESSES)) for place, name in enumerate(_ALL_PROCESSES)
            ),
        ),
    )
}


def find(name: str) -> Scenario:
    """A scenario by its name: one of ours, or one of the simulators' with a burst added.

    Raises:
        KeyError: naming those that there are.
    """
    if name in OWN:
        return OWN[name]
    if (WEATHER_FOLDER / f"{name}.json").exists():
        return Scenario(name, f"the simulators' scenario {name}, with one burst", simulators=name)
    raise KeyError(f"there is no scenario {name}; there are {', '.join(names())}")


def names() -> list[str]:
    """Every scenario that may be asked for."""
    return sorted({*OWN, *(path.stem for path in WEATHER_FOLDER.glob("*.json"))})
