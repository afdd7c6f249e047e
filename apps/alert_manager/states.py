"""The life cycle of an alert."""

from apps.alert_manager.models import AlertState as A
from pyros.statetable import StateTable

ALERT = StateTable(
    "alert",
    {
        A.ACTIVE: frozenset({A.NOT_A_BURST, A.RETRACTED, A.CLOSED}),
        A.NOT_A_BURST: frozenset({A.ACTIVE, A.RETRACTED, A.CLOSED}),
        A.RETRACTED: frozenset({A.CLOSED}),
        A.CLOSED: frozenset(),
    },
)
