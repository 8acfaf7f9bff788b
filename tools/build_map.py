"""Write the world map of the figures from Natural Earth shapes.

    python tools/build_map.py countries-50m.json

The argument is `countries-50m.json` of the npm package `world-atlas` 2.0.2 (ISC), which repacks the public-domain
Natural Earth 1:50m countries as TopoJSON. Arcs are simplified once, before rings are put together, so that two
neighbours keep one border. The result is `src/wholenation/figures/world.json`:

    {"unit": 0.1, "shapes": {"SGP": [[x, y, dx, dy, ...], ...], ...}, "points": {"SGP": [x, y], ...}}

Rings are integers in tenths of a degree (longitude, latitude), the first vertex absolute and the others relative to
the one before; `points` is where a circle or a label stands. Land without a code of its own has the code "".
"""

from __future__ import annotations

import heapq
import json
import sys
from pathlib import Path
from typing import Any

UNIT = 0.1
SMALLEST_ISLAND = 0.12  # square degrees: about 1,500 km² at the equator
COARSENESS = 0.06  # square degrees of the least triangle that a vertex must span
FINE_BELOW = 3.0  # rings smaller than this (square degrees) keep all their vertices
WEST = -168.5  # between Alaska and Chukotka: the left edge of the map
LEFT_OUT = {"Antarctica"}
JOINED = {
    "Somaliland": "SOM",
    "N. Cyprus": "CYP",
    "Indian Ocean Ter.": "AUS",
    "Ashmore and Cartier Is.": "AUS",
}
OWN_CODES = {"Kosovo": "XKX", "Siachen Glacier": ""}
TARGET = Path(__file__).parents[1] / "src" / "wholenation" / "figures" / "world.json"

# ISO 3166-1, numeric to alpha-3.
CODES = """
004AFG 008ALB 010ATA 012DZA 016ASM 020AND 024AGO 028ATG 031AZE 032ARG 036AUS 040AUT 044BHS 048BHR 050BGD 051ARM
052BRB 056BEL 060BMU 064BTN 068BOL 070BIH 072BWA 076BRA 084BLZ 086IOT 090SLB 092VGB 096BRN 100BGR 104MMR 108BDI
112BLR 116KHM 120CMR 124CAN 132CPV 136CYM 140CAF 144LKA 148TCD 152CHL 156CHN 158TWN 170COL 174COM 178COG 180COD
184COK 188CRI 191HRV 192CUB 196CYP 203CZE 204BEN 208DNK 212DMA 214DOM 218ECU 222SLV 226GNQ 231ETH 232ERI 233EST
234FRO 238FLK 239SGS 242FJI 246FIN 248ALA 250FRA 258PYF 260ATF 262DJI 266GAB 268GEO 270GMB 275PSE 276DEU 288GHA
296KIR 300GRC 304GRL 308GRD 316GUM 320GTM 324GIN 328GUY 332HTI 334HMD 336VAT 340HND 344HKG 348HUN 352ISL 356IND
360IDN 364IRN 368IRQ 372IRL 376ISR 380ITA 384CIV 388JAM 392JPN 398KAZ 400JOR 404KEN 408PRK 410KOR 414KWT 417KGZ
418LAO 422LBN 426LSO 428LVA 430LBR 434LBY 438LIE 440LTU 442LUX 446MAC 450MDG 454MWI 458MYS 462MDV 466MLI 470MLT
478MRT 480MUS 484MEX 492MCO 496MNG 498MDA 499MNE 500MSR 504MAR 508MOZ 512OMN 516NAM 520NRU 524NPL 528NLD 531CUW
533ABW 534SXM 540NCL 548VUT 554NZL 558NIC 562NER 566NGA 570NIU 574NFK 578NOR 580MNP 583FSM 584MHL 585PLW 586PAK
591PAN 598PNG 600PRY 604PER 608PHL 612PCN 616POL 620PRT 624GNB 626TLS 630PRI 634QAT 642ROU 643RUS 646RWA 652BLM
654SHN 659KNA 660AIA 662LCA 663MAF 666SPM 670VCT 674SMR 678STP 682SAU 686SEN 688SRB 690SYC 694SLE 702SGP 703SVK
704VNM 705SVN 706SOM 710ZAF 716ZWE 724ESP 728SSD 729SDN 732ESH 740SUR 748SWZ 752SWE 756CHE 760SYR 762TJK 764THA
768TGO 776TON 780TTO 784ARE 788TUN 792TUR 795TKM 796TCA 798TUV 800UGA 804UKR 807MKD 818EGY 826GBR 831GGY 832JEY
833IMN 834TZA 840USA 850VIR 854BFA 858URY 860UZB 862VEN 876WLF 882WSM 887YEM 894ZMB
"""
ALPHA = {code[:3]: code[3:] for code in CODES.split()}

Point = tuple[float, float]


def decode(topology: dict[str, Any]) -> list[list[Point]]:
    """The arcs in degrees: TopoJSON's arcs are quantized and delta-coded."""
    (sx, sy), (tx, ty) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((x * sx + tx, y * sy + ty))
        arcs.append(points)
    return arcs


def triangle(a: Point, b: Point, c: Point) -> float:
    """The area that vertex `b` spans with its neighbours."""
    return abs((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])) / 2


