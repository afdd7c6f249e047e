"""One small table a mission. To add one: write its `Mission`, name it here."""

from __future__ import annotations

from dataclasses import replace

from notices.missions import amon, fermi, gecam, integral, lvk, maxi, others, surveys, svom, swift
from notices.missions.table import Mission, PacketType, Verdict, gcn_notice_type, no_notice_type

__all__ = ["ALL", "UNKNOWN", "Mission", "PacketType", "Verdict", "mission_of"]

ALL: tuple[Mission, ...] = (
    svom.MISSION, swift.MISSION, fermi.MISSION, integral.MISSION, lvk.MISSION, gecam.MISSION, maxi.MISSION,
    *amon.MISSIONS, *surveys.MISSIONS, *others.MISSIONS,
)  # fmt: skip

UNKNOWN = Mission(
    name="other",
    streams=(),
    event_id_params=("TrigID", "Trigger_Number", "AMON_ID", "GraceID", "Burst_Id"),
    notice_type=no_notice_type,
)
"""For streams without a table: what is common to all VOEvents is read, nothing is supposed."""

_GCN = "nasa.gsfc.gcn/"
_BY_STREAM = sorted(
    ((stream, mission) for mission in ALL for stream in mission.streams), key=lambda pair: -len(pair[0])
)


def mission_of(ivorn: str) -> Mission:
    """The table for an IVORN, by the longest matching stream. A GCN stream without a table keeps its own name."""
    bare = ivorn.removeprefix("ivo://")
    lowered = bare.lower()
    for stream, mission in _BY_STREAM:
        if lowered.startswith(stream):
            return mission
    if lowered.startswith(_GCN):
        name = bare[len(_GCN) :].partition("#")[0]
        return replace(UNKNOWN, name=name or UNKNOWN.name, notice_type=gcn_notice_type)
    return UNKNOWN
