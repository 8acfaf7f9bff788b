"""A programme under way: its ledger, and what the ledger says; every act reads the one and adds to the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType

from .ledger import Draft, Entry, Ledger, open_ledger
from .state import State


@dataclass(slots=True)
class Programme:
    """A ledger with its fold. Acts of several processes come one after the other, each on what those before left."""

    ledger: Ledger
    state: State = field(default_factory=State)

    def refresh(self) -> State:
        """The state with all that others have added by now."""
        for entry in self.ledger.entries(after=self.state.size):
            self.state.apply(entry)
        return self.state

    def act(self, decide: Callable[[State], Sequence[Draft]]) -> list[Entry]:
        """Decide on the latest state and add what was decided, with nobody else in between.

        Raises what `decide` raises, in which case nothing is added. Drafts whose key the ledger knows already give
        back the entries of then.
        """
        with self.ledger.writing() as session:
            for entry in session.entries(after=self.state.size):
                self.state.apply(entry)
            added = session.append(decide(self.state))
        self.refresh()
        return added

    def close(self) -> None:
        """Let go of the database."""
        self.ledger.close()

    def __enter__(self) -> Programme:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_programme(url: str, *, create: bool = False) -> Programme:
    """The programme in a database: a file name for SQLite, or a URL such as postgresql://user@host/name."""
    return Programme(open_ledger(url, create=create))
