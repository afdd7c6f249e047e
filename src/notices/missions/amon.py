"""AMON: IceCube and its partners. Radii are 90 % and may grow with the revision; no citations, a retraction flag."""

import re

from notices.missions.table import Flag, Mission, PacketType

ICECUBE = Mission(
    name="AMON/IceCube",
    streams=("nasa.gsfc.gcn/amon", "amon/"),
    band="neutrino",
    event_id_params=("AMON_ID", "TrigID", "ID", "event_id"),
    packet_types={159: PacketType("IceCube", opens_event=False)},
    default_type=PacketType("IceCube"),
    retraction_flags=(Flag("Trigger_ID/Retraction"),),
)

HAWC = Mission(
    name="AMON/HAWC",
    streams=("nasa.gsfc.gcn/amon#hawc", "nasa.gsfc.gcn/hawc"),
    band="gamma",
    event_id_params=("AMON_ID", "TrigID", "ID", "event_id"),
    default_type=PacketType("HAWC"),
    retraction_flags=(Flag("Trigger_ID/Retraction"),),
)

ANTARES = Mission(
    name="ANTARES",
    streams=("nasa.gsfc.gcn/antares_alert", "antares/"),
    band="neutrino",
    test_flags=(Flag("isRealAlert", "false"),),
    test_id=re.compile(r"(?!)"),
)

MISSIONS = (ICECUBE, HAWC, ANTARES)
