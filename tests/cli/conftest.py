"""A shop with three products, and simulators that the whole session shares."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.shop import Shop, Watch, start_simulator

Simulators = Callable[..., Watch]
_VARIABLES = (
    "BATCHGEN_API_KEY",
    "ZAI_API_KEY",
    "ZHIPUAI_API_KEY",
    "BATCHGEN_STATE",
    "BATCHGEN_BASE_URL",
)


@pytest.fixture(scope="session")
def simulators() -> Iterator[Simulators]:
    """Give a simulator with these options, started once: a task takes 0.15 s."""
    running: dict[tuple[str, ...], Watch] = {}

    def simulator(*options: str) -> Watch:
        if options not in running:
            seed = f"--seed={len(running) + 1}"  # else two of them make tasks of the same ids
            running[options] = start_simulator("--tier=V1", "--speed=300", seed, *options)
        return running[options]

    yield simulator
    for watch in running.values():
        watch.close()


@pytest.fixture(autouse=True)
def own_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the person's keys, locks and language out of the tests."""
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "user-state"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Make a shop that has no key and no simulator."""
    folder = tmp_path / "shop"
    folder.mkdir()
    shop = Shop(folder)
    shop.draw()
    shop.write_rows("A", "B", "C")
    shop.write_job()
    return shop


@pytest.fixture
def open_shop(
    shop: Shop, simulators: Simulators, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Shop]:
    """Give the shop a key and an API: a simulator with these options."""

    def open_with(*options: str) -> Shop:
        shop.simulator = simulators(*options)
        monkeypatch.setenv("BATCHGEN_API_KEY", "made-up")
        monkeypatch.setenv("BATCHGEN_BASE_URL", shop.simulator.base_url)
        return shop

    return open_with


@pytest.fixture
def trading(open_shop: Callable[..., Shop]) -> Shop:
    """Make a shop with a key, and an API that does everything right."""
    return open_shop()
