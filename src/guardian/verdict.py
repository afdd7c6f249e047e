"""What the guardian concludes: reasons and the verdict made of them."""

from __future__ import annotations

from dataclasses import dataclass

from guardian.vocabulary import Safety


@dataclass(frozen=True, slots=True)
class Reason:
    """One cause, told by a code for programs and a sentence for people."""

    code: str
    sentence: str
    source: str
    level: Safety = Safety.UNSAFE
    quantity: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The safety verdict of one moment. Times are on the clock's monotonic scale."""

    safety: Safety
    reasons: tuple[Reason, ...]
    """Why it is not SAFE; empty exactly when it is."""
    warnings: tuple[Reason, ...]
    """What is worth knowing and closes nothing: advisory sources, disagreements, overridden sensors."""
    holdoff_until_s: float | None
    """When the last running holdoff ends; None when none runs."""
    since_s: float
    """When `safety` took its present value."""
    closes_tonight: int
    starting: bool = False
    """Whether first readings are still being waited for and nothing known is bad."""

    @property
    def is_safe(self) -> bool:
        return self.safety is Safety.SAFE
