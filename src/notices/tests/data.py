"""Where the real notices lie, for those tests that read them; and one small VOEvent to vary."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[3] / ".." / "shared" / "data"
NOTICES = SHARED / "notices"

needs_notices = pytest.mark.skipif(
    not (NOTICES / "index.csv").exists(), reason="real notices are not here: put them at ../shared/data/notices"
)
needs_traffic = pytest.mark.skipif(
    not (SHARED / "traffic-2019-11-06.tar.xz").exists(), reason="a day's real traffic is not at ../shared/data"
)

POSITION = (
    '<Position2D unit="deg"><Value2><C1>10.5</C1><C2>-20.25</C2></Value2><Error2Radius>0.05</Error2Radius></Position2D>'
)


def voevent(
    ivorn: str = "ivo://nasa.gsfc.gcn/SWIFT#BAT_GRB_Pos_700001-001",
    *,
    role: str = "observation",
    version: str = "2.0",
    params: str = '<Param name="Packet_Type" value="61"/><Param name="TrigID" value="700001"/>',
    time: str = "2026-11-20T03:04:05.50",
    coordinates: str = "UTC-FK5-GEO",
    position: str = POSITION,
    observatory: str = "",
    tail: str = "",
    namespace: str | None = None,
) -> bytes:
    """A VOEvent made here. `namespace` None takes the version's own, empty leaves it out."""
    if namespace is None:
        namespace = f"http://www.ivoa.net/xml/VOEvent/v{version}"
    prefix, declaration = ("voe:", f' xmlns:voe="{namespace}"') if namespace else ("", "")
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<{prefix}VOEvent{declaration} ivorn="{ivorn}" role="{role}" version="{version}">
<Who><AuthorIVORN>ivo://test/author</AuthorIVORN><Date>2026-11-20T03:04:30</Date></Who>
<What>{params}</What>
<WhereWhen><ObsDataLocation><ObservatoryLocation>{observatory}</ObservatoryLocation><ObservationLocation>
<AstroCoordSystem id="{coordinates}"/><AstroCoords coord_system_id="{coordinates}">
<Time unit="s"><TimeInstant><ISOTime>{time}</ISOTime></TimeInstant></Time>{position}
</AstroCoords></ObservationLocation></ObsDataLocation></WhereWhen>{tail}
</{prefix}VOEvent>""".encode()


def placed(ra: str, dec: str, radius: str | None = None, unit: str = ' unit="deg"') -> str:
    """A Position2D element."""
    error = "" if radius is None else f"<Error2Radius>{radius}</Error2Radius>"
    return f"<Position2D{unit}><Value2><C1>{ra}</C1><C2>{dec}</C2></Value2>{error}</Position2D>"
