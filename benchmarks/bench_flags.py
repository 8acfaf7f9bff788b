"""Flags of a file of procurement releases: megabytes for each second of one core, against ocdscardinal.

The file is made up (`releases.py`): so many bytes a release, bids and awards a process as publishers of such files
have. `OCDSCARDINAL` names the command of ocdscardinal, whose indicators are then timed on the
same file in one thread; its Python package has no indicators, but counts the fields of a file, too.
"""

from __future__ import annotations

import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import ocdscardinal

from benchmarks.releases import lines
from benchmarks.timing import Line, Said
from wholenation.audit.ocds import CODES, Mode, Settings, audit_releases

RELEASES = 10_000
PADDING = 5_000  # bytes a release that no indicator reads, most of them in lists of items


def run(smoke: bool) -> Iterator[Said]:
    """Megabytes a CPU-second in both modes, and the ratio to ocdscardinal on the same file."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "releases.jsonl"
        file.write_bytes(b"".join(lines(1, 200 if smoke else RELEASES, padding=PADDING)))
        size, runs = file.stat().st_size / 1e6, 1 if smoke else 5
        settings = Settings(currency="USD")

        def flags(mode: Mode) -> Callable[[], object]:
            return lambda: audit_releases(str(file), mode=mode, settings=settings)

        ours = cpu_seconds(flags(Mode.CARDINAL), runs)
        yield Line(f"cardinal mode, {size:.0f} MB", size / ours, "MB/CPU-s", 150, at_least=True)
        yield Line(
            "corrected mode", size / cpu_seconds(flags(Mode.CORRECTED), runs), "MB/CPU-s", 150, at_least=True
        )
        counting = cpu_seconds(lambda: ocdscardinal.coverage(str(file)), runs)
        yield Line("ocdscardinal's counting of fields / our indicators", counting / ours, "×")
        command = os.environ.get("OCDSCARDINAL")
        if command is None:
            yield "ocdscardinal's indicators: not timed, since OCDSCARDINAL names no command"
            return
        ini = Path(folder) / "settings.ini"
        ini.write_text("currency = USD\n" + "".join(f"[{code}]\n" for code in CODES), encoding="utf-8")
        asked = [command, "indicators", "--settings", str(ini), str(file)]
        theirs = median(child_seconds(asked) for _ in range(runs))
        yield Line("ocdscardinal's indicators", size / theirs, "MB/CPU-s")
        yield Line("ocdscardinal's indicators / ours", theirs / ours, "×", 1.0, at_least=True)


def cpu_seconds(function: Callable[[], object], runs: int) -> float:
    """Median CPU time of this process."""
    taken = []
    for _ in range(runs):
        start = time.process_time()
        function()
        taken.append(time.process_time() - start)
    return median(taken)


def child_seconds(command: list[str]) -> float:
    """CPU time of a command in one thread."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    alone = {**os.environ, "RAYON_NUM_THREADS": "1"}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=alone)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
