"""Fills the documentation's generated parts when mkdocs builds it, so that they cannot go stale.

`<!-- dictionary -->` becomes the tables of a chain, column by column; `<!-- measures -->` the measures in their own
words; `<!-- options: VERB -->` the options of a command; `<!-- entries -->` the types of entries of a ledger.
"""

from __future__ import annotations

import csv
import inspect
import re
import sys
from importlib.resources import files
from typing import Any

import click

from wholenation.cli import main
from wholenation.dictionary import OPTIONAL, Column, dictionary
from wholenation.measures import MEASURES

OPTIONS = re.compile(r"<!-- options: ([a-z -]+) -->")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """mkdocs calls this with every page."""
    if "<!-- dictionary -->" in markdown:
        markdown = markdown.replace("<!-- dictionary -->", dictionary_markdown())
    if "<!-- measures -->" in markdown:
        markdown = markdown.replace("<!-- measures -->", measures_markdown())
    if "<!-- entries -->" in markdown:
        markdown = markdown.replace("<!-- entries -->", entries_markdown())
    return OPTIONS.sub(lambda found: options_markdown(found[1].split()), markdown)


def dictionary_markdown() -> str:
    """Every table and column of `dictionary.csv` as Markdown tables."""
    parts = []
    for table, columns in dictionary().items():
        shown = [column for column in columns.values() if not column.central]
        parts.append(f"### {table}\n")
        parts.append("Optional table.\n" if table in OPTIONAL else "Required table.\n")
        parts.append("| column | type | unit | rule | meaning |\n|---|---|---|---|---|")
        parts += [_row(column) for column in shown]
        parts.append("")
    return "\n".join(parts)


def _row(column: Column) -> str:
    name = f"`{column.name}`" + (" (range)" if column.ranged else "")
    cells = [name, column.type, column.unit, "; ".join(_rules(column)), column.meaning]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _rules(column: Column) -> list[str]:
    rules = []
    if column.key:
        rules.append("key")
    if column.required:
        rules.append("required")
    if column.default:
        rules.append(f"default {column.default}")
    if column.minimum is not None:
        rules.append(f"≥ {column.minimum:g}")
    if column.maximum is not None:
        rules.append(f"≤ {column.maximum:g}")
    if column.values:
        rules.append("one of " + ", ".join(column.values))
    if column.references:
        rules.append("in `" + ".".join(column.references) + "`")
    return rules


def entries_markdown() -> str:
    """Every type of entry and its fields, from `entries.csv`."""
    text = (files("wholenation.programme") / "entries.csv").read_text(encoding="utf-8")
    parts, last = [], ""
    for row in csv.DictReader(text.splitlines()):
        if row["type"] != last:
            last = row["type"]
            parts.append(f"\n### {last}\n\n| field | kind | required | meaning |\n|---|---|---|---|")
        parts.append(f"| `{row['field']}` | {row['kind']} | {row['required']} | {row['meaning']} |")
    return "\n".join(parts)


def measures_markdown() -> str:
    """Every measure in the words of its module and its function."""
    parts = []
    for name, function in MEASURES.items():
        title = inspect.getdoc(sys.modules[function.__module__]) or ""
        parts.append(f"### `{name}`\n\n*{title.strip()}*\n\n{inspect.getdoc(function)}\n")
    return "\n".join(parts)


def options_markdown(path: list[str]) -> str:
    """The arguments and options of one command, `path` being its words after `wholenation`."""
    command: click.Command = main
    for word in path:
        if isinstance(command, click.Group):
            command = command.commands[word]
    context = click.Context(command, info_name=" ".join(["wholenation", *path]))
    usage = command.get_usage(context).removeprefix("Usage: ")
    lines = [f"`{usage}`", "", "| option | meaning |", "|---|---|"]
    for parameter in command.params:
        record = parameter.get_help_record(context)
        if record:
            option, meaning = (" ".join(part.split()) for part in record)
            # A bar inside code does not end a table's cell, elsewhere it does.
            lines.append(f"| `{option}` | {meaning.replace('|', '&#124;')} |")
    return "\n".join(lines)
