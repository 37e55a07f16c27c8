from __future__ import annotations

import shutil
from datetime import time
from decimal import Decimal
from pathlib import Path

import pytest

from batchgen.errors import JobFileError
from batchgen.job.loading import job_digest, load_job

LEAST = "name: spring\nmanifest: {path: c.csv}\noutput: out\n"


@pytest.fixture
def job_file(tmp_path: Path) -> Path:
    """The smallest job there is, in a folder of its own."""
    path = tmp_path / "spring.yaml"
    path.write_text(LEAST)
    return path


def faults_of(path: Path, **overrides: str) -> list[str]:
    """Load a job that must be refused; list its faults as text."""
    with pytest.raises(JobFileError) as caught:
        load_job(path, overrides)
    return [str(line) for line in caught.value.details]


def test_least_job_has_defaults(job_file: Path) -> None:
    """A name, a manifest and an output are enough; the rest has defaults."""
    job = load_job(job_file)

    assert (job.name, job.path, job.clip.model) == ("spring", job_file, "vidu2-image")
    assert job.resolve(job.output) == job_file.parent / "out"


def test_values_become_what_the_schema_says(job_file: Path) -> None:
    """Text becomes money, seconds, switches and numbers, and ratios stay text."""
    job_file.write_text(
        LEAST + "clip: {with_audio: yes, aspect_ratio: 9:16}\nbudget: {run: 12.50}\n"
        "account: {give_up_after: 90m}\ntakes: 02\nmatrix: {aspect_ratio: [9:16, 1:1]}\n"
    )
    job = load_job(job_file)

    assert (job.clip.with_audio, job.clip.aspect_ratio, job.takes) == (True, "9:16", 2)
    assert (job.budget.run, job.account.give_up_after) == (Decimal("12.50"), 5400.0)
    assert job.matrix == {"aspect_ratio": {"9:16": "9:16", "1:1": "1:1"}}


def test_a_window_has_times_of_day(job_file: Path) -> None:
    """Hours and minutes as clocks show them; the zone is Shanghai's unless it is named."""
    job_file.write_text(LEAST + "window: {start: 01:00, finish_by: 7:30}\n")
    window = load_job(job_file).window
    assert window is not None
    assert (window.start, window.finish_by) == (time(1, 0), time(7, 30))
    assert window.timezone == "Asia/Shanghai"


def test_the_tier_is_one_of_the_account_unless_said_otherwise(job_file: Path) -> None:
    """With `cap_scope: model` each of the three models has the tier's slots."""
    job_file.write_text(LEAST + "account: {tier: V0}\n")
    assert load_job(job_file).account.most_slots == 5
    job_file.write_text(LEAST + "account: {tier: V0, cap_scope: model}\n")
    assert load_job(job_file).account.most_slots == 15


@pytest.mark.parametrize(("said", "resends"), [("", False), ("yes", True), ("false", False)])
def test_sending_again_is_asked_for(job_file: Path, said: str, resends: bool) -> None:
    """A request in doubt is sent again only where the account says so in words."""
    job_file.write_text(LEAST + f"account:\n  resend_same_request_id: {said}\n")

    assert load_job(job_file).account.resend_same_request_id is resends


def test_key_without_value_is_absent(job_file: Path) -> None:
    """A section whose keys are all commented out means the defaults."""
    job_file.write_text(LEAST + "budget:\n  # run: 5\nclip:\n  model:\n")

    assert load_job(job_file).clip.model == "vidu2-image"


def test_byte_order_mark_is_no_key(job_file: Path) -> None:
    """A file saved by Windows Notepad loads."""
    job_file.write_text(LEAST, encoding="utf-8-sig")

    assert load_job(job_file).name == "spring"


