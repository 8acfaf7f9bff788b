"""The whole life of a programme by its commands, on both databases, every command given twice."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import sleep
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from wholenation.cli import main
from wholenation.cli.programme_commands import programme as group
from wholenation.programme.office import open_programme

INIT = ("--name", "Chips", "--agency", "office", "--currency", "EUR")


class Shell:
    """Runs commands on one ledger."""

    def __init__(self, ledger: str) -> None:
        self.ledger = ledger

    def run(self, *words: str, actor: str = "office") -> Result:
        environment = {"WHOLENATION_LEDGER": self.ledger, "WHOLENATION_AS": actor, "COLUMNS": "200"}
        return CliRunner().invoke(main, ["programme", *words], env=environment)

    def do(self, line: str, *words: str, actor: str = "office") -> str:
        """Run a command, and run it again: that adds nothing and says the same."""
        done = self.run(*line.split(), *words, actor=actor)
        assert done.exit_code == 0, done.output
        size = self.size()
        again = self.run(*line.split(), *words, actor=actor)
        assert (again.exit_code, again.output) == (0, done.output)
        assert self.size() == size
        return done.output

    def fails(self, line: str, *words: str, actor: str = "office") -> str:
        """Run a command that must fail: one sentence, and nothing is added."""
        size = self.size()
        done = self.run(*line.split(), *words, actor=actor)
        assert done.exit_code == 1, done.output
        assert self.size() == size
        assert "Traceback" not in done.output and "bug" not in done.output
        return done.output

    def size(self) -> int:
        with open_programme(self.ledger) as office:
            return office.refresh().size


def begun(shell: Shell, folder: Path) -> datetime:
    """Parties, money and a challenge for two rivals; its deadline, seconds away."""
    shell.run("init", "chips", *INIT, "--approvers", "ann,bea,lu", "--approvals", "2")
    for name in ("office", "treasury", "region", "house", "lumen", "prism"):
        shell.do(f"party {name} --kind organization --contact address={name}-street")
    for name in ("ann", "bea", "cid", "dan", "lu"):
        shell.do(f"party {name} --kind person")
    shell.do("relation dan-prism --subject dan --kind employed --object prism")
    shell.do("relation lu-lumen --subject lu --kind owns --object lumen --share 0.2")
    shell.do("pledge t --contributor treasury --amount 1000 --currency EUR --call t1:2027-01-31:600")
    shell.do(
        "pledge r --contributor region --amount 500 --currency EUR --match-ratio 0.5 --call r1:2027-01-31:200"
    )
    shell.do("call t --by 2027-12-31")
    shell.do("call r r1")
    shell.do("pay t-paid --call t1 --amount 400 --date 2027-02-10")
    shell.do("pay r-paid --call r1 --amount 200 --date 2027-01-20")
    shell.do("default t-lost --call t1 --reason cut")
    (folder / "protocol.txt").write_text("count")
    deadline = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=9)
    shell.do(
        "challenge resist --title Resist --project resist --metric defects --threshold 0.1 --direction at_most "
        "--test-house house --cap 500 --currency EUR --rivals 2 --deadline",
        deadline.strftime("%Y-%m-%dT%H:%M:%SZ"), "--protocol", str(folder / "protocol.txt"),
    )  # fmt: skip
    return deadline


def test_the_whole_life(database: str, tmp_path: Path) -> None:
    shell = Shell(database)
    deadline = begun(shell, tmp_path)
    table = tmp_path / "bids.csv"
    table.write_text(
        "bid,challenge,team,price,currency,approach,institution\n"
        "lumen-1,resist,lumen,200,EUR,molecular,lumen\nprism-1,resist,prism,250,EUR,metal,prism\n"
    )
    secrets = str(tmp_path / "secrets")
    shell.do("bid --table", str(table), "--secret", secrets)
    assert "sealed until" in shell.fails("open --secret", secrets)
    sleep(max((deadline - datetime.now(UTC)).total_seconds(), 0) + 0.1)
    assert "too late" in shell.fails("bid late --challenge resist --team lumen --commitment", "0" * 64)
    shell.do("open --secret", secrets)
    shell.do("assign resist --reviewers cid,dan --per-bid 1 --load 1")
    assert "cid's" in shell.fails(
        "review x --assignment resist.cid --bid prism-1 --score probability=1", actor="dan"
    )
    shell.do("review c --assignment resist.cid --bid prism-1 --score probability=0.4", actor="cid")
    shell.do("review d --assignment resist.dan --bid lumen-1 --score probability=0.5", actor="dan")
    assert "lumen-1: wins" in shell.do("award resist --ends 2028-12-31")

    milestone = "award-lumen-1.acceptance"
    (tmp_path / "report.txt").write_text("0.08")
    store = str(tmp_path / "evidence")
    shell.do(
        f"evidence {milestone}",
        str(tmp_path / "report.txt"),
        *f"--id report --evidence {store}".split(),
        actor="lumen",
    )
    shell.do("evaluate report --accept --measured 0.08", actor="house")
    shell.do(f"approve {milestone}", actor="ann")
    for actor in ("lu", "lumen"):  # who owns the payee, and the payee itself: neither makes the second yes
        shell.run("approve", milestone, actor=actor)
        denied = shell.run("release", milestone, "--evidence", store)
        assert denied.exit_code == 1 and "Denied" in denied.output
    shell.do(f"approve {milestone}", actor="bea")
    allowed = shell.run("release", milestone, "--evidence", store)
    assert allowed.exit_code == 0, allowed.output
    shell.do("gate award-prism-1 kill --id stop --reason lumen-has-passed")
    ends(shell, tmp_path)


def ends(shell: Shell, folder: Path) -> None:
    """Balances, export, signature and verification at the end of a life."""
    with open_programme(shell.ledger) as office:
        state = office.refresh()
        assert sum(one.posted for one in state.balances.values()) == 0
        assert sum(one.pending for one in state.balances.values()) == 0
        assert state.balance("award:award-prism-1", "EUR").pending == 0
    frames = json.loads(shell.run("status", "--json").output)
    assert [row["free"] + row["reserved"] + row["spent"] for row in frames["pools"]] == [400, 200]
    assert [row["standing"] for row in frames["awards"]] == ["paid in full", "ended"]
    written = folder / "pools.csv"
    shell.run("status", "--to", str(written))
    assert written.read_text().startswith("pledge,")
    for words in (
        ["keys", "office.example/chips", "--to", str(folder)],
        ["checkpoint", "--signer", str(folder / "office.example_chips.key")],
        ["export", "--to", str(folder / "chips.jsonl")],
        ["verify", str(folder / "chips.jsonl"), "--keys", str(folder / "office.example_chips.pub")],
    ):
        done = shell.run(*words)
        assert done.exit_code == 0, done.output


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("pledge x --contributor nobody --amount 1 --currency EUR", "no such party"),
        ("pledge x --contributor treasury --amount -1 --currency EUR", "amount"),
        ("call t nothing", "no such call"),
        ("pay x --call t1 --amount 601 --date 2027-01-01", "more than the"),
        ("pay x --call t1 --amount 1 --date soon", "date"),
        ("award resist", "bids are taken until"),
        ("assign resist --reviewers cid", "sealed until"),
        ("exclude nothing --reason none", "no such bid"),
        ("party x --kind person --name Ann", "outside the ledger"),
        ("relation x --subject ann --object ann --kind family", "no tie to itself"),
        ("adopt x --plan nowhere.json --chain nowhere", "no such folder"),
    ],
)
def test_a_mistake_is_one_sentence_and_adds_nothing(shell: Shell, line: str, words: str) -> None:
    assert words in shell.fails(line)


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    folder = tmp_path_factory.mktemp("office")
    made = Shell(str(folder / "programme.db"))
    waiting(made, folder)
    return made


def waiting(shell: Shell, folder: Path) -> None:
    """A pledge that was called and a challenge that stays open: whatever comes next comes too early."""
    shell.run("init", "chips", *INIT, "--approvers", "ann")
    shell.run("party", "treasury", "--kind", "organization")
    shell.run("party", "house", "--kind", "organization")
    shell.run("party", "ann", "--kind", "person")
    shell.run("party", "cid", "--kind", "person")
    shell.do("pledge t --contributor treasury --amount 1000 --currency EUR --call t1:2027-01-31:600")
    shell.do("call t t1")
    (folder / "protocol.txt").write_text("count")
    shell.do(
        "challenge resist --title Resist --project resist --metric defects --threshold 0.1 --test-house house "
        "--cap 500 --currency EUR --rivals 2 --deadline 2099-01-01T00:00:00Z --protocol",
        str(folder / "protocol.txt"),
    )


def test_every_command_has_its_place_and_its_help() -> None:
    context = click.Context(group)
    names = group.list_commands(context)
    assert set(names) == set(group.commands) and names[0] == "init" and names[-1] == "from-ocds"
    for name in names:
        command: Any = group.commands[name]
        assert command.short_help and command.help, name
