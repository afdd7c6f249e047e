"""INTEGRAL (IBAS; ended February 2025). TrigID counts revisions in its high half: 73749 is revision 1 of 8213.

A withdrawn position comes back with a negative radius and Def_NOT_a_GRB, cited as a follow-up.
"""

import re

from notices.missions.table import POINTING, Mission, PacketType, Verdict
from notices.params import Params

_IBIS = PacketType("IBIS")


def _judge(params: Params, packet_type: int | None) -> Verdict:
    return Verdict(False, "Def_NOT_a_GRB") if params.flag("Def_NOT_a_GRB") else Verdict()


MISSION = Mission(
    name="INTEGRAL",
    streams=("nasa.gsfc.gcn/integral",),
    band="gamma",
    event_id_bits=16,
    packet_types={51: POINTING, 52: PacketType("SPI-ACS"), 53: _IBIS, 54: _IBIS, 55: _IBIS, 56: _IBIS},
    test_id=re.compile(r"^(0+|0*9{5})$"),
    negative_radius_retracts=True,
    judge=_judge,
)
