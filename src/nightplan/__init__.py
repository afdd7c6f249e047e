"""Plans a night: an instance in, a schedule with reasons and a proven bound out. Numbers only."""

from nightplan.checker import Violation, check
from nightplan.instance import (
    Fixed,
    Group,
    Instance,
    InstanceError,
    Pointing,
    Program,
    Sequence,
    Telescope,
)
from nightplan.planner import Change, Planner, changed, exercise, plan
from nightplan.schedule import Observation, Rejected, Schedule

__all__ = [
    "Change",
    "Fixed",
    "Group",
    "Instance",
    "InstanceError",
    "Observation",
    "Planner",
    "Pointing",
    "Program",
    "Rejected",
    "Schedule",
    "Sequence",
    "Telescope",
    "Violation",
    "changed",
    "check",
    "exercise",
    "plan",
]
