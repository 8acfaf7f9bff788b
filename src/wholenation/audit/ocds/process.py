"""One contracting process, sorted the way that most indicators ask for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from .releases import Award, Bid, Organization, Release, Tender

NOT_SUBMITTED = frozenset(("invited", "withdrawn", None))
NO_BIDS: Sequence[Bid] = ()
PENDING = "an award is not final yet"


class Process(msgspec.Struct, frozen=True, gc=False):
    """A release with its bids and awards sorted out.

    `details` are all bids (None without a list of them), `submitted` those that were handed in and not withdrawn, and
    `valid` and `disqualified` are parts of these.
    `active` are the awards in force, and `final` the same where every award is decided and there is a list of bids;
    otherwise `final` is None and `unsettled` says why.
    """

    ocid: str
    release: Release
    tender: Tender
    details: list[Bid] | None
    submitted: Sequence[Bid]
    valid: Sequence[Bid]
    disqualified: Sequence[Bid]
    active: Sequence[Award]
    final: Sequence[Award] | None
    unsettled: str


_NO_TENDER = Tender()


def process_of(release: Release, ocid: str) -> Process:
    """The process that a release tells of."""
    details = release.bids.details if release.bids is not None else None
    submitted = valid = disqualified = NO_BIDS
    if details:
        submitted = [bid for bid in details if bid.status not in NOT_SUBMITTED]
        valid = [bid for bid in submitted if bid.status == "valid"]
        if len(valid) < len(submitted):
            disqualified = [bid for bid in submitted if bid.status == "disqualified"]
    active: Sequence[Award] = ()
    final: Sequence[Award] | None = None
    unsettled = "no awards" if release.awards is None else "no list of bids"
    if release.awards is not None:
        active = [award for award in release.awards if award.status == "active"]
        if details is not None:
            final = active
            for award in release.awards:
                if award.status not in _SETTLED:
                    final, unsettled = None, PENDING
                    break
    return Process(
        ocid,
        release,
        release.tender or _NO_TENDER,
        details,
        submitted,
        valid,
        disqualified,
        active,
        final,
        unsettled,
    )


_SETTLED = frozenset(("active", "cancelled", "unsuccessful", None))
"""An award without a status is passed over: it neither counts nor holds the process up."""


def only_supplier(process: Process) -> str | None:
    """The one supplier of the one award in force, None where awards or suppliers are more, fewer or nameless."""
    if process.final is None or len(process.final) != 1:
        return None
    return only_id(process.final[0].suppliers)


def why_no_only_supplier(process: Process) -> str:
    """Why there is no such supplier."""
    if process.final is None:
        return process.unsettled
    if len(process.final) != 1:
        return "no award in force" if not process.final else "several awards in force"
    suppliers = process.final[0].suppliers
    if suppliers is not None and len(suppliers) > 1:
        return "several suppliers of one award"
    return "the award names no supplier"


def only_id(organizations: Sequence[Organization] | None) -> str | None:
    """The identifier of the only organization, None where there are more, none, or it has none."""
    if organizations is None or len(organizations) != 1:
        return None
    found = organizations[0].id
    return found if type(found) is str else None


def ids(organizations: Iterable[Organization] | None) -> list[str]:
    """The identifiers, without those that are missing or no strings."""
    if organizations is None:
        return []
    return [one.id for one in organizations if type(one.id) is str]
