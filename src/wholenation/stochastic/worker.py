"""A worker process: keeps its solvers warm and solves one block after another, asked and answered over pipes."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import traceback
from typing import IO, Any

from .blocks import Subproblems

READY = b"wholenation worker ready\n"
BOOT = """\
import json, os, sys
answers = os.dup(1)
os.dup2(2, 1)  # what a library prints must not get between the answers
sys.path[:] = json.loads(sys.argv[1])
from wholenation.stochastic.worker import main
main(answers)
"""
"""What the new interpreter runs: it finds modules where the one that started it does."""


def send(pipe: IO[bytes], what: Any) -> None:
    """Write one message."""
    send_packed(pipe, pickle.dumps(what, protocol=5))


def send_packed(pipe: IO[bytes], message: bytes) -> None:
    """Write one message that is pickled already."""
    pipe.write(len(message).to_bytes(8, "little"))
    pipe.write(message)
    pipe.flush()


def receive(pipe: IO[bytes]) -> Any:
    """Read one message; raises `EOFError` when the other end is gone."""
    size = pipe.read(8)
    message = pipe.read(int.from_bytes(size, "little")) if len(size) == 8 else b""
    if len(size) < 8 or len(message) < int.from_bytes(size, "little"):
        raise EOFError
    return pickle.loads(message)  # noqa: S301 (our own process at the other end)


def main(answers: int) -> None:
    """Take the programme, then answer (block, x) with its pieces, into a descriptor, until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asked, answered = sys.stdin.buffer, os.fdopen(answers, "wb")
    try:
        answered.write(READY)
        answered.flush()
        # The others fill the machine's other cores.
        subproblems = Subproblems(receive(asked), threads=1)
        while True:
            block, x = receive(asked)
            try:
                answer: Any = subproblems.solve(block, x)
            except Exception as fault:
                fault.add_note(f"in a worker process:\n{traceback.format_exc()}")
                answer = fault
            send(answered, answer)
    except (EOFError, BrokenPipeError):
        # Whoever asked is gone. What is left in the buffer can go nowhere: end without a word about it.
        os._exit(0)
