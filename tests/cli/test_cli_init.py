"""`batchgen init`: what it recognised is shown, and the job it writes is planned at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from batchgen.job.loading import load_job
from tests.cli.shop import Shop, call_command

EXPORT = (
    "sku,title,image,Colour,Shelf No.,status\nA,Cup,cup.png,red,1,live\nB,Jar,cup.png,,2,draft\n"
)


def export(shop: Shop, text: str = EXPORT, name: str = "export.csv") -> Path:
    """Write a catalogue beside the shop's picture."""
    file = shop.folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_two_commands_lead_to_a_price(shop: Shop) -> None:
    """`init` writes a job that `plan` takes as it stands."""
    job = shop.folder / "new" / "job.yaml"
    written = call_command("init", str(export(shop)), "-o", str(job))
    planned = call_command("plan", str(job))

    assert (written.exit_code, planned.exit_code) == (0, 0)
    assert planned.stdout.startswith("clips to buy: 2, for 2.50 CNY")


def test_it_shows_what_it_recognised(shop: Shop) -> None:
    """The columns taken, those left for the template and the first rows stand on stdout."""
    told = call_command("init", str(export(shop)), "-o", str(shop.folder / "j.yaml")).stdout

    assert "2 rows, 2 of them" in told
    assert "title: title" in told
    assert "template only: Colour, Shelf No." in told
    assert "row 2: A  Cup" in told


def test_columns_and_states_are_offered(shop: Shop) -> None:
    """The job's comments name columns for the template, and the values to choose rows by."""
    job = shop.folder / "j.yaml"
    call_command("init", str(export(shop)), "-o", str(job))
    text = job.read_text(encoding="utf-8")

    assert text.index("{{ title }}  Cup") < text.index("{{ sku }}  A")
    assert "{{ colour }}  red" in text
    assert "{{ shelf_no }}  1" in text
    assert "# where: {status: [live, draft]}" in text


def test_rows_with_faults_are_left_out_and_told(shop: Shop) -> None:
    """A catalogue with a bad row gives a job that plans the others, and says so."""
    file = export(shop, "sku,title,image\nA,Cup,cup.png\n6.93E+12,Jar,cup.png\n")
    job = shop.folder / "j.yaml"
    written = call_command("init", str(file), "-o", str(job))
    planned = call_command("plan", str(job))

    assert "row 3" in written.stdout
    assert load_job(job).manifest.skip_invalid
    assert planned.exit_code == 0
    assert planned.stdout.startswith("clips to buy: 1,")


@pytest.mark.parametrize("sign", ["\u2028", "\x85", "\x1b", "\ud800", "\uffff"])
def test_signs_that_yaml_does_not_take_are_escaped(shop: Shop, sign: str) -> None:
    """Line ends of all kinds, controls and half characters in a catalogue leave the job whole."""
    entry = {"sku": "A", "title": "Cup", "image": "cup.png", f"No{sign}te": f"x{sign}y"}
    file = export(shop, json.dumps([entry]), "export.json")
    job = shop.folder / "j.yaml"

    assert call_command("init", str(file), "-o", str(job)).exit_code == 0
    assert load_job(job).manifest.path == ("export.json",)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("sku,title,title,image\nA,Cup,Mug,cup.png\n", "header-duplicate"),
        ("sku,title,image\n", "manifest-empty"),
    ],
)
def test_what_is_odd_about_the_file_is_told(shop: Shop, text: str, code: str) -> None:
    """Warnings of the file itself are shown before a job is trusted."""
    told = call_command("init", str(export(shop, text)), "-o", str(shop.folder / "j.yaml")).stdout

    assert f"[{code}]" in told


def test_a_column_can_be_named_at_once(shop: Shop) -> None:
    """`--column` helps where no usual name tells the SKU, and stands in the job."""
    file = export(shop, "Kennung,title,image\nA,Cup,cup.png\n")
    job = shop.folder / "j.yaml"
    refused = call_command("init", str(file), "-o", str(job))
    call_command("init", str(file), "-o", str(job), "--column", "sku=Kennung")

    assert "batchgen init --column sku=" in refused.stderr
    assert load_job(job).manifest.columns == {"sku": "Kennung"}
    assert call_command("plan", str(job)).stdout.startswith("clips to buy: 1,")


@pytest.mark.parametrize("pair", ["sku", "skuu=Code"])
def test_a_column_that_is_named_wrongly_is_refused(shop: Shop, pair: str) -> None:
    """Only batchgen's own names can be given to a header."""
    refused = call_command("init", str(export(shop)), "--column", pair)

    assert refused.exit_code == 2
    assert f"not {pair}; names: sku, title" in refused.stderr


