"""The instances that lie beside a checkout, judged by the checker that lies with them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from nightplan import Instance, check, plan

FOLDER = Path(__file__).parents[4] / "shared" / "scheduling"
INSTANCES = sorted((FOLDER / "instances").glob("*.json")) if FOLDER.is_dir() else []

pytestmark = pytest.mark.skipif(not INSTANCES, reason="../shared/scheduling is not beside this checkout")


@pytest.mark.parametrize("path", INSTANCES, ids=lambda p: p.stem)
@pytest.mark.parametrize("time_limit_s", [0.0, 0.5])
def test_the_judge_finds_no_violation(path: Path, time_limit_s: float, tmp_path: Path) -> None:
    instance = Instance.from_json(json.loads(path.read_text("utf-8")))
    schedule = plan(instance, time_limit_s=time_limit_s, seed=1)
    assert check(instance, schedule) == []
    (tmp_path / "schedule.json").write_text(json.dumps(schedule.to_json()))
    judge = [sys.executable, str(FOLDER / "checker.py"), str(path), str(tmp_path / "schedule.json")]
    done = subprocess.run(judge, capture_output=True, text=True, check=False, timeout=60)
    verdict = json.loads(done.stdout)
    assert verdict["errors"] == []
    assert verdict["value"] == pytest.approx(schedule.value)
    assert schedule.value <= schedule.bound
