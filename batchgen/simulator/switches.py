"""What the simulator can be told to be like: tier, speed, faults, and a switch for each unknown.

The public documents leave much open; where they do, a switch has every reading that was found and
its default is the likeliest or the most dangerous one. Pure: knows no clock, file or network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from batchgen.errors import SettingsError
from batchgen.messages import Message, msg
from batchgen.video_models import TIERS


class Fault(StrEnum):
    """What can be made to go wrong with a probability; the text is its name in `--faults`."""

    FAIL = "fail"
    UNSAFE = "unsafe"
    BUSY = "busy"
    RATE_LIMIT = "rate-limit"
    SUBMIT_500 = "submit-500"
    SUBMIT_TIMEOUT = "submit-timeout"
    RESET = "reset"
    POLL_500 = "poll-500"
    CUT_DOWNLOAD = "cut-download"
    SLOW_DOWNLOAD = "slow-download"
    DEAD_LINK = "dead-link"


#: Fault -> what it does, for the help.
FAULT_HELP: Mapping[Fault, Message] = {
    Fault.FAIL: msg("the task ends with FAIL"),
    Fault.UNSAFE: msg("the submit is refused with 400 code 1301"),
    Fault.BUSY: msg("the submit is refused with 429 code 1305"),
    Fault.RATE_LIMIT: msg("the submit is refused with 429 code 1302, though there is room"),
    Fault.SUBMIT_500: msg("the submit is answered 500 code 1234"),
    Fault.SUBMIT_TIMEOUT: msg("the submit is never answered"),
    Fault.RESET: msg("the submit's connection is reset instead of an answer"),
    Fault.POLL_500: msg("a poll is answered 500 code 1234"),
    Fault.CUT_DOWNLOAD: msg("a download breaks off half-way"),
    Fault.SLOW_DOWNLOAD: msg("a download drips for 20 seconds (divided by the speed)"),
    Fault.DEAD_LINK: msg("a download is answered as if its link were dead"),
}
#: Faults after which the caller cannot know whether a task was made (see `Switches.lost_submit`).
LOST_ANSWERS = (Fault.SUBMIT_500, Fault.SUBMIT_TIMEOUT, Fault.RESET)
#: Faults of a download; the first that strikes is met.
SPOILT_DOWNLOADS = (Fault.DEAD_LINK, Fault.CUT_DOWNLOAD, Fault.SLOW_DOWNLOAD)


def _switch(default: Any, text: Message) -> Any:
    """Make a field whose text becomes the help of its command-line option."""
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True, slots=True)
class Switches:
    """One field for each thing the documents do not settle; each is an option of `simulate`."""

    sizes: Literal["reference", "examples", "any"] = _switch(
        "examples", msg("Sizes taken: the reference's, also those of the examples, or any.")
    )
    fail_body: Literal["bare", "error", "text", "message"] = _switch(
        "bare", msg("What a FAIL says: nothing, an error object, an error text, or a message.")
    )
    fail_charged: bool = _switch(False, msg("Leave FAILed tasks on the bill."))
    cap_scope: Literal["account", "model"] = _switch(
        "account", msg("The tier's cap holds for all models together, or for each model.")
    )
    cap_counts: Literal["tasks", "submits"] = _switch(
        "tasks", msg("The cap counts unfinished tasks, or only submits being answered.")
    )
    burst_per_second: int = _switch(
        0, msg("More submits than this within a second get 429 code 1302; 0: no such rule.")
    )
    duplicate_request_id: Literal["new", "refuse", "same"] = _switch(
        "new", msg("A known request_id makes a new task, gets code 1231, or gets its first task.")
    )
    unknown_task: Literal["1233", "404"] = _switch(
        "1233", msg("A poll of an unknown id gets 400 code 1233, or 404.")
    )
    bare_key: Literal["accept", "refuse"] = _switch(
        "accept", msg("An API key without Bearer is accepted, or gets 401 code 1002.")
    )
    error_in_200: bool = _switch(False, msg("Send code 1305 with HTTP 200."))
    retry_after_s: float = _switch(0.0, msg("Seconds of Retry-After on a 429; 0: no such header."))
    processing_body: Literal["absent", "empty", "null"] = _switch(
        "absent", msg("video_result while PROCESSING: absent, an empty list, or null.")
    )
    fresh_link_s: float = _switch(
        0.0,
        msg("Result links answer 404 for so many seconds after SUCCESS (divided by the speed)."),
    )
    dead_link: Literal["403", "404"] = _switch("403", msg("Status of a result link after its day."))
    lost_submit: Literal["made", "not-made"] = _switch(
        "made", msg("A submit whose answer is lost made its task (and its charge), or did not.")
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """What one simulator is like."""

    tier: str = "V0"
    #: How many times faster than real everything ages.
    speed: float = 1.0
    #: Same seed and same requests: same durations and faults.
    seed: int = 1
    #: Median seconds of a vidu2-image task at speed 1.
    median_s: float = 45.0
    #: Fault -> probability, 0 to 1, for each request it can meet.
    faults: Mapping[Fault, float] = field(default_factory=dict)
    switches: Switches = Switches()
    #: Clips have few frames, and remote pictures are not fetched.
    sketch: bool = False

    @property
    def cap(self) -> int:
        """Tasks that may be alive at once."""
        return TIERS[self.tier]


def parse_faults(text: str) -> dict[Fault, float]:
    """Read `fail=0.05,submit-500=0.02`; an empty text means none.

    Raises:
        SettingsError: an unknown name, or a probability that is no number from 0 to 1.
    """
    return dict(_parse_fault(part.strip()) for part in text.split(",") if part.strip())


def _parse_fault(part: str) -> tuple[Fault, float]:
    name, _, number = part.partition("=")
    try:
        fault, probability = Fault(name.strip()), float(number)
        if 0 <= probability <= 1:
            return fault, probability
    except ValueError:
        pass  # said below, like a number out of range
    raise SettingsError(
        msg(
            "--faults: cannot read {part}: write name=probability with a number from 0 to 1;"
            " names are {names}",
            part=part,
            names=", ".join(Fault),
        )
    )
