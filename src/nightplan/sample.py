"""A small made-up night with one of everything: for a first try, for compiling the kernels ahead, and for tests."""

from __future__ import annotations

from nightplan.instance import Fixed, Group, Instance, Pointing, Program, Sequence, Telescope

_FILTERS = ("g", "r", "i")


def night(count: int = 40) -> Instance:
    """Two telescopes, two programs, groups of each kind, a closure, one fixed and one mandatory sequence."""
    horizon_s = 14400.0
    telescopes = (
        Telescope("T1", 2.0, 5.0, 10.0, 20.0, 0, horizon_s, ((7000, 7600),), Pointing(10.0, 20.0, "g")),
        Telescope("T2", 60.0, 0.5, 15.0, 20.0, 600, horizon_s),
    )
    sequences = [_sequence(k, horizon_s) for k in range(count)]
    sequences[2] = _sequence(2, horizon_s, mandatory=True)
    groups = (
        Group("G1", "all_or_none", ("S3", "S4")),
        Group("G2", "at_most_one", ("S5", "S6", "S7")),
        Group("G3", "cadence", ("S8", "S9", "S10"), 1500.0, 2100.0),
    )
    return Instance(
        name="sample",
        horizon_s=horizon_s,
        telescopes=telescopes,
        programs=(Program("P1", 9000.0), Program("P2", 20000.0)),
        sequences=tuple(sequences),
        groups=groups,
        fixed=(Fixed("S0", "T1", 120.0),),
        t0_jd=2461365.75,
    )


def _sequence(k: int, horizon_s: float, *, mandatory: bool = False) -> Sequence:
    begin = 0.0 if k in (0, 2, 8, 9, 10) else (k * 611.0) % 7200.0
    end = min(horizon_s, begin + 3600.0 + (k * 977.0) % 7200.0) if begin else horizon_s
    return Sequence(
        id=f"S{k}",
        program=f"P{1 + k % 2}",
        ra_deg=(k * 37.0) % 360.0,
        dec_deg=-30.0 + (k * 13.0) % 90.0,
        filter=_FILTERS[k % 3],
        duration_s=120.0 + (k * 173.0) % 900.0,
        priority=1 + (k * 29) % 100,
        windows={"T1": ((begin, end),), **({"T2": ((begin, end),)} if k % 3 else {})},
        mandatory=mandatory,
    )
