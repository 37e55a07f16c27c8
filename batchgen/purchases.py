"""What one account bought, as planning asks for it: looked up in the state, a few SKUs at a time.

Holds no attempt itself, so that a state of any size is planned against in little memory.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal

from batchgen.clip import AccountScope, Attempt
from batchgen.state.store import Purse, StateReader


@dataclass(frozen=True, slots=True)
class AccountPurchases:
    """What one account bought, read from the state as it is asked for."""

    reader: StateReader
    account: AccountScope

    def __bool__(self) -> bool:
        """Tell whether the state has any purchase, of whatever account."""
        return self.reader.changes > 0

    def of_skus(self, skus: Collection[str]) -> Iterable[Attempt]:
        """Give every attempt of some SKUs, oldest first."""
        return self.reader.attempts_of(self.account, skus)

    def by_ids(self, ids: Collection[int]) -> Iterable[Attempt]:
        """Give the attempts with these ids."""
        return self.reader.attempts_by_id(ids)

    def committed(self, kind: str, name: str) -> Decimal:
        """Sum what one SKU, or one value of a column that budgets count by, has cost at worst."""
        return self.reader.balance(self.account, Purse(kind, name)).committed
