"""How many tasks an account takes at once, learned from its answers. Pure.

The tier is the most. The account may take fewer: its tier is lower than was said, or another
program uses it. So the cap is cut when a submit is refused because the account is full, and grows
again while submits are accepted:

    refused            seven eighths of what it was, and at most what is alive of ours; at least 1
    refused, with      1: others fill the account. From there it is regained by one more with each
    nothing alive      accepted submit, up to where it was cut by what is alive
    accepted           one more after each twenty accepted at the cap
"""

from __future__ import annotations

from dataclasses import dataclass, replace

#: Accepted submits at the cap before one more is tried.
_CLEAN = 20


@dataclass(frozen=True, slots=True)
class Cap:
    """The cap after the answers so far."""

    #: Tasks that the tier lets live at once.
    tier: int
    #: Tasks that are let live at once.
    now: int
    #: Below this many, the cap grows with each accepted submit.
    known: int
    #: Submits accepted at the cap since it last changed.
    clean: int = 0

    @classmethod
    def of(cls, tier: int) -> Cap:
        """Start at the tier, before any answer."""
        return cls(tier, now=tier, known=tier)

    def accepted(self, alive: int) -> Cap:
        """Take in an accepted submit; so many of our tasks are alive with it."""
        if alive > self.now:
            return replace(self, now=min(alive, self.tier))
        if alive < self.now or self.now == self.tier:
            return self
        clean = self.clean + 1
        if clean < _CLEAN and self.now >= self.known:
            return replace(self, clean=clean)
        return replace(self, now=self.now + 1, clean=0)

    def refused(self, alive: int) -> Cap:
        """Take in that the account was full while so many of our tasks were alive."""
        if alive == 0:
            return replace(self, now=1, clean=0)
        fewer = max(1, min(alive, self.now * 7 // 8))
        return replace(self, now=fewer, known=fewer, clean=0)
