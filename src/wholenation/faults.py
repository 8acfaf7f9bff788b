"""What must hold between the rows of a chain: one function per rule, each yields its faults.

Every rule takes the typed tables by name and draws no conclusion from a table that is incomplete.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from .cells import Table
from .dictionary import dictionary
from .errors import Fault, Severity, nearest, unknown

Tables = dict[str, Table]
TOLERANCE = 0.02
THIN_COVERAGE = 0.9
MADE_AT_HOME = ("process", "product")
BOUGHT = ("material", "software", "tool")
NO_CONTROLS = "none"


def relations(tables: Tables) -> list[Fault]:
    """Every fault and warning between rows and tables."""
    return [fault for rule in RULES for fault in rule(tables)]


def _at(
    table: Table, row: int | None, column: str, value: object, message: str, severity: Severity = "fault"
) -> Fault:
    return Fault(table.file, row, column, "" if value is None else str(value), message, severity)


def references(tables: Tables) -> Iterator[Fault]:
    """Every code refers to a row that is there."""
    for name, table in tables.items():
        for column in dictionary()[name].values():
            if column.references is None:
                continue
            target = tables[column.references[0]]
            if not target.complete:
                continue
            known = {value for value in target.columns[column.references[1]] if value is not None}
            sentences: dict[str, str] = {}
            used = [(row, value) for row, value in table.records(column.name) if value is not None]
            if used and not known:  # the same sentence on every row would bury all other faults
                row, value = used[0]
                more = f" (and {len(used) - 1} rows below)" if len(used) > 1 else ""
                yield _at(table, row, column.name, value, f"{target.file} is absent or empty{more}")
                continue
            for row, value in used:
                if value in known:
                    continue
                if value not in sentences:
                    what = f"{column.references[1].replace('_', ' ')} in {target.file}"
                    sentences[value] = unknown(value, sorted(known), what)
                yield _at(table, row, column.name, value, sentences[value])


def routes_of_projects(tables: Tables) -> Iterator[Fault]:
    """Staffing and common routes name a route of the very project."""
    routes = tables["routes"]
    if not routes.complete:
        return
    pairs = set(zip(routes.columns["project"], routes.columns["route"], strict=True))
    names = set(routes.columns["route"])
    for table in (tables["staffing"], tables["common_routes"]):
        for row, project, route in table.records("project", "route"):
            if route in names and project is not None and (project, route) not in pairs:
                yield _at(table, row, "route", route, f"is not a route of project {project}")


def needs_of_itself(tables: Tables) -> Iterator[Fault]:
    """No item needs itself."""
    for row, item, input_ in tables["needs"].records("item", "input"):
        if item is not None and item == input_:
            yield _at(tables["needs"], row, "input", input_, "an item cannot need itself")


def needs_cycles(tables: Tables) -> Iterator[Fault]:
    """The needs run in one direction."""
    table = tables["needs"]
    edges = [(a, b) for a, b in zip(table.columns["item"], table.columns["input"], strict=True)]
    rows = dict(zip(edges, table.rows, strict=True))
    for cycle in cycles(edges):
        row = rows[cycle[-2], cycle[-1]]
        yield _at(table, row, "input", cycle[-1], f"the needs run in a circle: {' > '.join(cycle)}")


def blocs(tables: Tables) -> Iterator[Fault]:
    """Blocs contain jurisdictions, never, by any way, themselves."""
    table = tables["jurisdictions"]
    edges = list(zip(table.columns["jurisdiction"], table.columns["part_of"], strict=True))
    rows = dict(zip(edges, table.rows, strict=True))
    for member, bloc in edges:
        if member is not None and member == bloc:
            yield _at(table, rows[member, bloc], "part_of", bloc, "a jurisdiction cannot be part of itself")
    for cycle in cycles(edges):
        row = rows[cycle[-2], cycle[-1]]
        yield _at(table, row, "part_of", cycle[-1], f"the blocs run in a circle: {' > '.join(cycle)}")


def cycles(edges: Iterable[tuple[str | None, str | None]]) -> list[list[str]]:
    """Directed cycles, first node repeated at the end; every cyclic part of the graph yields at least one.

    >>> cycles([("a", "b"), ("b", "c"), ("c", "a"), ("a", "d")])
    [['a', 'b', 'c', 'a']]
    """
    following: dict[str, list[str]] = defaultdict(list)
    for start, end in edges:
        if start is not None and end is not None and start != end:
            following[start].append(end)
    found: list[list[str]] = []
    done: set[str] = set()
    for root in list(following):
        path: list[str] = []
        on_path: set[str] = set()
        # Depth first without recursion: (node, True) closes a node.
        stack = [(root, False)]
        while stack:
            node, closes = stack.pop()
            if closes:
                path.pop()
                on_path.discard(node)
                done.add(node)
            elif node in on_path:
                found.append([*path[path.index(node) :], node])
            elif node not in done:
                path.append(node)
                on_path.add(node)
                stack.append((node, True))
                stack.extend((next_, False) for next_ in reversed(following[node]))
    return found


def nobody_supplies(tables: Tables) -> Iterator[Fault]:
    """What is bought has a supplier."""
    if not tables["supply"].complete:
        return
    supplied = set(tables["supply"].columns["item"]) | set(tables["organization_supply"].columns["item"])
    for row, item, kind in tables["items"].records("item", "kind"):
        if item is not None and kind in BOUGHT and item not in supplied:
            message = "nobody supplies it: no row in supply, and only a process or product is made at home"
            yield _at(tables["items"], row, "item", item, message)


def shares(tables: Tables) -> Iterator[Fault]:
    """Shares of one item add up to at most 1, and better to 0.9 or more."""
    for name in ("supply", "organization_supply"):
        table = tables[name]
        given: dict[str, list[tuple[int, float]]] = defaultdict(list)
        unsaid: dict[str, list[int]] = defaultdict(list)
        for row, item, share in table.records("item", "share"):
            if item is not None and share is None:
                unsaid[item].append(row)
            elif item is not None:
                given[item].append((row, share))
        for item, entries in given.items():
            total = sum(share for _, share in entries)
            if total > 1 + TOLERANCE:
                message = f"the shares of {item} add up to more than 1 ({_rows(r for r, _ in entries)})"
                yield _at(table, entries[-1][0], "share", f"{total:.6g}", message)
            elif name == "supply" and total < THIN_COVERAGE and item not in unsaid and table.complete:
                message = f"the shares of {item} add up to less than {THIN_COVERAGE}"
                yield _at(table, entries[-1][0], "share", f"{total:.6g}", message, "warning")
        if name != "supply":
            continue  # firms' shares are rarely published and only entity controls use them
        for item, rows in unsaid.items():
            message = f"the share of {item} is not known ({_rows(rows)})"
            yield _at(table, rows[0], "share", "", message, "warning")


def _rows(numbers: Iterable[int]) -> str:
    numbers = list(numbers)
    shown = ", ".join(map(str, numbers[:8])) + (", ..." if len(numbers) > 8 else "")
    return f"row{'s' if len(numbers) > 1 else ''} {shown}"


def demand(tables: Tables) -> Iterator[Fault]:
    """Demand shares of the jurisdictions that are no bloc add up to at most 1."""
    table = tables["jurisdictions"]
    groups = set(table.columns["part_of"])
    total = 0.0
    for row, code, share in table.records("jurisdiction", "demand_share"):
        if code in groups or share is None:
            continue
        if total <= 1 + TOLERANCE < total + share:
            message = "the demand shares add up to more than 1 at this row"
            yield _at(table, row, "demand_share", f"{total + share:.6g}", message)
        total += share


def thin_items(tables: Tables) -> Iterator[Fault]:
    """Market size and lifetime, whose absence makes measures not computable."""
    table = tables["items"]
    for row, kind, market, lifetime in table.records("kind", "market_musd", "lifetime_years"):
        if kind in BOUGHT and market is None:
            yield _at(table, row, "market_musd", None, "no market size is given", "warning")
        if kind == "tool" and lifetime is None:
            yield _at(table, row, "lifetime_years", None, "no lifetime is given for a tool", "warning")


def scenarios(tables: Tables) -> Iterator[Fault]:
    """Every scenario controls something, and together they weigh at most 1."""
    table = tables["scenarios"]
    controlled = set(tables["controls"].columns["scenario"])
    total = 0.0
    for row, scenario, probability in table.records("scenario", "probability"):
        if scenario not in controlled | {None, NO_CONTROLS} and tables["controls"].complete:
            message = f"the scenario has no controls (only one named {NO_CONTROLS} may have none)"
            yield _at(table, row, "scenario", scenario, message)
        weight = probability or 0.0
        if total <= 1 + 1e-9 < total + weight:
            message = "the probabilities of the scenarios add up to more than 1 at this row"
            yield _at(table, row, "probability", f"{total + weight:.6g}", message)
        total += weight


def controls(tables: Tables) -> Iterator[Fault]:
    """Every control has one scope and a beginning before its end."""
    table = tables["controls"]
    scopes = ("item", "stage", "item_kind")
    for row, *scope in table.records(*scopes):
        given = {name: value for name, value in zip(scopes, scope, strict=True) if value is not None}
        if len(given) > 1:
            second = list(given)[1]
            message = f"a control takes one of item, stage and item_kind, not {' and '.join(given)}"
            yield _at(table, row, second, given[second], message)
    names = ("kind", "organization", "start", "end", "controller", "target")
    for row, kind, organization, start, end, controller, target in table.records(*names):
        if kind == "entity" and organization is None:
            yield _at(table, row, "organization", None, "an entity control must name an organization")
        if kind not in ("entity", None) and organization is not None:
            message = f"only an entity control names an organization, this is {kind}"
            yield _at(table, row, "organization", organization, message)
        if start is not None and end is not None and end < start:
            yield _at(table, row, "end", end, f"ends before it starts ({start})")
        if controller is not None and controller == target:
            yield _at(table, row, "target", target, "a jurisdiction cannot deny itself")


def missions(tables: Tables) -> Iterator[Fault]:
    """A mission is one product for one home in all its years."""
    table = tables["missions"]
    first: dict[str, tuple[object, ...]] = {}
    names = ("home", "product", "counts_imports")
    for row, mission, *values in table.records("mission", *names):
        if mission is None:
            continue
        before = first.setdefault(mission, tuple(values))
        for name, value, known in zip(names, values, before, strict=True):
            if value != known and value is not None:
                yield _at(table, row, name, value, f"mission {mission} has {known} in its first row")


def projects(tables: Tables) -> Iterator[Fault]:
    """Every project names what its kind takes."""
    table, routes, pools = tables["projects"], tables["routes"], tables["pools"]
    common = tables["common_routes"]
    routed = set(routes.columns["project"]) | set(common.columns["serves"])
    talents = {name for name in pools.columns["resource"] if name is not None}
    names = ("project", "kind", "item", "jurisdiction", "resource")
    for row, project, kind, item, jurisdiction, resource in table.records(*names):
        if item is None and kind not in ("train", None):
            yield _at(table, row, "item", None, f"a project of kind {kind} must name an item")
        if (
            kind == "develop"
            and project is not None
            and project not in routed
            and routes.complete
            and common.complete
        ):
            message = (
                "a develop project needs at least one row in routes, or to be served by one in common_routes"
            )
            yield _at(table, row, "project", project, message)
        if kind in ("diversify", "attract") and jurisdiction is None:
            yield _at(table, row, "jurisdiction", None, f"a project of kind {kind} must name a jurisdiction")
        if kind == "train" and resource is None:
            yield _at(table, row, "resource", None, "a train project must name the talent pool that grows")
        if kind == "train" and resource is not None and resource not in talents and pools.complete:
            sentence = unknown(resource, sorted(talents), f"resource in {pools.file}")
            yield _at(table, row, "resource", resource, sentence)
    lasting = ("learning", "adoption_years", "cover_musd")
    for row, kind, *values in table.records("kind", *lasting):
        for name, value in zip(lasting, values, strict=True):
            if kind == "train" and value:
                yield _at(table, row, name, value, f"a train project takes no {name}")


def common_routes(tables: Tables) -> Iterator[Fault]:
    """A common route serves another project than its own."""
    table = tables["common_routes"]
    for row, project, serves in table.records("project", "serves"):
        if project is not None and project == serves:
            yield _at(table, row, "serves", serves, "a route serves its own project anyway")


def prerequisites(tables: Tables) -> Iterator[Fault]:
    """What requires what runs in one direction, and only what is built can wait for mastery."""
    table = tables["prerequisites"]
    edges = list(zip(table.columns["project"], table.columns["requires"], strict=True))
    rows = dict(zip(edges, table.rows, strict=True))
    kinds = dict(zip(tables["projects"].columns["project"], tables["projects"].columns["kind"], strict=True))
    for row, project, requires in table.records("project", "requires"):
        if project is not None and project == requires:
            yield _at(table, row, "requires", requires, "a project cannot require itself")
        if kinds.get(project) == "train":
            yield _at(
                table, row, "project", project, "a train project cannot wait for another to be mastered"
            )
    for cycle in cycles(edges):
        row = rows[cycle[-2], cycle[-1]]
        yield _at(
            table, row, "requires", cycle[-1], f"the prerequisites run in a circle: {' > '.join(cycle)}"
        )


def teams(tables: Tables) -> Iterator[Fault]:
    """Routes have at least as many teams at most as at least."""
    for row, least, most in tables["routes"].records("teams_min", "teams_max"):
        if (least or 1) > (most or 1):
            message = f"is below teams_min ({least or 1})"
            yield _at(tables["routes"], row, "teams_max", most or 1, message)


def money(tables: Tables) -> Iterator[Fault]:
    """Money is in USD million, and nothing else is; a pool has one limit per project."""
    marks = [name for name in tables["pools"].columns if name.startswith("earmark_")]
    first: dict[tuple[object, ...], float] = {}
    for row, resource, cap, *pool in tables["pools"].records(
        "resource", "cap_musd", "contributor", "home", *marks
    ):
        if cap is not None and resource not in ("money", None):
            yield _at(tables["pools"], row, "cap_musd", cap, f"a limit of money is not for {resource}")
        elif cap is not None and cap != first.setdefault(tuple(pool), cap):
            message = f"the pool's limit per project is {first[tuple(pool)]:g} in an earlier row"
            yield _at(tables["pools"], row, "cap_musd", cap, message)
    for row, resource, unit in tables["pools"].records("resource", "unit"):
        if resource == "money" and unit not in ("musd", None):
            yield _at(tables["pools"], row, "unit", unit, "money is counted in musd")
        if unit == "musd" and resource not in ("money", None):
            if nearest(resource, ["money"]):
                message = "no such resource that is counted in musd; is money meant?"
                yield _at(tables["pools"], row, "resource", resource, message)
            else:
                yield _at(tables["pools"], row, "unit", unit, f"{resource} is counted in people or places")


NEAR_YEARS = 5


def years_of_pools(tables: Tables) -> Iterator[Fault]:
    """What is pledged for a year long before or after all missions is a slip, or counts for nothing; a warning a home.

    Pledges often reach a few years further than missions do, and mean no harm.
    """
    missions, table = tables["missions"], tables["pools"]
    years: dict[str | None, set[int]] = defaultdict(set)
    for _, home, year in missions.records("home", "year"):
        if year is not None:
            years[home].add(year)
            years[None].add(year)  # a pool without home serves them all
    outside: dict[str | None, list[tuple[int, int]]] = defaultdict(list)
    for row, home, year in table.records("home", "year"):
        if year is None or not years[home]:
            continue
        if not min(years[home]) - NEAR_YEARS <= year <= max(years[home]) + NEAR_YEARS:
            outside[home].append((row, year))
    for home, found in outside.items():
        row, year = found[0]
        span = f"{min(years[home])} to {max(years[home])}"
        message = f"does not count: the missions run from {span} ({_rows(row for row, _ in found)})"
        yield _at(table, row, "year", year, message, "warning")


RULES: tuple[Callable[[Tables], Iterator[Fault]], ...] = (
    references,
    routes_of_projects,
    needs_of_itself,
    needs_cycles,
    blocs,
    nobody_supplies,
    shares,
    demand,
    thin_items,
    scenarios,
    controls,
    missions,
    projects,
    common_routes,
    prerequisites,
    teams,
    money,
    years_of_pools,
)
