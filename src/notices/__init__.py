"""Alert notices of every mission into one `Notice`; which of them are one burst; how they travel.

notice = parse(raw)                      # NoticeRefused when it is none
link = compare(EventView.of([notice]), EventView.of(others))
"""

from notices.association import AssociationSettings, EventView, Link, LinkKind, compare
from notices.best_position import best_position, event_t0, unretracted
from notices.notice import Citation, Notice, NoticeRefused
from notices.parsing import parse
from notices.redate import redate
from notices.samples import Sample, samples

__all__ = [
    "AssociationSettings",
    "Citation",
    "EventView",
    "Link",
    "LinkKind",
    "Notice",
    "NoticeRefused",
    "Sample",
    "best_position",
    "compare",
    "event_t0",
    "parse",
    "redate",
    "samples",
    "unretracted",
]
