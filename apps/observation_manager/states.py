"""The life cycles of runs, album runs and images."""

from apps.observation_manager.models import ImageState as I
from apps.observation_manager.models import RunState as R
from pyros.statetable import StateTable

_RUN = {
    R.ACTIVE: frozenset({R.COMPLETED, R.INTERRUPTED, R.FAILED}),
    R.COMPLETED: frozenset[str](),
    R.INTERRUPTED: frozenset[str](),
    R.FAILED: frozenset[str](),
}

RUN = StateTable("run", _RUN)
ALBUM_RUN = StateTable("album_run", _RUN)

IMAGE = StateTable(
    "image",
    {
        I.EXPOSING: frozenset({I.STORED, I.ABORTED, I.FAILED}),
        I.STORED: frozenset(),
        I.ABORTED: frozenset(),
        I.FAILED: frozenset(),
    },
)
