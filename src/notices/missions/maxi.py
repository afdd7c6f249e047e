"""MAXI on the International Space Station (types 134 unknown source, 135 known source, 136 test)."""

import re

from notices.missions.table import Mission, PacketType, Verdict
from notices.params import Params


def _judge(params: Params, packet_type: int | None) -> Verdict:
    kind = params.text("Event_Class")
    source = params.text("Source_Name")
    return Verdict(None, " ".join(filter(None, (kind, source))) or None)


MISSION = Mission(
    name="MAXI",
    streams=("nasa.gsfc.gcn/maxi",),
    band="x-ray",
    packet_types={134: PacketType("GSC"), 135: PacketType("GSC", opens_event=False), 136: PacketType("GSC")},
    default_type=PacketType("GSC"),
    test_id=re.compile(r"^5?0*9{5}$"),
    judge=_judge,
)
