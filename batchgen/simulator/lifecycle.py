"""A task's life as a function of the clock: how long it takes, how it ends, when its link dies.

Nothing here happens by itself: a task is drawn once, and what it is at a moment is asked with
that moment. Pure: knows no clock, file or network; chance comes from the seed and the request.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from statistics import NormalDist

from batchgen.clip import ClipRequest, LocalPicture
from batchgen.simulator.switches import Fault, Settings
from batchgen.video_models import LINK_LIFE_S, price_of

#: How much longer than vidu2-image a model takes (a reseller of Vidu 1.5 measured 155 s to 90 s).
_RELATIVE_LIFE: Mapping[str, float] = {"vidu2-reference": 1.7}
#: Spread of the logarithm of a life: one task in twenty takes more than 1.5 times the median.
_SPREAD = 0.25


class TaskStatus(StrEnum):
    """The three words of the API (its reference knows no other)."""

    PROCESSING = "PROCESSING"
    SUCCESS = "SUCCESS"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Task:
    """One accepted call. Times are UTC seconds since the epoch, the speed already applied."""

    id: str
    request_id: str
    request: ClipRequest
    #: `digest_of(request)`.
    digest: str
    #: 1 for the first call with this digest, and so on.
    number: int
    price: Decimal
    currency: str
    created_at: float
    ends_at: float
    #: It ends with FAIL.
    fails: bool
    #: Signature of its links.
    sign: str
    link_opens_at: float
    link_dies_at: float

    def status(self, now: float) -> TaskStatus:
        """Tell what a poll at `now` says."""
        if now < self.ends_at:
            return TaskStatus.PROCESSING
        return TaskStatus.FAIL if self.fails else TaskStatus.SUCCESS

    def is_alive(self, now: float) -> bool:
        """Tell whether it takes one of the account's places at `now`."""
        return now < self.ends_at


def digest_of(request: ClipRequest) -> str:
    """Hash what is asked for; pictures count by their bytes, or by their URL."""
    fields = asdict(request)
    del fields["fit"]  # the API sees pictures that are shaped already
    fields["pictures"] = [
        picture.sha256 if isinstance(picture, LocalPicture) else picture.url
        for picture in request.pictures
    ]
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def chance(seed: int, *names: object) -> float:
    """Draw a number from 0 to below 1 that depends on the seed and the names alone."""
    return int(_hex(seed, *names)[:13], 16) / 16**13


def strikes(settings: Settings, fault: Fault, *names: object) -> bool:
    """Tell whether a fault meets the request that the names stand for."""
    return chance(settings.seed, fault, *names) < settings.faults.get(fault, 0.0)


def life_s(settings: Settings, model: str, *names: object) -> float:
    """Draw how long a task takes: median * e^(spread * z), z normal, divided by the speed."""
    median_s = settings.median_s * _RELATIVE_LIFE.get(model, 1.0)
    middle = 0.0005 + 0.999 * chance(settings.seed, "life", *names)
    return median_s * math.exp(_SPREAD * NormalDist().inv_cdf(middle)) / settings.speed


def new_task(
    settings: Settings, request: ClipRequest, request_id: str | None, number: int, now: float
) -> Task:
    """Draw the whole life of the `number`-th call that asks for this, accepted at `now`."""
    digest = digest_of(request)
    task_id = made_id(settings.seed, now, digest, number)
    price, currency = price_of(request.model, "simulator")
    ends_at = now + life_s(settings, request.model, digest, number)
    return Task(
        id=task_id,
        request_id=request_id or made_id(settings.seed, now, "request", digest, number),
        request=request,
        digest=digest,
        number=number,
        price=price,
        currency=currency,
        created_at=now,
        ends_at=ends_at,
        fails=strikes(settings, Fault.FAIL, digest, number),
        sign=_hex(settings.seed, "sign", task_id)[:32],
        link_opens_at=ends_at + settings.switches.fresh_link_s / settings.speed,
        link_dies_at=ends_at + LINK_LIFE_S / settings.speed,
    )


def made_id(seed: int, now: float, *names: object) -> str:
    """Make an id in the platform's shape: YYYYMMDDhhmmss and 16 hexadecimal digits."""
    return f"{datetime.fromtimestamp(now, UTC):%Y%m%d%H%M%S}{_hex(seed, *names)[:16]}"


def _hex(seed: int, *names: object) -> str:
    return hashlib.sha256("|".join(map(str, (seed, *names))).encode()).hexdigest()