def test_pictures_are_found_under_an_unusual_name(shop: Shop) -> None:
    """The one column that names pictures is taken, and said to be."""
    file = export(shop, "sku,title,Ansicht,link\nA,Cup,cup.png,https://s.example/p\n")
    job = shop.folder / "j.yaml"
    told = call_command("init", str(file), "-o", str(job)).stdout

    assert "they are taken from Ansicht" in told
    assert load_job(job).manifest.columns == {"images": "Ansicht"}
    assert call_command("plan", str(job)).stdout.startswith("clips to buy: 1,")


def test_of_several_columns_of_pictures_none_is_chosen(shop: Shop) -> None:
    """Which of two columns holds the product's picture is the person's to say."""
    file = export(shop, "sku,title,Ansicht,Logo\nA,Cup,cup.png,cup.png\n")
    job = shop.folder / "j.yaml"
    told = call_command("init", str(file), "-o", str(job)).stdout

    assert "but these name some: Ansicht, Logo" in told
    assert not load_job(job).manifest.columns


def test_a_vendors_pictures_get_their_address(shop: Shop) -> None:
    """Names of Wix's own media are asked for where Wix keeps them."""
    file = export(shop, "handleId,fieldType,name,productImageUrl,sku\nh,Product,Cup,a~mv2.jpg,A\n")
    job = shop.folder / "j.yaml"
    call_command("init", str(file), "-o", str(job))

    assert load_job(job).manifest.picture_base == "https://static.wixstatic.com/media/"
    assert call_command("plan", str(job)).stdout.startswith("clips to buy: 1,")


def test_what_is_part_of_another_column_is_not_called_one(shop: Shop) -> None:
    """A currency that a price may name is no column of its own to choose."""
    file = export(shop, "sku,title,image,Preis\nA,Cup,cup.png,19 EUR\n")
    told = shop.json_of("init", str(file), "-o", str(shop.folder / "j.yaml"))

    assert told["columns"]["price"] == ["Preis"]
    assert "currency" not in told["columns"]


def test_a_job_that_is_there_is_left_alone(shop: Shop) -> None:
    """Nothing is overwritten; the name is told."""
    before = shop.job.read_bytes()
    refused = call_command("init", str(export(shop)), "-o", str(shop.job))

    assert refused.exit_code == 2
    assert "is there already" in refused.stderr
    assert shop.job.read_bytes() == before


def test_nothing_is_written_for_what_cannot_be_read(shop: Shop) -> None:
    """A file that is no catalogue costs nothing and leaves nothing."""
    job = shop.folder / "j.yaml"
    refused = call_command("init", str(export(shop, "a,b\n1,2\n")), "-o", str(job))

    assert refused.exit_code == 2
    assert not job.exists()


def test_a_folder_of_pictures_is_a_catalogue(shop: Shop) -> None:
    """Pictures named by SKU need no table; the prompt does without a title."""
    folder = shop.folder / "photos"
    folder.mkdir()
    (shop.folder / "cup.png").rename(folder / "CUP-1.png")
    job = shop.folder / "j.yaml"
    call_command("init", str(folder), "-o", str(job))
    planned = call_command("plan", str(job))

    assert "CUP-1 / main" in planned.stdout
    assert "The product turns" in planned.stdout


def test_chinese_products_get_a_chinese_prompt(shop: Shop) -> None:
    """The suggested prompt is in the language of the titles."""
    file = export(shop, "sku,title,image\nA,红色杯子,cup.png\n")
    job = shop.folder / "j.yaml"
    call_command("init", str(file), "-o", str(job))

    assert "红色杯子，在白色桌面上" in call_command("plan", str(job)).stdout


def test_the_job_is_named_like_the_catalogue(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `-o` the job stands in the current folder, and finds the catalogue from there."""
    monkeypatch.chdir(shop.job.parent)
    export(shop, name="summer sale.csv")
    call_command("init", "summer sale.csv")

    job = load_job(shop.folder / "summer sale.yaml")
    assert (job.name, job.manifest.path) == ("summer-sale", ("summer sale.csv",))


def test_programs_can_read_it(shop: Shop) -> None:
    """`--json` has the columns, the samples, the faults and where the job is."""
    told = shop.json_of("init", str(export(shop)), "-o", str(shop.folder / "j.yaml"))

    assert told["columns"]["sku"] == ["sku"]
    assert told["samples"][0] == {"row": 2, "sku": "A", "title": "Cup", "pictures": ["cup.png"]}
    assert (told["rows"], told["valid"], told["faults"]) == (2, 2, [])
