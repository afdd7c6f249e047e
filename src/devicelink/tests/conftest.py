from __future__ import annotations

from collections.abc import Iterator

import pytest

from devicelink.tests.peer import Served, Telescope


@pytest.fixture
def served() -> Iterator[Served]:
    with Served() as served:
        yield served


@pytest.fixture
def telescope(served: Served) -> Telescope:
    return served.serve(Telescope)
