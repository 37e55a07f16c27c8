"""Pictures on the web: asked for before money moves, or downloaded and sent as data."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping

import pytest

from batchgen.cli.probing import probed
from batchgen.clock import SystemClock
from batchgen.engine import Options, open_workspace
from batchgen.item import Fault
from batchgen.plan.values import Plan, Selection
from tests.cli.picture_shop import Pictures, jpeg, picture_shop
from tests.cli.shop import Shop


@pytest.fixture
def pictures(monkeypatch: pytest.MonkeyPatch, shop: Shop) -> Iterator[Pictures]:
    """Run a picture server; what is found there is remembered in the shop's folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(shop.folder / "cache"))
    with picture_shop() as running:
        yield running


def write_catalogue(
    shop: Shop,
    pictures: Pictures,
    *skus: str,
    job: Mapping[str, object] | None = None,
    **manifest: object,
) -> None:
    """Write a catalogue whose pictures lie on the server, one an SKU, and its job."""
    lines = [f"{sku},Cup {sku},{pictures.url(f'{sku}.jpg')}" for sku in skus]
    (shop.folder / "catalogue.csv").write_text("\n".join(["sku,title,image", *lines]) + "\n")
    own = {"path": "catalogue.csv", "picture_base": pictures.base, **manifest}
    shop.write_job(manifest=own, **(job or {}))


def probe(shop: Shop) -> tuple[Plan, tuple[Fault, ...]]:
    """Ask for the pictures of the shop's job; give its plan and the faults that may pass."""
    workspace = open_workspace(shop.job, Options(), os.environ)
    anew, found = probed(workspace, SystemClock())
    return anew.plan(None, Selection(), SystemClock().now()), found


def test_a_probe_finds_faults_of_rows(shop: Shop, pictures: Pictures) -> None:
    """What is gone, no picture or of a bad shape is told at its row and column."""
    pictures.files = {"A.jpg": jpeg(), "C.jpg": b"<html>", "D.jpg": jpeg(size=(900, 100))}
    write_catalogue(shop, pictures, "A", "B", "C", "D")
    plan, found = probe(shop)
    told = [(fault.row, fault.code) for fault in plan.faults]
    assert told == [
        (3, "picture-remote-gone"),
        (4, "picture-remote-format"),
        (5, "picture-ratio"),
    ]
    assert (plan.faults[0].column, found) == ("image", ())


def test_a_probe_is_believed_by_later_commands(shop: Shop, pictures: Pictures) -> None:
    """`plan` and `check` ask nothing, and know what was found."""
    pictures.files = {"A.jpg": jpeg()}
    write_catalogue(shop, pictures, "A", "B")
    probe(shop)
    asked = len(pictures.asked)
    told = json.loads(shop.call("check", "--json").stdout)
    assert [fault["code"] for fault in told["faults"]] == ["picture-remote-gone"]
    assert len(pictures.asked) == asked


@pytest.mark.parametrize("identity", ["picture_url", "picture_bytes"])
def test_a_probe_looks_again_at_what_was_wrong(
    shop: Shop, pictures: Pictures, identity: str
) -> None:
    """A picture that was put right is no fault any more, a day or a minute later."""
    pictures.files = {"A.jpg": jpeg()}
    write_catalogue(shop, pictures, "A", "B", job={"identity": identity})
    assert [fault.code for fault in probe(shop)[0].faults] == ["picture-remote-gone"]
    pictures.files["B.jpg"] = jpeg("navy")
    assert probe(shop)[0].faults == ()


def test_a_trouble_that_may_pass_holds_no_later_command_back(
    shop: Shop, pictures: Pictures
) -> None:
    """This machine was refused; the provider may not be."""
    pictures.files = {"A.jpg": jpeg()}
    pictures.is_guarded = True
    write_catalogue(shop, pictures, "A")
    pictures.files = {}
    workspace = open_workspace(shop.job, Options(), os.environ)
    shop.write_job(manifest={"path": "catalogue.csv"})  # the host is not named any more
    plan, found = probe(shop)
    assert ([fault.code for fault in found], plan.faults) == (["picture-remote-private"], ())
    assert (found[0].row, found[0].column, found[0].sku) == (2, "image", "A")
    assert not workspace.plan(None, Selection(), 0.0).faults


def test_guarded_pictures_are_sent_as_data(trading: Shop, pictures: Pictures) -> None:
    """The provider, whom the guard refuses, need not ask; each is downloaded once."""
    pictures.is_guarded = True
    pictures.files = {"A.jpg": jpeg("teal"), "B.jpg": jpeg("navy")}
    write_catalogue(trading, pictures, "A", "B", fetch=True)
    told = trading.json("run", "--yes")
    assert (told["done"], trading.clips()) == (2, {"A", "B"})
    assert len(pictures.asked) == 2
    assert all("batchgen/" in agent for _, agent in pictures.asked)


def test_fetching_buys_nothing_anew(trading: Shop, pictures: Pictures) -> None:
    """A picture on the web is known by its address, whoever gets it."""
    pictures.files = {"A.jpg": jpeg()}
    write_catalogue(trading, pictures, "A")
    trading.json("run", "--yes")
    write_catalogue(trading, pictures, "A", fetch=True)
    assert trading.json("plan")["already_done"] == 1
    told = trading.json("run", "--yes")
    assert (told["skipped"], told["spent"], told["changed"]) == (1, "1.25", 0)


def test_a_picture_that_cannot_be_fetched_costs_nothing(trading: Shop, pictures: Pictures) -> None:
    """The reason is told with its SKU, the others are bought, and the run ends with 3."""
    pictures.files = {"A.jpg": jpeg(), "C.jpg": jpeg(size=(1000, 100))}
    write_catalogue(trading, pictures, "A", "B", "C", fetch=True)
    result = trading.call("run", "--yes")
    assert (result.exit_code, trading.clips()) == (3, {"A"})
    assert "B / main is not sent: 127.0.0.1/B.jpg is not there (404)" in result.stderr
    assert "C / main is not sent: C.jpg is 1000x100" in result.stderr
    states = {row["sku"]: row["status"] for row in trading.results()}
    assert states == {"A": "done", "B": "planned", "C": "planned"}


def test_a_plan_saved_before_its_pictures_were_read_is_run(
    trading: Shop, pictures: Pictures
) -> None:
    """The run reads them: the same addresses are no other pictures."""
    pictures.files = {"A.jpg": jpeg()}
    write_catalogue(trading, pictures, "A", job={"identity": "picture_bytes"})
    trading.json("plan", "--save", "plan.json")
    assert trading.json("run", "--plan", "plan.json", "--yes")["done"] == 1


def test_a_saved_plan_moves_with_the_bytes_of_its_pictures(
    trading: Shop, pictures: Pictures
) -> None:
    """Where they were read before it was saved, others are a move, and nothing is bought."""
    pictures.files = {"A.jpg": jpeg()}
    write_catalogue(trading, pictures, "A", job={"identity": "picture_bytes"})
    trading.call("check", "--probe")
    trading.json("plan", "--save", "plan.json")
    pictures.files = {"A.jpg": jpeg("navy")}
    shutil.rmtree(trading.folder / "cache")
    told = trading.call("run", "--plan", "plan.json", "--yes")
    assert (told.exit_code, "changed: A" in told.stderr) == (2, True)
