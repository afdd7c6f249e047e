"""An event that a signal handler may set.

`threading.Event` may not: a handler runs in the main thread between any two bytecodes, so also while that thread
holds the event's own lock in `wait`; `set` then waits for it for ever, and the process neither stops nor works.
(Seen in the terminal view: a resize and a Ctrl-C at the same moment.) `queue.SimpleQueue.put` is reentrant.
"""

from __future__ import annotations

import queue


class SignalSafeEvent:
    """`threading.Event` for one waiting thread, with a `set` that signal handlers and other threads may call."""

    def __init__(self) -> None:
        self._set = False
        self._bell: queue.SimpleQueue[None] = queue.SimpleQueue()

    def is_set(self) -> bool:
        """Whether it was set and not cleared since."""
        return self._set

    def set(self) -> None:
        """Set it and wake the waiting thread."""
        self._set = True
        self._bell.put(None)

    def clear(self) -> None:
        """Make it unset, for the next `wait`. What is set meanwhile at worst makes a later wait return early."""
        self._set = False

    def wait(self, timeout_real_s: float) -> bool:
        """Wait until it is set, at most so many real seconds; tells whether it is."""
        if not self._set:
            try:
                self._bell.get(timeout=max(0.0, timeout_real_s))
            except queue.Empty:
                return self._set
        return self._set
