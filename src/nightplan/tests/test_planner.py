"""The resident planner, and what holds for every plan."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from nightplan import Change, Fixed, Instance, InstanceError, Planner, Schedule, check, compiled, plan, sample
from nightplan.tests.nights import night, sequence


def starts(schedule: Schedule) -> list[tuple[str, str, float]]:
    return [(o.sequence, o.telescope, o.start_s) for o in schedule.observations]


def test_the_same_instance_seed_and_iterations_give_the_same_schedule() -> None:
    first = plan(sample.night(), iterations=80, seed=3)
    second = plan(sample.night(), iterations=80, seed=3)
    assert starts(first) == starts(second)
    assert first.bound == second.bound


def test_plain_and_compiled_kernels_give_the_same_schedule() -> None:
    if not compiled.usable():
        pytest.skip("the kernels are not compiled ahead: python -m nightplan --compile")
    fast = plan(sample.night(), iterations=40)
    compiled.use_plain(True)
    try:
        plain = plan(sample.night(), iterations=40)
    finally:
        compiled.use_plain(False)
    assert starts(plain) == starts(fast)


def test_each_better_schedule_is_reported_and_is_feasible() -> None:
    instance, seen = sample.night(), list[Schedule]()
    last = plan(instance, iterations=100, progress=seen.append)
    assert seen
    assert [s.value for s in seen] == sorted(s.value for s in seen)
    assert seen[-1].value <= last.value
    assert all(check(instance, s) == [] for s in seen)


def test_an_alert_is_let_in_at_once_where_it_is_worth_what_it_displaces() -> None:
    planner = Planner(night(*(sequence(x, 850.0) for x in "ABCD")), time_limit_s=0.05)
    assert len(planner.schedule.observations) == 4
    alert = sequence("GRB", 300.0, 1000.0, windows={"T1": ((1000.0, 1500.0),)})
    schedule = planner.replan(Change(now_s=900.0, sequences=(alert,)), 0.0)
    assert "GRB" in {o.sequence for o in schedule.observations}
    assert check(planner.instance, schedule) == []


def test_a_closure_moves_out_what_it_covers_and_leaves_the_rest() -> None:
    planner = Planner(sample.night(), time_limit_s=0.1)
    before = {o.sequence: o.start_s for o in planner.schedule.observations if o.telescope == "T2" and o.end_s < 3000}
    schedule = planner.replan(Change(unavailable_s={"T1": ((5000.0, 9000.0),)}), 0.0)
    assert check(planner.instance, schedule) == []
    assert not [o for o in schedule.observations if o.telescope == "T1" and o.start_s < 9000 and o.end_s > 5000]
    after = {o.sequence: o.start_s for o in schedule.observations}
    assert {s: after.get(s) for s in before} == before


def test_a_cancelled_sequence_is_gone_and_its_cadence_ends_before_it() -> None:
    planner = Planner(sample.night(), time_limit_s=0.1)
    schedule = planner.replan(Change(cancelled=("S9",)), 0.05)
    assert check(planner.instance, schedule) == []
    assert {"S9", "S10"}.isdisjoint({o.sequence for o in schedule.observations} - {"S10"})
    assert [g.members for g in planner.instance.groups if g.id == "G3"] == [("S8",)]


def test_when_nothing_happened_nothing_is_lost_moved_to_another_telescope_or_made_later() -> None:
    planner = Planner(sample.night(), time_limit_s=0.2)
    old = starts(planner.schedule)
    slewed_to = {t: next(row for row in old if row[1] == t and row[2] > 3000.0) for t in ("T1", "T2")}
    under_way = tuple(Fixed(*row) for row in old if row[2] <= 3000.0 or row in slewed_to.values())
    new = starts(planner.replan(Change(now_s=3000.0, fixed=under_way), 0.0))
    at = {row[:2]: row[2] for row in new}
    assert not [row for row in old if at.get(row[:2], math.inf) > row[2] + 1e-6]  # none lost, moved or later


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (Change(cancelled=("X",)), "cancelled names 'X': no such sequence"),
        (Change(cancelled=("S0",)), "cancelled names 'S0', which is fixed"),
        (Change(unavailable_s={"T9": ((0, 1),)}), "unavailable_s names 'T9': no such telescope"),
        (Change(fixed=(Fixed("X", "T1", 0),)), "fixed names sequence 'X': no such sequence"),
    ],
)
def test_a_change_that_contradicts_the_night_is_refused_and_the_old_plan_stays(change: Change, message: str) -> None:
    planner = Planner(sample.night(), time_limit_s=0.0)
    old = planner.schedule
    with pytest.raises(InstanceError, match=message):
        planner.replan(change, 0.0)
    assert planner.schedule is old


def test_the_command_line_writes_a_schedule_that_can_be_read_back(tmp_path: Path) -> None:
    (tmp_path / "in.json").write_text(json.dumps(sample.night().to_json()))
    done = run("in.json", "-o", "out.json", "--iterations", "20", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    document = json.loads((tmp_path / "out.json").read_text())
    assert document["format"] == "obsnight-1"
    assert document["instance"] == "sample"
    assert 0 < document["value"] <= document["bound"]
    assert all(set(o) <= {"sequence", "telescope", "start_s", "comment"} for o in document["observations"])
    assert all(r["code"] and r["reason"] for r in document["rejected"])


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [("{", 2, "not JSON"), ("{}", 2, "format is None"), (None, 1, "No such file")],
)
def test_bad_input_ends_the_command_with_a_word_on_standard_error(
    text: str | None, code: int, message: str, tmp_path: Path
) -> None:
    if text is not None:
        (tmp_path / "in.json").write_text(text)
    done = run("in.json", "-o", "out.json", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert not (tmp_path / "out.json").exists()


def test_a_mandatory_sequence_without_a_place_ends_the_command_with_1_and_the_rest_is_written(tmp_path: Path) -> None:
    instance: Instance = sample.night(12)
    lost = replace(instance.sequences[11], mandatory=True, windows={})
    instance = replace(instance, sequences=(*instance.sequences[:11], lost))
    (tmp_path / "in.json").write_text(json.dumps(instance.to_json()))
    done = run("in.json", "-o", "out.json", "--iterations", "5", cwd=tmp_path)
    assert done.returncode == 1
    assert "S11: mandatory, but never visible tonight" in done.stderr
    assert json.loads((tmp_path / "out.json").read_text())["observations"]


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "nightplan", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=60)
