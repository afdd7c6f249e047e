"""The format is read and written without loss; what is wrong is named."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from nightplan import Instance, InstanceError
from nightplan.sample import night


def document() -> dict[str, Any]:
    whole: dict[str, Any] = json.loads(json.dumps(night(12).to_json()))
    return whole


def test_an_instance_survives_json() -> None:
    assert json.loads(json.dumps(Instance.from_json(document()).to_json())) == document()


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("format",), "obsnight-2", "format is 'obsnight-2': give 'obsnight-1'"),
        (("horizon_s",), None, "horizon_s is None: give a finite number"),
        (("sequences", 1, "duration_s"), 0, "sequences[S1].duration_s is 0: give a number above 0"),
        (("sequences", 1, "duration_s"), True, "sequences[S1].duration_s is True: give a finite number"),
        (("sequences", 1, "priority"), "high", "sequences[S1].priority is 'high': give a finite number"),
        (("sequences", 1, "dec_deg"), 91, "sequences[S1].dec_deg is 91: give a number between -90 and 90"),
        (("sequences", 1, "program"), "X", "sequences[S1].program is 'X': list that program under programs"),
        (("sequences", 1, "id"), "S2", "sequences has 'S2' twice: every id stands once"),
        (("sequences", 1, "windows"), [], "sequences[S1].windows is []: give an object"),
        (("sequences", 1, "windows", "T1"), [[9, 3]], "windows.T1 holds [9, 3]: it ends before it begins"),
        (("sequences", 1, "windows", "T1"), [[9]], "sequences[S1].windows.T1 holds [9]: give [from_s, to_s]"),
        (("sequences", 1, "windows", "T9"), [[1, 2]], "sequences[S1].windows names 'T9': no such telescope"),
        (("telescopes", 0, "rate_deg_s"), 0, "telescopes[T1].rate_deg_s is 0: give a number above 0"),
        (("telescopes", 0, "initial", "dec_deg"), None, "telescopes[T1].initial: give both ra_deg and dec_deg"),
        (("groups", 0, "kind"), "some", "groups[G1].kind is 'some': give one of all_or_none, at_most_one, cadence"),
        (("groups", 0, "members"), ["S3", "S99"], "groups[G1].members names 'S99': no such sequence"),
        (("groups", 2, "gap_max_s"), 5, "groups[G3].gap_max_s is 5: give a number between 1500.0 and inf"),
        (("fixed", 0, "telescope"), "T9", "fixed[S0].telescope is 'T9': no such telescope"),
        (("sequences",), {}, "sequences is dict: give a list"),
        (("sequences", 1), 7, "sequences[1] is 7: give an object"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_field_and_its_remedy(path: tuple[Any, ...], value: Any, message: str) -> None:
    broken = copy.deepcopy(document())
    place: Any = broken
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(InstanceError) as caught:
        Instance.from_json(broken)
    assert message in str(caught.value)


def test_a_missing_field_is_named() -> None:
    broken = document()
    del broken["sequences"][0]["ra_deg"]
    with pytest.raises(InstanceError, match=r"sequences\[S0\]\.ra_deg is missing"):
        Instance.from_json(broken)
