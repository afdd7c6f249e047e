"""`python -m notices FILE…`: what is in these notices, a JSON object a line."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from notices.notice import Notice, NoticeRefused
from notices.parsing import parse

KEYS = (
    "file", "format", "ivorn", "mission", "notice_type", "packet_type", "event_id", "ra_deg", "dec_deg", "error_deg",
    "trigger_time_utc", "time_is_trigger", "notice_time_utc", "is_test", "is_retraction", "is_grb", "cites",
)  # fmt: skip

_EPILOG = """\
Every line has these keys, null where the notice does not say: file, format, ivorn (for JSON the $schema it names),
mission, notice_type, packet_type, event_id, ra_deg, dec_deg, error_deg (radius as stated), trigger_time_utc,
time_is_trigger, notice_time_utc, is_test, is_retraction, is_grb, cites (a list of cite:ivorn).
A notice that is refused has `error` and `code` besides, and nulls. FILE may be - for standard input.

example:
  python -m notices alerts/*.xml | jq -r 'select(.is_test == false) | [.mission, .ra_deg, .dec_deg] | @tsv'

Exit code: 0 every file was read (refused notices are answers too), 2 a file could not be opened.
"""


def _date(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment is not None else None


def as_line(file: str, notice: Notice) -> dict[str, Any]:
    """The keys of the command line's answer, from a Notice."""
    is_json, is_transport = notice.format == "JSON", notice.format.startswith("Transport")
    identifier = notice.extra.get("$schema") if is_json else None if is_transport else notice.ivorn
    time_is_trigger = notice.time_is_trigger if notice.mission != "VTP" else None
    return {
        "file": file, "format": notice.format, "ivorn": identifier, "mission": notice.mission,
        "notice_type": notice.notice_type, "packet_type": notice.packet_type, "event_id": notice.event_id,
        "ra_deg": notice.ra_deg, "dec_deg": notice.dec_deg, "error_deg": notice.error_deg,
        "trigger_time_utc": _date(notice.trigger_time_utc), "time_is_trigger": time_is_trigger,
        "notice_time_utc": _date(notice.notice_time_utc), "is_test": None if is_transport else notice.is_test,
        "is_retraction": notice.is_retraction, "is_grb": notice.is_grb, "cites": [str(cite) for cite in notice.cites],
    }  # fmt: skip


def read(file: str, raw: bytes) -> dict[str, Any]:
    """The answer for one file's bytes, `error` included."""
    try:
        return as_line(file, parse(raw))
    except NoticeRefused as refusal:
        return dict.fromkeys(KEYS) | {"file": file, "error": refusal.sentence, "code": refusal.code}


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m notices", description=__doc__, epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("files", nargs="+", metavar="FILE", help="a VOEvent (XML) or a GCN notice (JSON)")
    failed = False
    for file in parser.parse_args(arguments).files:
        try:
            raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        except OSError as error:
            print(f"notices: {file}: {error.strerror or error}", file=sys.stderr)
            answer = dict.fromkeys(KEYS) | {"file": file, "error": str(error), "code": "CANNOT_READ"}
            failed = True
        else:
            answer = read(file, raw)
        print(json.dumps(answer, allow_nan=False))
    return 2 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
