"""What people read for a status and for a place of money. Pure.

JSON, results and the state keep the stable words of `clip.Status` and `clip.MoneyPlace`.
"""

from __future__ import annotations

from collections.abc import Mapping

from batchgen.clip import MoneyPlace, Status
from batchgen.messages import Message, msg

#: Status -> its word; what needs a person comes first.
STATUS_WORDS: Mapping[Status, Message] = {
    Status.FAILED: msg("failed"),
    Status.UNCERTAIN: msg("uncertain"),
    Status.LOST: msg("lost"),
    Status.INVALID: msg("invalid"),
    Status.READY: msg("ready"),
    Status.RUNNING: msg("running"),
    Status.PLANNED: msg("planned"),
    Status.DONE: msg("done"),
}

#: Place of money -> its word.
MONEY_WORDS: Mapping[MoneyPlace, Message] = {
    MoneyPlace.RESERVED: msg("reserved"),
    MoneyPlace.SPENT: msg("spent"),
    MoneyPlace.AT_RISK: msg("at risk"),
    MoneyPlace.RELEASED: msg("not charged"),
}
