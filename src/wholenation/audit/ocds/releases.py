"""What the indicators read of an OCDS compiled release, and nothing else.

Fields that are not named here are skipped unread; whatever is missing is None.
"""

from __future__ import annotations

import msgspec

Identifier = str | int | None
"""OCDS allows numbers as identifiers; the indicators ask for strings."""


class Organization(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """A reference to a party."""

    id: Identifier = None


class Value(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """An amount of money."""

    amount: float | None = None
    currency: str | None = None


class Period(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """From when to when, as written."""

    start_date: str | None = None
    end_date: str | None = None


class Tender(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """The call."""

    status: str | None = None
    procurement_method: str | None = None
    procurement_method_details: str | None = None
    award_criteria: str | None = None
    number_of_tenderers: int | float | None = None
    tender_period: Period | None = None
    procuring_entity: Organization | None = None


class Bid(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """An offer."""

    status: str | None = None
    date: str | None = None
    value: Value | None = None
    tenderers: list[Organization] | None = None


class Bids(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """The offers of a process."""

    details: list[Bid] | None = None


class Classification(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """What kind of thing an item is."""

    id: Identifier = None


class Item(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """A thing bought."""

    classification: Classification | None = None


class Award(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """A decision on who is to deliver."""

    status: str | None = None
    suppliers: list[Organization] | None = None
    items: list[Item] | None = None


class Release(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """A contracting process as it stands."""

    ocid: str | None = None
    tender: Tender | None = None
    buyer: Organization | None = None
    bids: Bids | None = None
    awards: list[Award] | None = None
