"""The backlog: paid clips that are not saved yet, and the brake they pull on the buying.

What is paid can be lost only while it waits for its download. So nothing more is bought while too
much of it waits, or while one of its links is about to die. Knows how many clips wait and until
when, not how they are fetched.

    a buyer asks `has_room` right before its intent, and waits there
    a download that failed asks `is_pressing`, and is tried again as long as it is
    nobody tries any more, and there is still no room: the run stops buying
"""

from __future__ import annotations

import asyncio

from batchgen.clip import FETCHABLE, Attempt, AttemptState
from batchgen.messages import Message, msg
from batchgen.provider.port import StopReason
from batchgen.run.ports import Clock, Observer
from batchgen.run.slots import Slots, SlotsByModel
from batchgen.run.stopping import Stop, first_of
from batchgen.video_models import LINK_LIFE_S
from batchgen.words import local_time, time_left

#: Paid clips that may wait for their download, for each slot of the account.
_MOST_FOR_A_SLOT = 2
#: A link is near its end in the last quarter of its life. Every link is recorded to live for
#: `LINK_LIFE_S`, also where a simulator runs faster and lets it die sooner.
_NEAR_END_S = LINK_LIFE_S / 4
#: A person is told of a link below each of these seconds.
_ALARMS_S = (_NEAR_END_S, 3600.0)
#: Whoever waits looks again after this long even if nothing changed: links age by themselves.
#: A brake that is released sooner is not worth a word.
_LOOK_AGAIN_S = 60.0
#: Clips named in a message.
_NAMED = 3


class Backlog:
    """The paid and unsaved clips of one account, of all its jobs."""

    def __init__(
        self, clock: Clock, stop: Stop, observer: Observer, slots: Slots | SlotsByModel
    ) -> None:
        self._clock = clock
        self._stop = stop
        self._observer = observer
        self._slots = slots
        self._waiting: dict[int, Attempt] = {}
        #: Ids of those that are not tried any more in this run.
        self._given_up: set[int] = set()
        #: Id -> how many of the alarms its link has passed.
        self._alarms: dict[int, int] = {}
        self._to_buy = 0
        self._is_told = False
        self._changed = asyncio.Event()

    # ------------------------------------------------------------ what happens to the clips

    def take_in(self, attempt: Attempt) -> None:
        """Note where an attempt stands now."""
        if attempt.state in FETCHABLE:
            self._waiting[attempt.id] = attempt
        elif self._waiting.pop(attempt.id, None) is None:
            return
        self._wake()

    def give_up(self, attempt: Attempt) -> None:
        """Note that a clip is not tried any more in this run, saved or not."""
        self._given_up.add(attempt.id)
        self._wake()

    def warn(self, attempt: Attempt) -> None:
        """Tell once below six hours, and once below one, that the link of a paid clip dies."""
        left_s = self._left_s(attempt)
        passed = 0 if left_s is None else sum(left_s < alarm_s for alarm_s in _ALARMS_S)
        if left_s is not None and passed > self._alarms.get(attempt.id, 0):
            self._observer.note(
                msg(
                    "{clip} is paid and not saved yet, and its link dies in {left}, at {at}:"
                    " look at the network and the disk; `batchgen run` fetches it without paying",
                    clip=str(attempt.key),
                    left=time_left(left_s),
                    at=local_time(attempt.url_expires_at or 0),
                )
            )
        self._alarms[attempt.id] = passed

    # ------------------------------------------------------------ what happens to the buying

    def begin(self, to_buy: int) -> None:
        """Note how many clips the run may buy."""
        self._to_buy = to_buy

    def settled(self) -> None:
        """Note that one of the clips to buy was bought, or is not bought in this run."""
        self._to_buy -= 1
        self._wake()

    @property
    def has_more_to_buy(self) -> bool:
        """Whether clips are left that are neither bought nor left out."""
        return self._to_buy > 0 and self._stop.reason is None

    async def has_room(self) -> bool:
        """Wait while the backlog holds back the buying; False when the run stops buying.

        May be cancelled.
        """
        since = self._clock.monotonic()
        while self._stop.reason is None and self._is_too_long():
            if self._waiting.keys() <= self._given_up:
                self._stop.request(StopReason.DOWNLOADS, self._cannot_be_fetched())
                break
            if self._clock.monotonic() - since >= _LOOK_AGAIN_S:
                self._tell()
            await self._change()
        return self._stop.reason is None

    async def is_pressing(self) -> bool:
        """Wait until the backlog holds back the buying; False when nothing more is bought.

        May be cancelled.
        """
        while self.has_more_to_buy:
            if self._is_too_long():
                return True
            await self._change()
        return False

    def _is_too_long(self) -> bool:
        if len(self._waiting) > _MOST_FOR_A_SLOT * self._slots.limit:
            return True
        first = self._next_to_die()
        left_s = None if first is None else self._left_s(first)
        return left_s is not None and left_s < _NEAR_END_S

    async def _change(self) -> None:
        change = self._changed.wait()
        await first_of(change, self._stop.wait(), self._clock.sleep(_LOOK_AGAIN_S))

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    # ------------------------------------------------------------ links and words

    def _left_s(self, attempt: Attempt) -> float | None:
        """Give the seconds its link has left; None where no waiting can cost the clip.

        That is so when its bytes are here, when it has no link, and when its link's life is over.
        """
        if attempt.state is AttemptState.VERIFIED or attempt.url_expires_at is None:
            return None
        left_s = attempt.url_expires_at - self._clock.now()
        return left_s if left_s > 0 else None

    def _next_to_die(self) -> Attempt | None:
        mortal = [it for it in self._waiting.values() if self._left_s(it) is not None]
        return min(mortal, key=lambda it: it.url_expires_at or 0, default=None)

    def _tell(self) -> None:
        if self._is_told:
            return
        self._is_told = True
        self._observer.note(
            msg(
                "buying waits until what is paid is here; clips not saved yet: {count}; {first}",
                count=len(self._waiting),
                first=self._first_death(),
            )
        )

    def _cannot_be_fetched(self) -> Message:
        names = [str(attempt.key) for attempt in self._waiting.values()]
        return msg(
            "paid clips that cannot be fetched: {count} ({clips}); {first}. Look at the"
            " network and the disk; `batchgen run` fetches them again without paying",
            count=len(names),
            clips=", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else ""),
            first=self._first_death(),
        )

    def _first_death(self) -> Message:
        first = self._next_to_die()
        if first is None:
            return msg("none of them waits for a link that may die")
        return msg(
            "the first link, that of {clip}, dies in {left}, at {at}",
            clip=str(first.key),
            left=time_left(self._left_s(first) or 0),
            at=local_time(first.url_expires_at or 0),
        )
