"""`python -m gammaray`: see `gammaray.cli`."""

from .cli import main

raise SystemExit(main())
