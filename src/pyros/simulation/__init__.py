"""A whole night through the real processes: chosen, prepared, run at many times real speed, checked, reported."""
