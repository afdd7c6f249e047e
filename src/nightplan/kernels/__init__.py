"""The inner loops: plain functions over `nightplan.arrays`, compiled ahead where numba is at hand."""
