"""LIGO-Virgo-KAGRA. No position: a sky map. Mock (M…) and test (T…) superevents look like real ones otherwise."""

import re

from notices.missions.table import COMMON_TEST_FLAGS, Flag, Mission, PacketType, Verdict
from notices.params import Params

_CLASSES = ("BNS", "NSBH", "BBH", "MassGap", "Terrestrial")
TEST_ID = re.compile(r"^[MT]")


def _notice_type(fragment: str, params: Params) -> str | None:
    return params.text("AlertType") or fragment.rpartition("-")[2] or None


def _judge(params: Params, packet_type: int | None) -> Verdict:
    chances = {name: params.number(f"Classification/{name}") or 0.0 for name in _CLASSES}
    best = max(chances, key=lambda name: chances[name])
    return Verdict(None, f"{best} {100 * chances[best]:.0f} %" if chances[best] > 0 else params.text("Group"))


MISSION = Mission(
    name="LVK",
    streams=("gwnet/lvc", "nasa.gsfc.gcn/lvc"),
    band="gw",
    event_id_params=("GraceID", "TrigID"),
    notice_type=_notice_type,
    packet_types={164: PacketType(is_retraction=True)},
    test_flags=(*COMMON_TEST_FLAGS, Flag("HardwareInj", "1")),
    test_id=TEST_ID,
    judge=_judge,
)
