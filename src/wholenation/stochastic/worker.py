"""A worker process: keeps its solvers warm and solves one block after another, asked and answered over pipes."""

from __future__ import annotations

import os
import pickle
import signal
import sys
from typing import IO, Any

from .blocks import Subproblems


def send(pipe: IO[bytes], what: Any) -> None:
    """Write one message."""
    message = pickle.dumps(what, protocol=5)
    pipe.write(len(message).to_bytes(8, "little") + message)
    pipe.flush()


def receive(pipe: IO[bytes]) -> Any:
    """Read one message; raises `EOFError` when the other end is gone."""
    size = pipe.read(8)
    message = pipe.read(int.from_bytes(size, "little")) if len(size) == 8 else b""
    if len(size) < 8 or len(message) < int.from_bytes(size, "little"):
        raise EOFError
    return pickle.loads(message)  # noqa: S301 (our own process at the other end)


def main() -> None:
    """Take the programme, then answer (block, x) with its pieces until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asked, answered = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # What a library prints must not get between the answers.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        subproblems = Subproblems(receive(asked))
        while True:
            block, x = receive(asked)
            try:
                send(answered, subproblems.solve(block, x))
            except Exception as fault:
                send(answered, fault)
    except (EOFError, BrokenPipeError):
        return


if __name__ == "__main__":
    main()
