"""`batchgen simulate`: the API simulator as a server on loopback."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

import click

from batchgen.cli.speech import heard
from batchgen.errors import SettingsError
from batchgen.language import say_here
from batchgen.messages import msg
from batchgen.simulator.switches import FAULT_HELP, Settings, Switches, parse_faults
from batchgen.video_models import TIERS

_FAULTS_HELP = msg(
    "Probabilities of faults, as fail=0.05,reset=0.01: {faults}.",
    faults="; ".join(f"{fault}: {heard(text)}" for fault, text in FAULT_HELP.items()),
)


def _switch_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give the command one option for each field of `Switches`."""
    types = get_type_hints(Switches)
    for switch in reversed(fields(Switches)):
        name = switch.name.replace("_", "-")
        kind: dict[str, Any] = {"type": types[switch.name]}
        if get_origin(types[switch.name]) is Literal:
            kind = {"type": click.Choice(get_args(types[switch.name]))}
        elif types[switch.name] is bool:
            name, kind = f"{name}/--no-{name}", {}
        command = click.option(
            f"--{name}",
            switch.name,
            default=switch.default,
            show_default=True,
            help=heard(switch.metadata["help"]),
            **kind,
        )(command)
    return command


@click.command(
    "simulate",
    help=say_here()(
        msg(
            "Serve the API simulator on 127.0.0.1 until Ctrl-C.\n\n"
            "Prints one JSON line with base_url when it is ready. Any key is taken. Look at"
            " /simulator/stats and /simulator/bill for what it saw."
        )
    ),
)
@click.option(
    "--port", default=8765, show_default=True, help=heard(msg("Port on 127.0.0.1; 0 picks one."))
)
@click.option(
    "--tier",
    type=click.Choice(list(TIERS)),
    default="V0",
    show_default=True,
    help=heard(msg("Account tier: how many tasks may be alive at once.")),
)
@click.option(
    "--speed",
    type=click.FloatRange(0, min_open=True),
    default=1.0,
    show_default=True,
    help=heard(msg("How many times faster than real everything ages.")),
)
@click.option(
    "--seed",
    default=1,
    show_default=True,
    help=heard(msg("Same seed and same requests: same durations and faults.")),
)
@click.option(
    "--median-seconds",
    type=click.FloatRange(0, min_open=True),
    default=45.0,
    show_default=True,
    help=heard(msg("Median life of a vidu2-image task before the speed.")),
)
@click.option("--faults", default="", help=heard(_FAULTS_HELP))
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help=heard(msg("Keep tasks, bill and clips here, so that the next start goes on with them.")),
)
@click.option(
    "--sketch",
    is_flag=True,
    help=heard(msg("Draw clips of few frames, and fetch no remote picture: quick.")),
)
@click.option(
    "--exit-with-stdin",
    is_flag=True,
    help=heard(msg("End when standard input ends, and leave Ctrl-C to the caller.")),
)
@_switch_options
def command(
    port: int,
    folder: Path | None,
    median_seconds: float,
    faults: str,
    exit_with_stdin: bool,
    **rest: Any,
) -> None:
    """Serve until a signal comes."""
    own = {name: rest.pop(name) for name in ("tier", "speed", "seed", "sketch")}
    settings = Settings(
        **own, median_s=median_seconds, faults=parse_faults(faults), switches=Switches(**rest)
    )
    try:
        asyncio.run(_serve(settings, folder, port, exit_with_stdin))
    except OSError as error:
        raise SettingsError(
            msg(
                "the simulator cannot use its folder ({reason}): name another with --folder",
                reason=error.strerror or type(error).__name__,
            )
        ) from error


async def _serve(settings: Settings, folder: Path | None, port: int, is_child: bool) -> None:
    from batchgen.simulator.server import serving  # heavy: draws clips

    stop = _stop_event(is_child)
    async with serving(settings, folder, port) as base_url:
        ready = {
            "base_url": base_url,
            "port": urlsplit(base_url).port,
            "tier": settings.tier,
            "speed": settings.speed,
            "seed": settings.seed,
        }
        click.echo(json.dumps(ready))
        await stop.wait()


def _stop_event(is_child: bool) -> asyncio.Event:
    """Make an event that is set by SIGTERM, and by Ctrl-C or the end of stdin."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop_soon(*_signal: object) -> None:
        loop.call_soon_threadsafe(stop.set)

    signal.signal(signal.SIGTERM, stop_soon)
    signal.signal(signal.SIGINT, signal.SIG_IGN if is_child else stop_soon)
    if is_child:
        threading.Thread(target=_await_end_of_stdin, args=(stop_soon,), daemon=True).start()
    return stop


def _await_end_of_stdin(then: Callable[[], None]) -> None:
    """Read the bare descriptor: a lock of `sys.stdin` would outlive the interpreter."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    then()
