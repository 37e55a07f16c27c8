"""A small shop in a folder of its own, and `batchgen run` on it as a real process."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from tests.truth.book import Truth
from tests.truth.checker import Verdict, check

_JOB = """\
name: proof
manifest: {{path: catalog.csv}}
account: {{tier: {tier}, max_polls_per_second: {rate}}}
clip: {{prompt: "{{{{ title }}}} turns slowly [{{{{ sku }}}}/main]"}}
budget: {{job: "{budget}"}}
output: out
"""


@dataclass(frozen=True, slots=True)
class Shop:
    """A job of one clip a SKU, with its state and output, all below one folder."""

    folder: Path
    budget: Decimal

    @classmethod
    def open(
        cls, folder: Path, clips: int, budget: Decimal, *, tier: str = "V3", rate: int = 200
    ) -> Shop:
        """Write the job and its catalogue; `rate` is that of submits and polls in a second."""
        folder.mkdir(parents=True)
        rows = [f"SKU-{n:03},Mug {n},https://pictures.example/{n}.png" for n in range(1, clips + 1)]
        catalog = "\n".join(["sku,title,image", *rows, ""])
        (folder / "catalog.csv").write_text(catalog, encoding="utf-8")
        job = _JOB.format(budget=budget, tier=tier, rate=rate)
        (folder / "job.yaml").write_text(job, encoding="utf-8")
        return cls(folder, budget)

    @property
    def state(self) -> Path:
        """Where the state lies."""
        return self.folder / ".batchgen" / "state.db"

    def check(self, truth: Truth, ordered: Mapping[str, int] | None = None) -> Verdict:
        """Compare truth, state and output; `ordered` as in `checker.check`."""
        output = self.folder / "out"
        return check(truth, self.state, output, budget=self.budget, ordered=ordered)

    def arguments(self, port: int, *more: str) -> tuple[str, ...]:
        """Give what follows `batchgen` on the command line of a run, against a loopback port."""
        return (
            *("run", str(self.folder / "job.yaml"), "--yes", "--no-progress", *more),
            *("--base-url", f"http://127.0.0.1:{port}/api/paas/v4"),
        )

    def environment(
        self, env: Mapping[str, str], *, home: Path | None = None, key: str = "key-1"
    ) -> dict[str, str]:
        """Give the whole environment of a start: `env`, and what every start needs."""
        home = home or self.folder / "home"
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "HOME": str(home),
            "XDG_STATE_HOME": str(home),
            "BATCHGEN_API_KEY": key,
            **env,
        }

    async def start(
        self,
        port: int,
        *,
        home: Path | None = None,
        key: str = "key-1",
        env: Mapping[str, str] | None = None,
        under: Sequence[str] = (),
    ) -> Process:
        """Start `batchgen run` against a loopback port; `home` is where account locks lie.

        `under` is the command line of a program, as a tracer, that starts it.
        """
        return await asyncio.create_subprocess_exec(
            *under,
            *(sys.executable, "-m", "batchgen", *self.arguments(port)),
            cwd=self.folder,
            stdin=DEVNULL,
            stdout=DEVNULL,
            stderr=PIPE,
            env=self.environment(env or {}, home=home, key=key),
        )