def simplify(points: list[Point], least: float) -> list[Point]:
    """Visvalingam's line simplification: the vertex that spans the least area goes first; ends stay."""
    before = list(range(-1, len(points) - 1))
    after = list(range(1, len(points) + 1))
    alive = [True] * len(points)
    area = [float("inf")] * len(points)
    heap: list[tuple[float, int]] = []

    def weigh(i: int, floor: float) -> None:
        if 0 < i < len(points) - 1:
            area[i] = max(floor, triangle(points[before[i]], points[i], points[after[i]]))
            heapq.heappush(heap, (area[i], i))

    for i in range(len(points)):
        weigh(i, 0.0)
    while heap:
        size, i = heapq.heappop(heap)
        if not alive[i] or size != area[i]:
            continue
        if size >= least:
            break
        alive[i] = False
        after[before[i]], before[after[i]] = after[i], before[i]
        weigh(before[i], size)
        weigh(after[i], size)
    return [point for point, kept in zip(points, alive, strict=True) if kept]


def ring_area(ring: list[Point]) -> float:
    """Signed area in square degrees (shoelace)."""
    pairs = zip(ring, ring[1:] + ring[:1], strict=True)
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairs) / 2


def centroid(ring: list[Point]) -> Point:
    """The centre of mass of a ring; its mean vertex when it has no area."""
    area = ring_area(ring)
    if abs(area) < 1e-9:
        return sum(p[0] for p in ring) / len(ring), sum(p[1] for p in ring) / len(ring)
    x = y = 0.0
    for a, b in zip(ring, ring[1:] + ring[:1], strict=True):
        cross = a[0] * b[1] - b[0] * a[1]
        x += (a[0] + b[0]) * cross
        y += (a[1] + b[1]) * cross
    return x / (6 * area), y / (6 * area)


def assemble(indices: list[int], arcs: list[list[Point]]) -> list[Point]:
    """One ring from its arcs; ~i is arc i backwards. The closing vertex is left out."""
    ring: list[Point] = []
    for index in indices:
        arc = arcs[index] if index >= 0 else arcs[~index][::-1]
        ring += arc[1:] if ring else arc
    return unwrap(ring[:-1])


def unwrap(ring: list[Point]) -> list[Point]:
    """A ring across the 180th meridian in one piece, on the eastern side of it."""
    whole = ring[:1]
    for x, y in ring[1:]:
        turn = 360 * round((whole[-1][0] - x) / 360)
        whole.append((x + turn, y))
    low, high = min(x for x, _ in whole), max(x for x, _ in whole)
    turn = 360 if high < WEST or low < -180 else -360 if low > 180 and low - 360 > WEST else 0
    return [(x + turn, y) for x, y in whole]


def rings_of(geometry: dict[str, Any]) -> list[list[int]]:
    """Arc numbers of every ring of a Polygon or MultiPolygon, holes included."""
    polygons = [geometry["arcs"]] if geometry["type"] == "Polygon" else geometry["arcs"]
    return [ring for polygon in polygons for ring in polygon]


def encode(ring: list[Point]) -> list[int]:
    """Tenths of a degree, delta-coded, without repeated vertices."""
    whole = [(round(x / UNIT), round(y / UNIT)) for x, y in ring]
    kept = [p for i, p in enumerate(whole) if p != whole[i - 1]]
    if len(kept) < 3:
        return []
    flat = [*kept[0]]
    for a, b in zip(kept, kept[1:], strict=False):
        flat += [b[0] - a[0], b[1] - a[1]]
    return flat


def build(topology: dict[str, Any]) -> dict[str, Any]:
    """The map as the figures read it."""
    arcs = decode(topology)
    countries = [
        (geometry["properties"]["name"], geometry.get("id", ""), rings_of(geometry))
        for geometry in topology["objects"]["countries"]["geometries"]
    ]
    fine = {
        index if index >= 0 else ~index
        for _, _, rings in countries
        for ring in rings
        if abs(ring_area(assemble(ring, arcs))) < FINE_BELOW
        for index in ring
    }
    coarse = [arc if i in fine else simplify(arc, COARSENESS) for i, arc in enumerate(arcs)]
    shapes: dict[str, list[list[int]]] = {}
    points: dict[str, tuple[float, list[int]]] = {}
    for name, number, rings in countries:
        if name in LEFT_OUT:
            continue
        code = JOINED.get(name) or OWN_CODES.get(name, ALPHA.get(str(number), ""))
        sizes = [abs(ring_area(assemble(ring, arcs))) for ring in rings]
        shapes.setdefault(code, [])
        for ring, size in zip(rings, sizes, strict=True):
            flat = encode(assemble(ring, coarse))
            if flat and (size >= SMALLEST_ISLAND or size == max(sizes)):
                shapes[code].append(flat)
        x, y = centroid(assemble(rings[sizes.index(max(sizes))], arcs))
        if code and max(sizes) > points.get(code, (-1.0, []))[0]:
            points[code] = max(sizes), [round(x / UNIT), round(y / UNIT)]
    return {
        "unit": UNIT,
        "shapes": {code: shapes[code] for code in sorted(shapes)},
        "points": {code: points[code][1] for code in sorted(points)},
    }


def main() -> None:
    """Read the TopoJSON named on the command line and write the map."""
    topology = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    world = build(topology)
    text = json.dumps(world, separators=(",", ":")) + "\n"
    TARGET.write_text(text.replace('"],"', '"],\n"').replace(']],"', ']],\n"'), encoding="utf-8")
    vertices = sum(len(ring) // 2 for rings in world["shapes"].values() for ring in rings)
    print(f"{TARGET.name}: {len(world['points'])} codes, {vertices} vertices, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
