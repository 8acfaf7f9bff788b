"""The planner beside other ways to the same answer: the extensive form by HiGHS, and mpi-sppy.

All get the programme of the same samples, and end at the same gap or at the same limit. A peer that does not end is
named, and the ratio is then the least that it can be.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.apart import RISK, Found, Question, apart, repeated, setting_of
from benchmarks.bench_plan import GAP, SMALL, instances
from benchmarks.peers import (
    PYTHON,
    Failed,
    NotInstalled,
    mpisppy_extensive,
    mpisppy_lshaped,
    mpisppy_ph,
)
from benchmarks.timing import Line, Part, Said, going_on
from wholenation.plans.setting import draw
from wholenation.plans.stages import to_stages

EXTENSIVE, EXTENSIVE_LIMIT = (10, 50, 200), 600.0
SAMPLES, LIMIT = 10, 300.0
WAYS = {"L-shaped method": mpisppy_lshaped, "hedging": mpisppy_ph, "extensive form": mpisppy_extensive}


def extensive(smoke: bool) -> Iterator[Said]:
    """The same programme as one problem for HiGHS, with more samples until it no longer ends."""
    for instance in instances(smoke):
        for samples in (SMALL,) if smoke else EXTENSIVE:
            limit = 10.0 if smoke else EXTENSIVE_LIMIT
            ours = repeated(Question(instance, samples, GAP, limit), 1 if smoke else 3)
            theirs = apart(Question(instance, samples, GAP, limit, method="extensive"))
            what = f"{instance}, {samples} samples: extensive form / ours"
            yield ratio(what, theirs.ended, theirs.seconds / ours.seconds, 10.0)
            yield f"{instance}, {samples} samples: the extensive form {told(theirs)}; ours {told(ours)}"
            if not theirs.ended:
                break


def mpisppy(smoke: bool) -> Iterator[Said]:
    """mpi-sppy's methods on the exported programme, and ours, each in one process."""
    samples, limit = (SMALL, 10.0) if smoke else (SAMPLES, LIMIT)
    for instance in instances(smoke):
        setting = setting_of(instance)
        drawn = draw(setting, samples, 0)
        stages = to_stages(
            setting.menu, setting.network, setting.horizon, setting.futures, drawn, RISK
        ).stages
        ours = repeated(Question(instance, samples, GAP, limit, workers=1), 1 if smoke else 3)
        for name, run in WAYS.items():
            going_on(f"{instance}, {samples} samples, mpi-sppy's {name}, at most {limit:.0f} s")
            try:
                theirs = run(stages, GAP, limit, PYTHON)
            except NotInstalled as why:
                yield f"mpi-sppy's {name} is skipped: {why}"
                continue
            except Failed as why:
                yield f"{instance}, {samples} samples: mpi-sppy's {name} {why}"
                continue
            ended = theirs.gap <= GAP
            what = f"{instance}, {samples} samples: mpi-sppy's {name} / ours"
            yield ratio(what, ended, theirs.seconds / ours.seconds, 1.0)
            yield f"{instance}, {samples} samples: ours {told(ours)}; mpi-sppy's {name} " + (
                f"took {theirs.seconds:.1f} s"
                if ended
                else f"did not end within {theirs.seconds:.0f} s; the gap was {theirs.gap:.1%}"
            )


def ratio(what: str, ended: bool, value: float, wanted: float) -> Line:
    """How much longer a peer takes; if it did not end, at least so much."""
    return Line(what if ended else f"{what} (did not end)", value, "×", wanted, at_least=True)


def told(found: Found) -> str:
    """How a solve ended, in words."""
    if found.ended:
        return f"took {found.seconds:.1f} s to a gap of {found.gap:.2%} with {found.mib:,.0f} MiB"
    known = f"the gap was {found.gap:.1%}" if found.gap < 1 else "there was no plan with a bound"
    return f"did not end within {found.seconds:.0f} s; {known}, with {found.mib:,.0f} MiB"


PARTS = {
    "extensive": Part(extensive, "beside the extensive form, solved whole by HiGHS", 75),
    "mpisppy": Part(mpisppy, "beside mpi-sppy on the exported programme, where PEER_PYTHON has it", 60),
}
