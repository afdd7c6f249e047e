"""The life cycle of an analysis."""

from apps.analyzer.models import Analysis
from pyros.statetable import StateTable

_S = Analysis.State

ANALYSIS = StateTable(
    "analysis",
    {
        _S.QUEUED: frozenset({_S.RUNNING, _S.FAILED}),
        _S.RUNNING: frozenset({_S.DONE, _S.FAILED, _S.QUEUED}),
        _S.DONE: frozenset(),
        _S.FAILED: frozenset(),
    },
)
