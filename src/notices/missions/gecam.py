"""GECAM. Its number stands in a group, its IVORN holds an impossible date (T1532:07) and fails the official schema."""

import re

from notices.missions.table import Mission, PacketType, Verdict
from notices.params import Params


def _judge(params: Params, packet_type: int | None) -> Verdict:
    source = params.text("SRC_CLASS") or params.text("Src_Class")
    return Verdict(source.upper() == "GRB", source) if source else Verdict()


def _notice_type(fragment: str, params: Params) -> str | None:
    found = re.match(r"([A-Za-z][A-Za-z_]*?)_?\d{4}-", fragment)
    return found[1] if found else None


MISSION = Mission(
    name="GECAM",
    streams=("nasa.gsfc.gcn/gecam",),
    band="gamma",
    event_id_params=("Trigger_Number", "TRIGGER_NUMBER", "TrigID"),
    notice_type=_notice_type,
    packet_types={188: PacketType("GRD"), 189: PacketType("GRD")},
    judge=_judge,
)
