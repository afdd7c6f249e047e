"""Fermi. GBM radii are one standard deviation, statistics only: a systematic error of 3.7 degrees is added.

The systematic figure is the core of the model of Connaughton et al. 2015 (ApJS 216, 32). LAT radii are 90 %.
"""

from dataclasses import replace

from notices.missions.table import POINTING, Mission, PacketType, Verdict
from notices.params import Params

GBM_SYSTEMATIC_DEG = 3.7

_GBM = PacketType("GBM", containment=0.68, error_sigmas=1.0, systematic_deg=GBM_SYSTEMATIC_DEG)
_GBM_CANDIDATE = replace(_GBM, opens_event=False)  # below threshold: company for other events
_GBM_PRODUCT = PacketType("GBM", opens_event=False)
_LAT = PacketType("LAT")
_LAT_KNOWN = PacketType("LAT", opens_event=False)

_FLIGHT_POSITION = 111
_GRB = 4
_CLASSES = {
    0: "error", 1: "unreliable location", 2: "local particles", 3: "below horizon", 4: "GRB", 5: "soft gamma repeater",
    6: "generic transient", 7: "distant particles", 8: "solar flare", 9: "Cyg X-1", 10: "SGR 1806-20",
    11: "GRO J0422+32", 19: "terrestrial gamma-ray flash",
}  # fmt: skip


def _judge(params: Params, packet_type: int | None) -> Verdict:
    """The flight software names the most likely class, in flight positions only; ground positions inherit it."""
    if params.flag("Trigger_ID/Def_NOT_a_GRB"):
        return Verdict(False, "Def_NOT_a_GRB")
    if packet_type != _FLIGHT_POSITION:
        return Verdict()
    index = params.integer("Most_Likely_Index")
    if index is None:
        return Verdict()
    probability = params.text("Most_Likely_Prob")
    text = f"class {index}, {_CLASSES.get(index, 'unknown')}" + (f", {probability} %" if probability else "")
    return Verdict(None if index == 0 else index == _GRB, text)


MISSION = Mission(
    name="Fermi",
    streams=("nasa.gsfc.gcn/fermi", "nasa.gsfc.gcn/glast"),
    band="gamma",
    packet_types={
        110: _GBM, 111: _GBM, 112: _GBM, 113: _GBM_PRODUCT, 114: _GBM, 115: _GBM, 119: _GBM, 131: _GBM_CANDIDATE,
        120: _LAT, 121: _LAT, 122: _LAT, 123: _LAT_KNOWN, 124: _LAT, 125: _LAT_KNOWN, 127: _LAT, 128: _LAT,
        126: POINTING, 129: POINTING,
    },
    types_by_name={"GBM": 112, "LAT": 121},
    judge=_judge,
)  # fmt: skip
