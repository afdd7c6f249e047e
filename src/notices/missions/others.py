"""Missions with little to say about themselves: one line of table each. Numbers: GCN socket packet definition."""

import re

from notices.missions.table import POINTING, Flag, Mission, PacketType, no_notice_type

_GAMMA = "gamma"

AGILE = Mission(
    name="AGILE",
    streams=("nasa.gsfc.gcn/agile",),
    band=_GAMMA,
    packet_types={105: PacketType("MCAL"), 107: POINTING},
)
KONUS = Mission(name="Konus", streams=("nasa.gsfc.gcn/konus",), band=_GAMMA, default_type=PacketType("Konus-Wind"))
IPN = Mission(name="IPN", streams=("nasa.gsfc.gcn/ipn",), band=_GAMMA)
HETE = Mission(name="HETE", streams=("nasa.gsfc.gcn/hete",), band=_GAMMA, event_id_bits=16, packet_types={45: POINTING})
CGRO = Mission(
    name="CGRO", streams=("nasa.gsfc.gcn/gro",), band=_GAMMA, default_type=PacketType("BATSE"),
    test_id=re.compile(r"^(-1|0*9{5})$"),
)  # fmt: skip
CALET = Mission(
    name="CALET",
    streams=("nasa.gsfc.gcn/calet",),
    band=_GAMMA,
    default_type=PacketType("GBM", position_is_source=False),
)
"""RA, Dec are where its zenith looked."""
SUZAKU = Mission(name="Suzaku", streams=("nasa.gsfc.gcn/suzaku",), band=_GAMMA, default_type=PacketType("WAM"))
BURSTCUBE = Mission(name="BurstCube", streams=("nasa.gsfc.gcn/burstcube",), band=_GAMMA)
COUNTERPART = Mission(name="Counterpart", streams=("nasa.gsfc.gcn/counterpart",), band="x-ray")
SNEWS = Mission(name="SNEWS", streams=("nasa.gsfc.gcn/snews",), band="neutrino")
SUPER_KAMIOKANDE = Mission(name="Super-Kamiokande", streams=("nasa.gsfc.gcn/sk",), band="neutrino")
HESS = Mission(
    name="HESS", streams=("hess/",), band=_GAMMA, notice_type=no_notice_type, test_flags=(Flag("isTest"),)
)  # fmt: skip

MISSIONS = (
    AGILE, KONUS, IPN, HETE, CGRO, CALET, SUZAKU, BURSTCUBE, COUNTERPART, SNEWS, SUPER_KAMIOKANDE, HESS,
)  # fmt: skip
