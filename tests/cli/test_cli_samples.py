"""Sample prompts: what a wrong column or encoding is seen by before money moves."""

from __future__ import annotations

import pytest

from tests.cli.shop import Shop, skus


def samples(shop: Shop, command: str, *options: str) -> list[str]:
    """Give the lines of the samples."""
    told = shop.call(command, *options).stdout.splitlines()
    head = told.index("sample prompts:")
    return [line.strip() for line in told[head + 1 :] if line.startswith("  vidu2")]


def write_catalogue(shop: Shop, *rows: str) -> None:
    """Write rows with a model and a picture of their own."""
    text = "\n".join(["sku,title,image,model", *rows]) + "\n"
    (shop.folder / "catalogue.csv").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("command", ["check", "plan"])
def test_three_prompts_of_each_model_are_shown(shop: Shop, command: str) -> None:
    """With the SKU and the first picture, by model."""
    link = "https://shop.example/photos/jar.jpg?v=1"
    write_catalogue(
        shop,
        *(f"{sku},Cup {sku},cup.png,vidu2-image" for sku in skus(5)),
        f"R1,Jar,{link},vidu2-reference",
    )
    assert samples(shop, command) == [
        "vidu2-image  S001 / main: Cup S001 turns [cup.png]",
        "vidu2-image  S002 / main: Cup S002 turns [cup.png]",
        "vidu2-image  S003 / main: Cup S003 turns [cup.png]",
        "vidu2-reference  R1 / main: Jar turns [jar.jpg]",
    ]


def test_check_shows_those_of_the_faultless_rows(shop: Shop) -> None:
    """A catalogue with faults has them too."""
    write_catalogue(shop, "A,Cup,gone.png,vidu2-image", "B,Mug,cup.png,vidu2-image")
    assert samples(shop, "check") == ["vidu2-image  B / main: Mug turns [cup.png]"]


def test_a_catalogue_without_a_good_row_has_no_samples(shop: Shop) -> None:
    """Nor their headline."""
    write_catalogue(shop, "A,Cup,gone.png,vidu2-image")
    assert "sample prompts" not in shop.call("check").stdout


def test_takes_are_shown_once(shop: Shop) -> None:
    """Their prompts are the same; variants of a SKU are shown each."""
    shop.write_rows("A")
    shop.write_job(takes=3, matrix={"prompt": {"fall": "It falls", "spin": "{{ title }} spins"}})
    assert samples(shop, "plan") == [
        "vidu2-image  A / fall: It falls [cup.png]",
        "vidu2-image  A / spin: Cup A spins [cup.png]",
    ]


def test_a_long_prompt_is_cut(shop: Shop) -> None:
    """Its beginning shows whether it is the right column."""
    shop.write_rows("A", titles={"A": "杯" * 300})
    (line,) = samples(shop, "plan")
    assert line == f"vidu2-image  A / main: {'杯' * 118}... [cup.png]"


def test_what_a_terminal_would_obey_is_escaped(shop: Shop) -> None:
    """A direction mark out of the job's own prompt."""
    shop.write_rows("A")
    shop.write_job(clip={"prompt": "{{ title }}\u202e turns"})
    assert samples(shop, "check") == [r"vidu2-image  A / main: Cup A\u202e turns [cup.png]"]
