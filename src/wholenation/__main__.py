"""`python -m wholenation` is the same as `wholenation`."""

from .cli import main

main(prog_name="wholenation")
