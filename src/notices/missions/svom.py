"""SVOM. Alerts of the French Science Center; radii are R90. GRM alone gives no usable position (radius -1).

The time is the start of the detection window and moves between notices of one burst; MXT and VT give the start of
their own observation. Burst_Id is shared by all; a retraction may carry a position and is not to be pointed at.
"""

import re

from notices.missions.table import COMMON_TEST_FLAGS, Flag, Mission, PacketType, Verdict
from notices.params import Params

_ECLAIRS = PacketType("ECLAIRs")
_CATALOGUE = PacketType("ECLAIRs", opens_event=False)
_MXT = PacketType("MXT", band="x-ray", time_is_trigger=False)


def _notice_type(fragment: str, params: Params) -> str | None:
    """`sb26051101_eclairs-wakeup`; in 2022 `sb22020379_eclairs3`."""
    return fragment.partition("_")[2] or None


def _judge(params: Params, packet_type: int | None) -> Verdict:
    source = params.text("Source_Name") or params.text("Onboard_Catalog_Id")
    if packet_type == 203:
        return Verdict(False, f"catalogue source {source or 'not named'}")
    return Verdict(None, f"near catalogue source {source}" if source else None)


MISSION = Mission(
    name="SVOM",
    streams=("org.svom/", "svom/"),
    band="gamma",
    event_id_params=("Burst_Id",),
    event_id_in_fragment=re.compile(r"^(sb\d+)_"),
    notice_type=_notice_type,
    packet_types={
        201: PacketType("GRM"), 202: _ECLAIRS, 203: _CATALOGUE, 204: _ECLAIRS, 205: _ECLAIRS, 209: _MXT, 210: _MXT,
        211: PacketType("VT", band="optical", time_is_trigger=False),
        219: PacketType("", is_retraction=True),
    },
    types_by_name={"grm": 201, "eclairs": 202, "slewing": 204, "not-slewing": 205, "mxt": 209, "vt": 211,
                   "retraction": 219},
    test_flags=COMMON_TEST_FLAGS,
    poor_position_flags=(Flag("Target_Info/Within_ECLAIRs_R90", "false"),),
    judge=_judge,
)  # fmt: skip