def test_overrides_win(job_file: Path) -> None:
    """A flag wins over the file, in sections that are there and in those that are not."""
    job_file.write_text(LEAST + "account: {name: shop, tier: V0}\n")

    job = load_job(job_file, {"account.tier": "V3", "budget.run": "5", "output": "/elsewhere"})

    assert (job.account.name, job.account.tier) == ("shop", "V3")
    assert (job.budget.run, job.output) == (Decimal(5), "/elsewhere")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("nane: x", "line 4: nane: is not a known key; did you mean name?"),
        ("path: x", "line 4: path: is not a known key here; it belongs to manifest.path"),
        ("tier: V2", "line 4: tier: is not a known key here; it belongs to account.tier"),
        ("colour:", "line 4: colour: is not a known key; known here: name, manifest, account,"),
        ("clip: {sizes: x}", "line 4: clip.sizes: is not a known key; did you mean size?"),
        ("clip: x", "line 4: clip: must hold keys of its own (key: value), not x"),
        ("clip: {model: vidu2-imag}", "did you mean vidu2-image?"),
        ("clip: {with_audio: maybe}", "maybe is not a switch: write true or false"),
        ("clip: {duration: 4.5}", "4.5 is not a whole number"),
        ("clip:\n  size: [a]", "line 5: clip.size: must be a text"),
        (
            "window: {finish_by: 25:00}",
            "line 4: window.finish_by: 25:00 is not a time of day such as 01:00",
        ),
        ("window:\n  start: 01:00", "line 4: window.finish_by: is missing"),
        (
            "window: {start: 01:00, finish_by: 01:00}",
            "line 4: window: ends when it starts: leave start out to buy at any hour",
        ),
        (
            "window: {finish_by: 01:00, until: 2}",
            "line 4: window.until: is not a known key; known here: start, finish_by, timezone",
        ),
        (
            "window:\n  finish_by: 07:00\n  timezone: Shanghai",
            "line 6: window.timezone: Shanghai is not a time zone such as Asia/Shanghai",
        ),
        ("account: {tier: V9}", "account.tier: V9 is not one of V0, V1, V2, V3"),
        ("account: {give_up_after: soon}", "soon is not a number"),
        ("account: {give_up_after: infs}", "infs is not a number"),
        ("account: {max_polls_per_second: 5000}", "5000 must be at most 1000"),
        ("budget: {run: 12，5}", "budget.run: 12，5 is not a number"),
        ("budget: {day: 1.255}", "1.255 has more than 2 digits after the point"),
        ("budget: {job: -1}", "-1 must be more than 0"),
        ("takes: 0", "takes: 0 must be at least 1"),
        ("matrix: {colour: [a]}", "matrix.colour: colour is not one of model, prompt, size"),
        ("matrix: {sise: [a]}", "did you mean size?"),
        ("matrix: {size: a}", "must be a list of values, or lines of `label: value`"),
        ("matrix: {size: []}", "matrix.size: must not be empty"),
        ("matrix: {size: [a, a]}", "matrix.size: lists the same value twice"),
        ("exclude: [{size: a}]", "exclude: size: a is not in the matrix"),
        ("exclude: x", "exclude: must be a list, not x"),
        ("on_change: no", "on_change: no is not one of ask, regenerate, keep"),
        (f"clip: {{duration: {'9' * 50}x}}", f"{'9' * 39}… is not a whole number"),
    ],
)
def test_fault_is_worded_for_people(job_file: Path, text: str, fault: str) -> None:
    """Each fault names the key, its line, what is wrong and the closest right word."""
    job_file.write_text(f"{LEAST}{text}\n")

    (line,) = faults_of(job_file)

    assert fault in line


def test_all_faults_come_at_once_in_file_order(job_file: Path) -> None:
    """Every fault is listed; what is missing altogether has no line and comes first."""
    job_file.write_text("takes: x\nmanifest:\n  pth: c.csv\noutputs: out\nname: ''\n")

    assert [line.split(": ")[:2] for line in faults_of(job_file)] == [
        ["output", "is missing"],
        ["line 1", "takes"],
        ["line 2", "manifest.path"],
        ["line 3", "manifest.pth"],
        ["line 4", "outputs"],
        ["line 5", "name"],
    ]


def test_wrong_flag_has_no_line(job_file: Path) -> None:
    """A fault of a flag is not blamed on the file."""
    job_file.write_text(LEAST + "takes: 2\n")

    assert faults_of(job_file, takes="x") == ["takes: x is not a whole number"]


def test_flag_does_not_hide_a_wrong_section(job_file: Path) -> None:
    """A section that is no section stays a fault when a flag points into it."""
    job_file.write_text(LEAST + "account: shop\n")

    assert faults_of(job_file, **{"account.tier": "V1"}) == [
        "line 4: account: must hold keys of its own (key: value), not shop"
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"- a\n", "must hold `key: value` lines"),
        (b"", "must hold `key: value` lines"),
        ("name: 春".encode("gb18030"), "save it as UTF-8"),
        (b"name: a\nname: b\n", "spring.yaml, line 2: the key name is given twice"),
        (None, "cannot be read: No such file"),
    ],
    ids=["list", "empty", "other encoding", "no YAML", "missing"],
)
def test_unreadable_file_is_refused(job_file: Path, content: bytes | None, words: str) -> None:
    """A file that is no job at all is refused with the reason."""
    if content is None:
        job_file.unlink()
    else:
        job_file.write_bytes(content)

    with pytest.raises(JobFileError, match=words):
        load_job(job_file)


def test_digest_follows_what_is_said_not_where(job_file: Path, tmp_path: Path) -> None:
    """Comments and the place of the file do not count, values do, the order of labels too."""
    matrix = "matrix: {size: [a, b]}\n"
    job_file.write_text(LEAST + matrix)
    moved = tmp_path / "elsewhere" / "x.yaml"
    moved.parent.mkdir()
    shutil.copy(job_file, moved)
    moved.write_text("# moved\n" + moved.read_text())
    turned = tmp_path / "turned.yaml"
    turned.write_text(LEAST + matrix.replace("a, b", "b, a"))

    assert job_digest(load_job(moved)) == job_digest(load_job(job_file))
    assert job_digest(load_job(turned)) != job_digest(load_job(job_file))


@pytest.mark.parametrize(
    ("key", "value", "is_same"),
    [
        ("output", "/elsewhere", True),
        ("budget.run", "7.50", True),
        ("account.name", "other", False),
        ("on_change", "keep", False),
    ],
)
def test_digest_follows_what_is_bought(job_file: Path, key: str, value: str, is_same: bool) -> None:
    """Where clips go and what they may cost at most changes no request."""
    job_file.write_text(LEAST)
    assert (
        job_digest(load_job(job_file, {key: value})) == job_digest(load_job(job_file))
    ) is is_same
