"""A firm network day by day as one would write it down first: loops over links, water levels by sorting."""

from __future__ import annotations

from collections import defaultdict
from typing import Any


def served(
    made: float, final: float, orders: dict[int, tuple[float, float]], rule: str, last: bool
) -> tuple[Any, float]:
    """({link: goods}, goods for final demand) of what is `made`; `orders` are {link: (goods, normal trade)}."""
    asked = sum(goods for goods, _ in orders.values())
    if made >= asked + final:
        return {e: goods for e, (goods, _) in orders.items()}, final
    if last and made >= asked:
        return {e: goods for e, (goods, _) in orders.items()}, made - asked
    mine = 0.0 if last else final
    if rule == "proportional":
        part = made / (asked + mine) if asked + mine else 0.0
        return {e: goods * part for e, (goods, _) in orders.items()}, mine * part
    level, left, wide = 0.0, made, sum(normal for _, normal in orders.values()) + mine
    ratios = sorted([(g / w if w else 0.0, w) for g, w in orders.values()] + ([(1.0, mine)] if mine else []))
    for ratio, normal in ratios:
        if (ratio - level) * wide >= left:
            break
        left -= (ratio - level) * wide
        level, wide = ratio, wide - normal
    level += left / wide if wide > 0 else float("inf")
    return {e: min(g, level * w) for e, (g, w) in orders.items()}, mine * min(1.0, level)


def walk(
    net: Any, output: Any, weight: Any, target: Any, days: int, *, rule: str, last: bool, steady: bool, tau: float,
    capacity: Any, demand: Any, permitted: Any, spare: float = 0.0, wait: int = -1,
) -> list[dict[str, Any]]:  # fmt: skip
    """A record per day. `weight(k, j)` is -1 (essential) or the part of output lost without sector k;
    `capacity(day, i)`, `demand(day, i)` and `permitted(day, e)` are what is left of it, in [0, 1]."""
    links = [(int(i), int(j), float(w)) for i, j, w in zip(net.supplier, net.buyer, net.value, strict=True)]
    need: dict[tuple[int, int], float] = defaultdict(float)
    sold = [0.0] * net.n
    for i, j, w in links:
        need[int(net.sector[i]), j] += w
        sold[i] += w
    final = [max(output[i] - sold[i], 0.0) for i in range(net.n)]
    stock = {(k, j): target[j] * need[k, j] for k, j in need}
    made, lacking, unmet, records = [1.0] * net.n, dict.fromkeys(need, 0), dict.fromkeys(need, 0.0), []
    for day in range(days):
        wish = {}
        for k, j in need:
            goal = target[j] * need[k, j] * (1.0 if steady else made[j])
            wish[k, j] = max(0.0, made[j] * need[k, j] + (goal - stock[k, j]) / tau)
        before, able, now = stock.copy(), [0.0] * net.n, [0.0] * net.n
        goods: dict[int, float] = {}
        given = [0.0] * net.n
        for i in range(net.n):
            able[i] = capacity(day, i) * (1.0 + spare)
            lost = 0.0
            for k, j in need:
                if j == i and weight(k, j) < 0:
                    able[i] = min(able[i], stock[k, j] / need[k, j])
                elif j == i:
                    lost += weight(k, j) * max(0.0, 1.0 - stock[k, j] / need[k, j])
            able[i] = max(0.0, min(able[i], (1.0 + spare) * (1.0 - lost)))
            orders = {}
            for e, (s, j, w) in enumerate(links):
                if s == i:
                    k = int(net.sector[i])
                    orders[e] = (wish[k, j] * w / need[k, j] * permitted(day, e), w * permitted(day, e))
            asked = sum(g for g, _ in orders.values()) + final[i] * demand(day, i)
            now[i] = min(able[i], asked / output[i]) if output[i] else min(able[i], 1.0)
            got, given[i] = served(
                now[i] * output[i] if output[i] else asked, final[i] * demand(day, i), orders, rule, last
            )
            goods |= got
            able[i] = max(0.0, able[i] * output[i] - asked)
        arrived: dict[tuple[int, int], float] = defaultdict(float)
        for e, (i, j, _) in enumerate(links):
            arrived[int(net.sector[i]), j] += goods[e]
        elsewhere, market = dict.fromkeys(need, 0.0), [0.0] * net.n
        for k in {k for k, _ in need} if wait >= 0 else ():
            want = sum(unmet[s, j] for s, j in need if s == k)
            idle = {i: able[i] for i in range(net.n) if net.sector[i] == k}
            trade = min(want, sum(idle.values()))
            for s, j in need:
                if s == k and want > 0:
                    elsewhere[s, j] = trade * unmet[s, j] / want
            for i, free in idle.items():
                market[i] = trade * free / sum(idle.values()) if free else 0.0
        for key in need:
            gap = wish[key] - arrived[key]
            lacking[key] = lacking[key] + 1 if gap > 1e-9 * wish[key] else 0
            unmet[key] = gap if wait >= 0 and lacking[key] > wait else 0.0
        made = [x + (market[i] / output[i] if output[i] else 0.0) for i, x in enumerate(now)]
        used = {(k, j): min(made[j] * need[k, j], stock[k, j]) for k, j in need}
        stock = {key: stock[key] - used[key] + arrived[key] + elsewhere[key] for key in need}
        records.append({
            "output": made, "stock": stock, "before": before, "used": used, "arrived": arrived, "goods": goods,
            "final": given, "elsewhere": elsewhere, "market": market, "ordered": wish,
        })  # fmt: skip
    return records
