"""Fixtures for every test: the six-item toy chain as a folder and as a Chain."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from chains import write_toy

from wholenation.chain import Chain, read_chain


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """A fresh folder with the valid toy chain, to be broken at will."""
    return write_toy(tmp_path / "toy")


@pytest.fixture(scope="session")
def toy_chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    """The toy chain, read once."""
    return read_chain(write_toy(tmp_path_factory.mktemp("chains") / "toy"))
