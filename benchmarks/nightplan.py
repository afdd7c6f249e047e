"""Scheduling: time to the first feasible plan, value and gap at a time limit, re-plan latency.

    python benchmarks/nightplan.py [--json FILE] [--limit S] [--seeds N] [FOLDER]

FOLDER holds instances and `manifest.csv` (best value known, upper bound); default ../shared/scheduling/instances.
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

# run as a script, this folder would hide the package of the same name
sys.path = [p for p in sys.path if Path(p or ".").resolve() != Path(__file__).parent.resolve()]

from nightplan import Change, Fixed, Instance, Planner, Schedule, check, compiled, plan  # noqa: E402
from nightplan.sample import night  # noqa: E402

FOLDER = Path(__file__).parents[2] / "shared" / "scheduling" / "instances"


def measure(path: Path, best: float | None, limit_s: float, seeds: int) -> dict[str, Any]:
    """One instance, planned cold with several seeds."""
    instance = Instance.from_json(json.loads(path.read_text("utf-8")))
    first, reach, values, gaps, wall, broken = [], [], [], [], [], 0
    for seed in range(seeds):
        seen: list[tuple[float, float]] = []
        began = time.monotonic()

        def note(found: Schedule, began: float = began, seen: list[tuple[float, float]] = seen) -> None:
            seen.append((time.monotonic() - began, found.value))

        schedule = plan(instance, time_limit_s=limit_s, seed=seed, progress=note)
        wall.append(time.monotonic() - began)
        zero = time.monotonic()
        plan(instance, time_limit_s=0.0, seed=seed)
        first.append(time.monotonic() - zero)
        reach += [next((at for at, value in seen if best and value >= 0.99 * best), float("nan"))]
        values.append(schedule.value)
        gaps.append(schedule.gap)
        broken += len(check(instance, schedule))
    return {
        "instance": path.stem,
        "first_ms": round(1e3 * statistics.median(first), 1),
        "reach_99_ms": round(1e3 * max(reach), 0),
        "wall_s": round(max(wall), 3),
        "value_min": min(values),
        "value_max": max(values),
        "of_best_min": round(min(values) / best, 5) if best else None,
        "of_best_max": round(max(values) / best, 5) if best else None,
        "gap_pct": round(100 * max(gaps), 2),
        "violations": broken,
    }


def replans(path: Path, count: int) -> dict[str, Any]:
    """Alerts at random times of a night: time to the first feasible plan, without improvement."""
    instance = Instance.from_json(json.loads(path.read_text("utf-8")))
    planner = Planner(instance, time_limit_s=0.3)
    took, broken = [], 0
    step = instance.horizon_s / (count + 2)
    for k in range(count):
        now_s = (k + 1) * step
        fixed = tuple(
            Fixed(o.sequence, o.telescope, o.start_s) for o in planner.schedule.observations if o.start_s <= now_s
        )
        some = instance.sequences[k % len(instance.sequences)]
        windows = {t.id: ((0.0, instance.horizon_s),) for t in instance.telescopes}
        alert = replace(some, id=f"ALERT{k}", priority=1000.0, duration_s=300.0, windows=windows, mandatory=False)
        began = time.monotonic()
        schedule = planner.replan(Change(now_s=now_s, sequences=(alert,), fixed=fixed), 0.0)
        took.append(time.monotonic() - began)
        broken += len(check(planner.instance, schedule))
    took.sort()
    return {
        "instance": path.stem,
        "replan_median_ms": round(1e3 * statistics.median(took), 2),
        "replan_p99_ms": round(1e3 * took[int(0.99 * (len(took) - 1))], 2),
        "replan_violations": broken,
    }


def main() -> int:
    """Run and print a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--limit", type=float, default=1.0, metavar="S")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--replans", type=int, default=40)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    if not options.folder.is_dir():
        print(f"{options.folder}: no such folder; name one that holds instances", file=sys.stderr)
        return 1
    manifest = options.folder / "manifest.csv"
    known = {r["file"]: float(r["best_known"]) for r in csv.DictReader(manifest.open())} if manifest.exists() else {}
    plan(night(), time_limit_s=0.05)  # kernels are loaded once a process
    Planner(night(), time_limit_s=0.02).replan(Change(now_s=300.0), 0.01)
    rows = []
    for path in sorted(options.folder.glob("*.json")):
        if options.only not in path.name:
            continue
        row = measure(path, known.get(path.name), options.limit, options.seeds)
        if options.replans:
            row |= replans(path, options.replans)
        rows.append(row)
        if len(rows) == 1:
            print("compiled kernels:", compiled.usable())
            print("  ".join(f"{k:>12}" for k in row))
        print("  ".join(f"{v!s:>{max(12, len(k))}}" for k, v in row.items()), flush=True)
    if options.json:
        figures = {"compiled": compiled.usable(), "limit_s": options.limit, "rows": rows}
        options.json.write_text(json.dumps(figures, indent=1), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
