"""The shape of a mission's table: how its notices are numbered, what their errors mean, what their flags say."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from notices.params import Params
from notices.position import SIGMAS_IN_R90


class Verdict(NamedTuple):
    """What a notice says about the nature of its source; None is “it does not say”."""

    is_grb: bool | None = None
    classification: str | None = None


@dataclass(frozen=True)
class PacketType:
    """One notice type of a mission."""

    instrument: str = ""
    band: str = ""
    """Empty: the mission's."""
    time_is_trigger: bool = True
    opens_event: bool = True
    is_retraction: bool = False
    position_is_source: bool = True
    """False where RA, Dec are a pointing direction."""
    containment: float = 0.9
    error_sigmas: float = SIGMAS_IN_R90
    """Standard deviations in the radius given."""
    systematic_deg: float = 0.0
    """Known systematic error that the radius leaves out."""


POINTING = PacketType(time_is_trigger=False, opens_event=False, position_is_source=False)
"""Where a satellite looks: no event at all."""


class Flag(NamedTuple):
    """A parameter (path or bare name) that has a meaning when it has this value."""

    name: str
    value: str = "true"

    def is_set(self, params: Params) -> bool:
        return (params.text(self.name) or "").lower() == self.value


def no_verdict(params: Params, packet_type: int | None) -> Verdict:
    """The mission does not classify."""
    return Verdict()


def gcn_notice_type(fragment: str, params: Params) -> str | None:
    """GCN writes the type before the number or date: `BAT_GRB_Pos_866434-471`, `GBM_Fin_Pos2018-10-10T…`."""
    found = re.match(r"([A-Za-z][A-Za-z_]*?)_?-?(?:\d|$)", fragment)
    return found[1] if found else None


def no_notice_type(fragment: str, params: Params) -> str | None:
    """The mission sends one kind of notice."""
    return None


COMMON_TEST_FLAGS = (Flag("Test_Submission"), Flag("Test_Notice"), Flag("Trigger_ID/Test"), Flag("InternalTest"))
COMMON_TEST_ID = re.compile(r"^0*9{5}$")
"""99999 is GCN's number for practice notices."""


@dataclass(frozen=True)
class Mission:
    """Everything that one mission does in its own way. A new mission is one such table."""

    name: str
    streams: tuple[str, ...]
    """Beginnings of its IVORNs without `ivo://`, in lower case."""
    band: str = "other"
    event_id_params: tuple[str, ...] = ("TrigID",)
    event_id_in_fragment: re.Pattern[str] | None = None
    """Where no parameter holds the id: group 1 of this in the IVORN's fragment."""
    event_id_bits: int = 0
    """Keep only so many low bits of a numeric id (the others count revisions)."""
    notice_type: Callable[[str, Params], str | None] = gcn_notice_type
    packet_types: Mapping[int, PacketType] = field(default_factory=lambda: MappingProxyType({}))
    types_by_name: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """For notices without a number: beginning of the notice type to packet type."""
    default_type: PacketType = PacketType()
    test_flags: tuple[Flag, ...] = COMMON_TEST_FLAGS
    test_id: re.Pattern[str] = COMMON_TEST_ID
    retraction_flags: tuple[Flag, ...] = ()
    negative_radius_retracts: bool = False
    poor_position_flags: tuple[Flag, ...] = ()
    judge: Callable[[Params, int | None], Verdict] = no_verdict

    def packet(self, packet_type: int | None, notice_type: str | None) -> PacketType:
        """The table row of a notice, the mission's default where it has none."""
        if packet_type is None and notice_type is not None:
            packet_type = next(
                (number for name, number in self.types_by_name.items() if notice_type.startswith(name)), None
            )
        return self.packet_types.get(packet_type, self.default_type) if packet_type is not None else self.default_type
