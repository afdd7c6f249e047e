"""Neil Gehrels Swift Observatory. Types: GCN socket packet definition; radii are 90 %, statistics and systematics.

FOM_Obs, SC_Slew, Lightcurve and Nack repeat the position with a radius of 0.0000, which means “not given here”.
XRT and UVOT notices carry the start of their own exposure, not the burst's time.
"""

from notices.missions.table import POINTING, Flag, Mission, PacketType, Verdict
from notices.params import Params

_BAT = PacketType("BAT")
_BAT_PRODUCT = PacketType("BAT", opens_event=False)
_BAT_CANDIDATE = PacketType("BAT", opens_event=False)  # below threshold, some 500 a day: company for other events
_XRT = PacketType("XRT", band="x-ray", time_is_trigger=False)
_UVOT = PacketType("UVOT", band="optical", time_is_trigger=False)
_XRT_PRODUCT = PacketType("XRT", band="x-ray", time_is_trigger=False, opens_event=False)
_UVOT_PRODUCT = PacketType("UVOT", band="optical", time_is_trigger=False, opens_event=False)
_PLANNED_SLEW = PacketType("", time_is_trigger=False, opens_event=False)

_BAT_GRB_POSITION = 61
_NEGATIVE = ("Def_NOT_a_GRB", "Target_in_Flt_Catalog", "Target_in_Gnd_Catalog", "Target_in_Blk_Catalog")


def _judge(params: Params, packet_type: int | None) -> Verdict:
    """Only the BAT position notice judges; the others repeat its flags or have none."""
    if packet_type == 141:
        return Verdict(None, "known source")
    if packet_type != _BAT_GRB_POSITION:
        return Verdict()
    for name in _NEGATIVE:
        if params.flag(f"Solution_Status/{name}"):
            return Verdict(False, name)
    identified = params.flag("Solution_Status/GRB_Identified")
    if identified is None:
        return Verdict()
    return Verdict(True, "GRB_Identified") if identified else Verdict(False, "GRB not identified")


MISSION = Mission(
    name="Swift",
    streams=("nasa.gsfc.gcn/swift",),
    band="gamma",
    packet_types={
        46: _PLANNED_SLEW, 47: _PLANNED_SLEW,
        60: _BAT, 61: _BAT, 62: _BAT_PRODUCT, 63: _BAT_PRODUCT, 64: _BAT_PRODUCT, 65: _BAT_PRODUCT, 66: _BAT_PRODUCT,
        67: _XRT, 68: _XRT_PRODUCT, 69: _XRT_PRODUCT, 70: _XRT_PRODUCT, 71: _XRT_PRODUCT,
        72: _UVOT_PRODUCT, 73: _UVOT_PRODUCT, 74: _XRT_PRODUCT, 75: _XRT_PRODUCT, 76: _XRT_PRODUCT,
        77: _XRT_PRODUCT, 78: _XRT_PRODUCT, 79: _UVOT_PRODUCT, 80: _UVOT_PRODUCT, 81: _UVOT, 82: _BAT,
        83: POINTING, 84: _BAT, 85: _XRT_PRODUCT, 88: _BAT, 89: _UVOT_PRODUCT, 97: _BAT, 98: _BAT, 99: _BAT,
        103: POINTING, 133: _BAT_PRODUCT, 140: _BAT_CANDIDATE, 141: _BAT_PRODUCT,
    },
    default_type=PacketType("BAT", opens_event=False),
    poor_position_flags=(
        Flag("Solution_Status/StarTrack_Lost_Lock"),
        Flag("Solution_Status/VERY_Lo_Image_Signif"),
        Flag("Coords_String", "pointing_direction"),
    ),
    judge=_judge,
)  # fmt: skip
