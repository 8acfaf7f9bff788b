"""Made-up OCDS compiled releases, seeded: a file as publishers write it, or one in which everything is odd.

Everything that an indicator branches on comes up: awards that are pending, several or without suppliers, bids of
several tenderers, bids invited and withdrawn, other currencies, missing and null fields, dates of every shape, the same
price twice, wrong types. Prices are drawn so that nearness and distance of the runner-up have outliers on both sides.
"""

from __future__ import annotations

import json
import random
from typing import Any

METHODS = ("open", "open", "open", "selective", "limited", "direct", None)
DETAILS = ("Reverse Auction", "Random Selection", "Emergency", "Ordinary", "Ordinary", None)
CRITERIA = ("priceOnly", "priceOnly", "qualityOnly", None)
ODD_DATES = (
    "2026-02-30T00:00:00Z", "2026-03-01", "2026-03-01T10:00:00", "2026-03-01T10:00:00+0500", "soon", "",
    "2026-03-01T10:00:00.123456789123Z", "2026-03-01t10:00:00z", "2026-03-01T24:00:00Z", "2026-03-01T10:00:00-05:75",
    "2026-03-01T10:00Z", "20260301T100000Z", "2026-W09-1T10:00:00Z", "0000-03-01T00:00:00Z", "9999-12-31T23:59:59Z",
    "2026-03-01T10:00:00.Z", "2026-03-01T10:00:00+24:00", "\u0662026-03-01T10:00:00Z",
)  # fmt: skip
WRONG: tuple[Any, ...] = (None, 5, 1.0, "text", True, [], {}, [None], ["text"], {"id": 5}, 1e300)
TEXT = "Suministro de materiales eléctricos y de construcción para la dirección general de obras públicas. "


def lines(seed: int, count: int, *, odd: float = 0.0, padding: int = 0) -> list[bytes]:
    """So many releases, each as a line of JSON; a share `odd` of them is damaged somewhere.

    `padding` is about how many bytes of text each has that no indicator reads.
    """
    draw = random.Random(seed)
    return [
        json.dumps(_release(draw, number, odd, padding), ensure_ascii=bool(number % 2)).encode() + b"\n"
        for number in range(count)
    ]


def _release(draw: random.Random, number: int, odd: float, padding: int) -> dict[str, Any]:
    strange = draw.random() < odd
    tenderers = draw.sample(range(60), draw.choice((1, 2, 2, 3, 3, 4, 6)))
    # A few tenderers are disqualified nearly always, a few hardly ever win.
    bids = [_bid(draw, bidder, strange) for bidder in tenderers]
    _price(draw, bids)
    if draw.random() < 0.1 and len(bids) > 1:
        bids[1]["value"] = dict(bids[0].get("value") or {})
    awards = _awards(draw, bids, strange)
    tender = {
        "id": f"t{number}",
        "description": TEXT,
        "items": _unread(padding),
        "status": draw.choice(
            ("complete", "active", "complete", "cancelled" if draw.random() < 0.2 else "complete")
        ),
        "procurementMethod": draw.choice(METHODS),
        "procurementMethodDetails": draw.choice(DETAILS),
        "awardCriteria": draw.choice(CRITERIA),
        "numberOfTenderers": draw.choice((len(bids), len(bids), 1, 0, None)),
        "tenderPeriod": _period(draw, strange),
        "procuringEntity": {"id": f"e{draw.randrange(25)}", "name": "Entity"},
    }
    release = {
        "ocid": f"ocds-made-{number}",
        "id": str(number),
        "date": "2026-06-01T00:00:00Z",
        "tag": ["compiled"],
        "buyer": {"id": f"b{draw.randrange(25)}", "name": "Buyer"},
        "tender": {key: value for key, value in tender.items() if value is not None},
        "bids": {"details": bids},
        "awards": awards,
    }
    return _damaged(draw, release) if strange else release


