"""`python -m ephemeris`: see `ephemeris.cli`."""

from .cli import main

raise SystemExit(main())
