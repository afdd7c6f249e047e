"""`python -m nightplan INSTANCE.json -o SCHEDULE.json`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from nightplan import Instance, InstanceError, compiled, exercise, plan

EXAMPLE = """example:
  python -m nightplan tonight.json -o schedule.json --time-limit 1 --seed 1

Formats: “obsnight-1” (README.md). Several instances: -o names a folder. Exit code 2: the instance is not valid;
1: it could not be planned (a file cannot be read or written, or a mandatory sequence has no place)."""


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m nightplan",
        description="Plan a night: the schedule of highest value, with reasons and a proven bound.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("instances", nargs="*", type=Path, metavar="INSTANCE.json")
    parser.add_argument("-o", "--output", type=Path, help="the schedule; standard output if not given")
    parser.add_argument("--time-limit", type=float, default=1.0, metavar="S", help="seconds to search (default 1)")
    parser.add_argument("--seed", type=int, default=0, help="for the random search (default 0)")
    parser.add_argument("--iterations", type=int, help="search steps, instead of a time limit: repeatable to the bit")
    parser.add_argument("--compile", action="store_true", help="compile the kernels ahead (at install), then end")
    options = parser.parse_args(arguments)
    if options.compile:
        return _compile()
    if not options.instances:
        parser.error("give an instance, or --compile")
    if options.time_limit < 0:
        parser.error(f"--time-limit is {options.time_limit}: give seconds, 0 or more")
    if compiled.usable():
        exercise()  # the time limit is for searching, not for loading the kernels
    return max(_one(path, options, several=len(options.instances) > 1) for path in options.instances)


def _one(path: Path, options: argparse.Namespace, *, several: bool) -> int:
    try:
        document = json.loads(path.read_text("utf-8"))
    except OSError as error:
        return _fail(1, f"{path}: {error.strerror}")
    except ValueError as error:
        return _fail(2, f"{path}: not JSON: {error}")
    try:
        instance = Instance.from_json(document)
        schedule = plan(instance, time_limit_s=options.time_limit, seed=options.seed, iterations=options.iterations)
    except InstanceError as error:
        return _fail(2, f"{path}: {error}")
    text = json.dumps(schedule.to_json(), ensure_ascii=False, indent=None if several else 1)
    if options.output is None:
        print(text)
    else:
        target = options.output / path.name if several or options.output.is_dir() else options.output
        try:
            _write(target, text)
        except OSError as error:
            return _fail(1, f"{target}: {error.strerror}")
    if not schedule.complete:
        lost = [r for r in schedule.rejected if r.reason.startswith("mandatory")]
        told = "; ".join(f"{r.sequence}: {r.reason}" for r in lost) or "a group begun cannot be completed"
        return _fail(1, f"{path}: not every rule can be kept: {told}")
    return 0


def _write(target: Path, text: str) -> None:
    temporary = target.with_name(target.name + ".tmp")
    with temporary.open("w", encoding="utf-8") as handle:
        handle.write(text + "\n")
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(target)


def _compile() -> int:
    try:
        compiled.compile_ahead()
    except (ImportError, OSError) as error:
        return _fail(1, f"cannot compile ahead ({error}); plans are made by the plain kernels, more slowly")
    return 0


def _fail(code: int, message: str) -> int:
    print(message, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