def _unread(padding: int) -> list[dict[str, Any]]:
    """Things bought, as releases list them by the dozen: about 400 bytes each, of which no indicator reads any."""
    return [
        {
            "id": str(number),
            "description": TEXT,
            "classification": {
                "scheme": "UNSPSC",
                "id": f"3012{number:04}",
                "description": "Materiales eléctricos",
            },
            "quantity": number + 1.5,
            "unit": {"name": "Unidad", "value": {"amount": 1250.75, "currency": "USD"}},
            "deliveryLocation": {"description": "Almacén central", "countryName": "República"},
        }
        for number in range(padding // 400)
    ]


def _bid(draw: random.Random, bidder: int, strange: bool) -> dict[str, Any]:
    names = [{"id": f"s{bidder}", "name": f"Supplier {bidder}"}]
    if strange and draw.random() < 0.3:
        names.append({"id": f"s{draw.randrange(60)}"})
    out = 0.7 if bidder < 3 else 0.08
    status = "disqualified" if draw.random() < out else "valid"
    if draw.random() < 0.08:
        status = draw.choice(("invited", "withdrawn", "pending"))
    day, hour = draw.randrange(1, 29), draw.randrange(24)
    return {
        "id": f"bid{bidder}",
        "status": status,
        "date": draw.choice(ODD_DATES) if strange else f"2026-03-{day:02}T{hour:02}:30:00Z",
        "tenderers": names,
        "value": {"amount": 0, "currency": draw.choice(("EUR", "USD", "CNY")) if strange else "USD"},
    }


def _price(draw: random.Random, bids: list[dict[str, Any]]) -> None:
    lowest = round(draw.lognormvariate(10, 1), 2)
    distance = draw.choice((0.3, 0.3, 0.31, 0.32, 0.33, 0.3, 0.34, 0.31, 0.32, 0.33, 0.29, 0.001, 4.0))
    for place, bid in enumerate(bids):
        bid["value"]["amount"] = round(lowest * (1 + place * distance * draw.uniform(0.97, 1.03)), 2)


def _awards(draw: random.Random, bids: list[dict[str, Any]], strange: bool) -> list[dict[str, Any]]:
    valid = [bid for bid in bids if bid["status"] == "valid"] or bids
    # Tenderer s7 bids and never wins where there is another; the rest share what there is.
    winner = next((bid for bid in valid if bid["tenderers"][0]["id"] not in ("s7", "s8")), valid[0])
    supplier = winner["tenderers"][0]["id"]
    digits = draw.randrange(90) if supplier == "s11" else draw.choice((10, 11, 11, 12))
    award: dict[str, Any] = {
        "id": "a1",
        "status": "active",
        "suppliers": [{"id": supplier}],
        "items": [
            {
                "id": "1",
                "classification": {"scheme": "UNSPSC", "id": f"{digits:02}{draw.randrange(10_000):04}"},
            }
        ],
    }
    awards = [award]
    if draw.random() < 0.15:
        awards.append(
            {**award, "id": "a2", "status": draw.choice(("cancelled", "unsuccessful", "active", "pending"))}
        )
    if strange and draw.random() < 0.4:
        award["suppliers"].append({"id": f"s{draw.randrange(60)}"})
    if strange and draw.random() < 0.2:
        award["status"] = draw.choice(("pending", "planned", None))
    return awards


def _period(draw: random.Random, strange: bool) -> dict[str, Any]:
    if strange and draw.random() < 0.6:
        return {"startDate": draw.choice(ODD_DATES), "endDate": draw.choice(ODD_DATES)}
    start, days = draw.randrange(1, 28), draw.choice((3, 14, 15, 16, 27))
    hour = draw.choice((0, 12, 23))
    month, day = divmod(start + days - 1, 28)
    zone = draw.choice(("Z", "-04:00", "+08:00"))
    return {
        "startDate": f"2026-03-{start:02}T12:00:00Z",
        "endDate": f"2026-{3 + month:02}-{day + 1:02}T{hour:02}:00:00{zone}",
    }


def _damaged(draw: random.Random, release: dict[str, Any]) -> dict[str, Any]:
    """One field somewhere is missing, or of a wrong type."""
    where: Any = release
    while True:
        key = draw.choice(list(where)) if isinstance(where, dict) else draw.randrange(len(where))
        if isinstance(where[key], (dict, list)) and where[key] and draw.random() < 0.75:
            where = where[key]
            continue
        if draw.random() < 0.4:
            del where[key]
        else:
            where[key] = draw.choice(WRONG)
        return release
