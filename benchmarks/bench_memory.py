"""Peak resident memory of a measure and of a plan, each in a Python of its own."""

from __future__ import annotations

from benchmarks.timing import EXAMPLE, HOME, Line, peak_mebibytes

READ = f"import wholenation as wn; chain = wn.read_chain({str(EXAMPLE)!r})\n"
LIMIT = 2048.0


def run(smoke: bool) -> list[Line]:
    """MiB, beside a Python that has only loaded the frames' library."""
    samples, gap, limit = (3, 0.2, 30) if smoke else (30, 0.01, 600)
    measure = f"wn.measure(chain, {HOME!r}, ('USA', 'JPN', 'NLD'))"
    plan = f"wn.plan(chain, {HOME!r}, samples={samples}, gap={gap}, evaluate=0, time_limit={limit})"
    return [
        Line("import polars", peak_mebibytes("import polars"), "MiB"),
        Line("measure, three controllers and their coalition", peak_mebibytes(READ + measure), "MiB", LIMIT),
        Line(f"plan, {samples} samples", peak_mebibytes(READ + plan), "MiB", LIMIT),
    ]
