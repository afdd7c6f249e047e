"""Safety of the observatory: from readings to a verdict, from the verdict to a closed roof.

The core is pure (`fusion.step`, `closing.step`, `night.desired_enclosure`, all in `tick.tick`); `python -m guardian`
is the process around it. Other processes read `guardian.status` and write `guardian.requests`.
"""

from guardian import requests, status
from guardian.alarms import Alarm
from guardian.closing import Action, ClosingOutcome, ClosingState, Mount, Switches
from guardian.errors import ConfigurationError, GuardianError, RequestRejected, StatusUnavailable
from guardian.fusion import GuardState, Surroundings, step
from guardian.night import SunLimits, desired_enclosure, explain_desired, night_phase
from guardian.overrides import Override
from guardian.policy import Policy, Source, Timing
from guardian.readings import QUANTITIES, Quantity, Reading, Rejection, examine, examine_status
from guardian.rules import DEFAULT_RULES, Rule, Worse
from guardian.status import GuardianStatus
from guardian.verdict import Reason, Verdict
from guardian.vocabulary import Enclosure, NightPhase, OperatingMode, Role, Safety, Severity, ShutterStatus

__all__ = [
    "DEFAULT_RULES",
    "QUANTITIES",
    "Action",
    "Alarm",
    "ClosingOutcome",
    "ClosingState",
    "ConfigurationError",
    "Enclosure",
    "GuardState",
    "GuardianError",
    "GuardianStatus",
    "Mount",
    "NightPhase",
    "OperatingMode",
    "Override",
    "Policy",
    "Quantity",
    "Reading",
    "Reason",
    "Rejection",
    "RequestRejected",
    "Role",
    "Rule",
    "Safety",
    "Severity",
    "ShutterStatus",
    "Source",
    "StatusUnavailable",
    "SunLimits",
    "Surroundings",
    "Switches",
    "Timing",
    "Verdict",
    "Worse",
    "desired_enclosure",
    "examine",
    "examine_status",
    "explain_desired",
    "night_phase",
    "requests",
    "status",
    "step",
]
