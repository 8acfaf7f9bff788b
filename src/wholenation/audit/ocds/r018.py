"""R018: one bidder where competition was open."""

from __future__ import annotations

from .process import Process
from .verdicts import CLEAR, Question, Verdict

ALONE = Verdict(1.0, True, "only one bidder took part in a procedure that is open to several")


def r018(process: Process, question: Question) -> Verdict | str:
    """Flag where the tender names one tenderer and its method is open or selective."""
    methods = question.settings.r018_procurement_methods
    tender = process.tender
    if methods and tender.procurement_method not in methods:
        return (
            "no procurement method"
            if tender.procurement_method is None
            else "not asked of its procurement method"
        )
    count = tender.number_of_tenderers
    if count is None:
        return "the number of tenderers is missing"
    if question.corrected:
        if count < 0 or count != int(count):
            return "the number of tenderers is no count"
        return ALONE if count == 1 else Verdict(float(count))
    # 1.0 is no count to Cardinal.
    return ALONE if type(count) is int and count == 1 else CLEAR
