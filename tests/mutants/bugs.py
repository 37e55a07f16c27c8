"""The planted bugs, by what they break."""

from __future__ import annotations

from tests.mutants.bug import Bug
from tests.mutants.bugs_of_edges import FILES, INPUTS, SECRETS
from tests.mutants.bugs_of_money import BUDGETS, LARGE_PLANS, PRICES, PURCHASES
from tests.mutants.bugs_of_recovery import BACKLOG, BILLS, RESENDING
from tests.mutants.bugs_of_runs import ANSWERS, ORDER_OF_RECORDS, SIGNALS, SLOTS
from tests.mutants.bugs_of_state import DURABILITY, LOCKS, TRUST

BUGS: tuple[Bug, ...] = (
    *PURCHASES,
    *LARGE_PLANS,
    *PRICES,
    *BUDGETS,
    *ORDER_OF_RECORDS,
    *ANSWERS,
    *SLOTS,
    *SIGNALS,
    *RESENDING,
    *BACKLOG,
    *BILLS,
    *DURABILITY,
    *TRUST,
    *LOCKS,
    *FILES,
    *SECRETS,
    *INPUTS,
)
