"""The chip explorer's sequence of production, flattened: leaf inputs, what needs them, and their stages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from ..errors import ChainError, Fault
from .eto_files import Files, Input

KINDS = {
    "process": "process",
    "design_resource": "process",
    "tool_resource": "tool",
    "material_resource": "material",
    "ultimate_output": "product",
}
SOFTWARE = ("software", "intellectual property")


@dataclass(frozen=True)
class Flow:
    """Leaf inputs that the product needs: `needs` are (user, input), both leaves; inputs stand before no user."""

    kinds: dict[str, str]
    needs: tuple[tuple[str, str], ...]
    stages: dict[str, str]
    parents: tuple[str, ...]
    types_dropped: tuple[str, ...]
    unneeded: tuple[str, ...]
    tied: tuple[str, ...]


def kind_of(entry: Input) -> str:
    """The chain's kind of an input; raises KeyError for a type that the files never had."""
    if any(word in entry.name.lower() for word in SOFTWARE):
        return "software"
    return KINDS[entry.kind]


def flatten(files: Files) -> Flow:
    """Parents are replaced by their types, so that every user needs every leaf; ChainError if needs run in a circle.

    A tool that "goes into" a tool is its type, and so is a material that goes into a material of unknown shares
    (a basket). Where none of its types has shares and the parent has, or is an activity, the parent stays and the
    types go.
    """
    kinds = _kinds(files)
    shared = {row.provided for row in files.provisions if row.share is not None}
    types: dict[str, list[str]] = {}
    edges: list[tuple[str, str]] = []
    for child, parent in files.is_type_of:
        types.setdefault(parent, []).append(child)
    for part, whole in files.goes_into:
        basket = kinds[part] == kinds[whole] == "material" and whole not in shared
        if kinds[part] == kinds[whole] == "tool" or basket:
            types.setdefault(whole, []).append(part)
        else:
            edges.append((whole, part))
    _refuse_circles(types.items(), files)
    lasting = shared | {code for code, kind in kinds.items() if kind in ("process", "product")}
    leaves = {code: _leaves(code, types, shared, lasting) for code in files.inputs}
    parents = {code for code, inside in leaves.items() if inside != [code]}
    hidden = {
        below
        for code in files.inputs
        if leaves[code] == [code]
        for below in _below(code, types)
        if below != code
    }
    needs = {(u, i) for user, part in edges for u in leaves[user] for i in leaves[part] if u != i}
    needs = {(user, used) for user, used in needs if not {user, used} & hidden}
    products = [code for code in files.inputs if kinds[code] == "product"]
    if not products:
        raise ChainError([Fault("inputs.csv", None, "type", "", "no input is the ultimate_output")])
    used = {part for _, part in needs}
    tied = [code for code in files.inputs if kinds[code] == "process" and code not in used | parents | hidden]
    needs |= {(product, code) for product in products for code in tied}
    _refuse_circles(((user, [part for u, part in needs if u == user]) for user, _ in needs), files)
    kept = _reached(products, needs)
    order = [code for code in files.inputs if code in kept]
    place = {code: at for at, code in enumerate(order)}
    ordered = sorted((pair for pair in needs if pair[0] in kept), key=lambda p: (place[p[0]], place[p[1]]))
    return Flow(
        kinds={code: kinds[code] for code in order},
        needs=tuple(ordered),
        stages=_stages(order, ordered, files),
        parents=tuple(code for code in files.inputs if code in parents),
        types_dropped=tuple(code for code in files.inputs if code in hidden),
        unneeded=tuple(code for code in files.inputs if code not in kept | parents | hidden),
        tied=tuple(tied),
    )


def _kinds(files: Files) -> dict[str, str]:
    unknown = sorted({entry.kind for entry in files.inputs.values()} - set(KINDS))
    if unknown:
        message = f"unknown type of input; known: {', '.join(KINDS)}"
        raise ChainError([Fault("inputs.csv", None, "type", kind, message) for kind in unknown])
    return {code: kind_of(entry) for code, entry in files.inputs.items()}


def _leaves(code: str, types: dict[str, list[str]], shared: set[str], lasting: set[str]) -> list[str]:
    """What stands for an input in the flat chain: itself, or the leaves of its types.

    `shared` are inputs with shares, `lasting` those that stay when none of their types has any.
    """
    if code not in types or (code in lasting and not shared & (set(_below(code, types)) - {code})):
        return [code]
    return list(
        dict.fromkeys(leaf for child in types[code] for leaf in _leaves(child, types, shared, lasting))
    )


def _below(code: str, types: dict[str, list[str]]) -> list[str]:
    """An input and all types under it."""
    return [code, *(below for child in types.get(code, ()) for below in _below(child, types))]


def _refuse_circles(graph: Iterable[tuple[str, list[str]]], files: Files) -> None:
    try:
        TopologicalSorter(dict(graph)).prepare()
    except CycleError as error:
        names = " needs ".join(files.inputs[code].name for code in error.args[1])
        message = f"the inputs need each other in a circle: {names}"
        raise ChainError([Fault("sequence.csv", None, "", "", message)]) from None


def _reached(start: Iterable[str], needs: set[tuple[str, str]]) -> set[str]:
    found, todo = set(start), list(start)
    while todo:
        user = todo.pop()
        fresh = {part for u, part in needs if u == user} - found
        found |= fresh
        todo += fresh
    return found


def _stages(order: list[str], needs: list[tuple[str, str]], files: Files) -> dict[str, str]:
    """The input's own stage, else that of what uses it (the first in the order of the file)."""
    stages = {code: files.inputs[code].stage for code in order}
    users: dict[str, list[str]] = {}
    for user, part in needs:
        users.setdefault(part, []).append(user)
    inputs_first = list(
        TopologicalSorter({u: [p for w, p in needs if w == u] for u, _ in needs}).static_order()
    )
    for code in inputs_first if needs else []:
        if not stages[code]:  # a product takes the stage of its last step
            last = [stages[part] for user, part in needs if user == code and files.inputs[part].stage]
            stages[code] = last[-1] if last and files.inputs[code].kind == "ultimate_output" else ""
    for code in reversed(inputs_first):
        if not stages[code]:
            stages[code] = next((stages[user] for user in users.get(code, ()) if stages[user]), "")
    return {code: stage or "Unknown" for code, stage in stages.items()}
