"""The sample catalogue and the jobs beside it keep what their own comments promise."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from batchgen.clip import LocalPicture
from batchgen.item import Item
from batchgen.job.loading import load_job
from batchgen.plan.clips.expand import Expander
from tests.catalogue.whole import WholeCatalogue, read_whole

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "sample_data" / "pictures"
JOBS = sorted((ROOT / "jobs").glob("*.yaml"))
_PICTURE_LIMIT_BYTES = 120_000
_FOLDER_LIMIT_BYTES = 2_500_000


def catalogue_of(manifest: str) -> WholeCatalogue:
    """Read one of the two manifests through the demo job."""
    path = str(ROOT / "sample_data" / manifest)
    return read_whole(load_job(ROOT / "jobs" / "demo.yaml", {"manifest.path": path}))


@pytest.fixture(scope="module")
def items() -> tuple[Item, ...]:
    """Give the products of the CSV manifest."""
    return catalogue_of("catalog.csv").items


def local_pictures(item: Item) -> list[LocalPicture]:
    """Give the picture files of a product."""
    return [picture for picture in item.pictures if isinstance(picture, LocalPicture)]


def said(cells: Mapping[str, str]) -> dict[str, str]:
    """Give the cells that say something, a list of pictures in one spelling."""
    spelt = {name: re.sub(r"[|\n]", "; ", text) for name, text in cells.items()}
    return {name: text for name, text in spelt.items() if text}


@pytest.mark.parametrize("manifest", ["catalog.csv", "catalog.yaml"])
def test_both_manifests_hold_24_products_without_fault(manifest: str) -> None:
    """Each manifest has 24 rows, and nothing is wrong or doubtful in any of them."""
    catalogue = catalogue_of(manifest)
    assert (catalogue.rows, catalogue.faults, catalogue.warnings) == (24, (), ())
    assert len({item.sku for item in catalogue.items}) == 24


def test_csv_and_yaml_say_the_same(items: tuple[Item, ...]) -> None:
    """The two manifests agree in order, cells and pictures."""
    from_yaml = catalogue_of("catalog.yaml").items
    assert [said(item.cells) for item in items] == [said(item.cells) for item in from_yaml]
    assert [item.pictures for item in items] == [item.pictures for item in from_yaml]


def test_skus_keep_their_leading_zeros(items: tuple[Item, ...]) -> None:
    """Products numbered like 00871 are there to show that cells stay text."""
    assert {"00871", "00872", "00913"} <= {item.sku for item in items}


def test_titles_are_chinese_and_english(items: tuple[Item, ...]) -> None:
    """About half of the titles are Chinese; some English ones have quotes and commas."""
    titles = [item.cells["title"] for item in items]
    chinese = [title for title in titles if re.search(r"[\u4e00-\u9fff]", title)]
    assert 10 <= len(chinese) <= 14
    assert any('"' in title and "," in title for title in titles)


def test_all_three_models_occur(items: tuple[Item, ...]) -> None:
    """A blank model cell means the job's own; the other two models have five products each."""
    models = Counter(item.cells["model"] for item in items)
    assert models == {"": 14, "vidu2-start-end": 5, "vidu2-reference": 5}


def test_every_picture_belongs_to_a_product(items: tuple[Item, ...]) -> None:
    """The folder holds the pictures of the manifest and nothing else."""
    used = {Path(picture.path) for item in items for picture in local_pictures(item)}
    assert used == set(PICTURES.iterdir())


@pytest.mark.parametrize("path", sorted(PICTURES.iterdir()), ids=lambda path: path.name)
def test_each_picture_is_whole_small_and_drawn(path: Path) -> None:
    """A picture opens under its right name, is small, and shows more than its ground."""
    with Image.open(path) as picture:
        assert {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp"}[picture.format or ""] == path.suffix
        spread = ImageStat.Stat(picture.convert("L")).stddev[0]
    assert path.stat().st_size < _PICTURE_LIMIT_BYTES
    assert spread > 10


def test_the_folder_stays_small() -> None:
    """All pictures together are light enough for a repository and a wheel."""
    assert sum(path.stat().st_size for path in PICTURES.iterdir()) < _FOLDER_LIMIT_BYTES


def test_all_picture_formats_of_the_api_occur() -> None:
    """JPEG, PNG and WebP are all exercised by the demo."""
    assert {path.suffix for path in PICTURES.iterdir()} == {".jpg", ".png", ".webp"}


def test_first_and_last_frames_have_the_same_size(items: tuple[Item, ...]) -> None:
    """The two pictures of a start-end product can be laid over each other."""
    pairs = [local_pictures(i) for i in items if i.cells["model"] == "vidu2-start-end"]
    assert [len(pair) for pair in pairs] == [2] * 5
    assert all((a.width, a.height) == (b.width, b.height) for a, b in pairs)


def test_reference_products_have_several_views(items: tuple[Item, ...]) -> None:
    """The reference model gets two or three views of each product."""
    views = [len(i.pictures) for i in items if i.cells["model"] == "vidu2-reference"]
    assert sorted(views) == [2, 2, 3, 3, 3]


def test_all_four_jobs_are_there() -> None:
    """The jobs that the README names exist."""
    assert [path.stem for path in JOBS] == ["adtest", "demo", "estimate", "nightly"]


@pytest.mark.parametrize(
    ("name", "clips", "cost"),
    [
        pytest.param("demo", 24, "36.25", id="14 x 1.25 + 5 x 1.25 + 5 x 2.50"),
        pytest.param("nightly", 24, "36.25", id="the same catalogue"),
        pytest.param("adtest", 120, "150.00", id="24 x (3 x 2 - 1) x 1.25"),
        pytest.param("estimate", 432, "652.50", id="36.25 x 3 x 3 x 2"),
    ],
)
def test_a_job_makes_and_costs_what_its_comments_say(name: str, clips: int, cost: str) -> None:
    """Every row of every job becomes clips that keep the API's limits, at the stated price."""
    job = load_job(ROOT / "jobs" / f"{name}.yaml")
    rows = list(map(Expander(job).expand, read_whole(job).items))
    made = [clip for row in rows for clip in row.clips]
    assert [fault for row in rows for fault in row.faults] == []
    assert (len(made), sum(clip.price for clip in made)) == (clips, Decimal(cost))


def test_only_the_demo_uses_the_simulator() -> None:
    """The other jobs name the real provider, so that they show the real steps."""
    providers = {path.stem: load_job(path).account.provider for path in JOBS}
    assert {name for name, provider in providers.items() if provider == "simulator"} == {"demo"}


def test_the_drawing_script_draws_the_stored_pictures(tmp_path: Path) -> None:
    """Drawing a picture again gives the one that is stored, but for encoder noise."""
    script = [sys.executable, "-B", str(ROOT / "sample_data" / "draw.py")]
    subprocess.run([*script, "--to", str(tmp_path), "MUG-001"], check=True)
    with Image.open(tmp_path / "MUG-001.jpg") as new, Image.open(PICTURES / "MUG-001.jpg") as old:
        difference = ImageStat.Stat(ImageChops.difference(new, old))
    assert max(difference.mean) < 2
