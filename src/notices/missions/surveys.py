"""Optical and radio surveys: one kind of notice each, no GCN number."""

import re

from notices.missions.table import Mission, PacketType, no_notice_type

GAIA = Mission(
    name="Gaia",
    streams=("gaia.cam.uk/", "gaia.cam.ac.uk/"),
    band="optical",
    event_id_params=("alert identifier",),
    event_id_in_fragment=re.compile(r"^(Gaia\d\d[a-z]+)$"),
    notice_type=no_notice_type,
)
"""Its times are TDB: some 69 s ahead of UTC."""

ASASSN = Mission(
    name="ASAS-SN",
    streams=("voevent.4pisky.org/asassn",),
    band="optical",
    event_id_params=(),
    notice_type=no_notice_type,
)

UTMOST = Mission(
    name="UTMOST",
    streams=("au.edu.swin/utmost",),
    band="radio",
    event_id_params=(),
    notice_type=no_notice_type,
)

MOA = Mission(
    name="MOA",
    streams=("nasa.gsfc.gcn/moa",),
    band="optical",
    packet_types={139: PacketType("MOA", opens_event=False)},
)
"""Microlensing: hours to months, no burst."""

FOLLOW_UP_REQUESTS = Mission(
    name="4PiSky",
    streams=("voevent.4pisky.org/alarrm",),
    event_id_params=(),
    notice_type=no_notice_type,
    default_type=PacketType(time_is_trigger=False, opens_event=False),
)

MISSIONS = (GAIA, ASASSN, UTMOST, MOA, FOLLOW_UP_REQUESTS)
