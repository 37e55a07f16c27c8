from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from batchgen.clip import (
    AccountScope,
    Attempt,
    AttemptState,
    ClipKey,
    ClipRequest,
    RemotePicture,
    Status,
)
from batchgen.item import Fault
from batchgen.messages import msg
from batchgen.output.rows import COLUMNS, provenance, result_rows
from batchgen.plan.values import Action, Clip, Plan, PlannedClip, Selection

CONTRACT = (
    "sku variant take model status cost currency money task_id request_id video_url cover_url"
    " url_expires_at file poster bytes sha256 width height duration_s prompt images attempts"
    " error_code error submitted_at finished_at downloaded_at finished_file"
)


def make_plan(*attempts: Attempt | None, faults: tuple[Fault, ...] = ()) -> Plan:
    """Plan one clip for each attempt (None: never sent)."""
    pictures = (RemotePicture("https://shop.example/a.jpg"), RemotePicture("https://x.example/b"))
    request = ClipRequest("vidu2-image", "planned", pictures, "1280x720", 4, "auto", False)
    clips = tuple(
        PlannedClip(
            Clip(ClipKey(f"SKU-{n}"), request, "f", Decimal("1.25"), row=n + 2), Action.BUY, attempt
        )
        for n, attempt in enumerate(attempts)
    )
    account = AccountScope("simulator", "default", "simulator")
    everything = Selection()
    return Plan("spring", account, "CNY", clips, faults, (), len(clips), 0, everything, {})


def test_columns_are_those_of_the_contract() -> None:
    """Programs rely on the names and their order."""
    assert " ".join(COLUMNS) == CONTRACT


def test_a_clip_that_was_never_sent_shows_the_plan() -> None:
    """Prompt, pictures and price come from the plan; there is no money yet."""
    (row,) = result_rows(make_plan(None))
    assert (row.status, row.money, row.cost) == (Status.PLANNED, "none", Decimal("1.25"))
    assert (row.prompt, row.attempts) == ("planned", 0)
    assert row.images == "https://shop.example/a.jpg|https://x.example/b"


@pytest.mark.parametrize(("job", "file"), [("spring", "clips/SKU-0/main.mp4"), ("autumn", None)])
def test_a_changed_clip_of_another_job_has_no_file_here(
    saved: Attempt, job: str, file: str | None
) -> None:
    """It was bought for another request and lies in that job's folder; our own lies here."""
    plan = make_plan(replace(saved, job=job)).changed(
        lambda entry: replace(entry, action=Action.CHANGED)
    )
    (row,) = result_rows(plan)
    assert (row.status, row.file, row.poster is None) == (Status.DONE, file, file is None)


def test_a_done_clip_shows_its_attempt(saved: Attempt) -> None:
    """Facts come from the attempt, names from the plan (a renamed variant may be adopted)."""
    (row,) = result_rows(make_plan(saved))
    assert (row.sku, row.status, row.money) == ("SKU-0", Status.DONE, "spent")
    assert (row.file, row.poster) == ("clips/SKU-0/main.mp4", "clips/SKU-0/main.jpg")
    assert (row.prompt, row.images) == ("A red mug turns slowly", "mug.jpg")
    assert row.submitted_at == "2023-11-14T22:13:21+00:00"


@pytest.mark.parametrize(
    ("state", "status", "money"),
    [
        (AttemptState.UNKNOWN, Status.UNCERTAIN, "at_risk"),
        (AttemptState.REFUSED, Status.FAILED, "released"),
        (AttemptState.REJECTED, Status.PLANNED, "released"),
        (AttemptState.VERIFIED, Status.READY, "spent"),
        (AttemptState.EXPIRED, Status.LOST, "spent"),
    ],
)
def test_a_clip_that_is_not_here_names_no_file(
    attempt: Attempt, state: AttemptState, status: Status, money: str
) -> None:
    """Only a saved clip has a file and a poster."""
    (row,) = result_rows(make_plan(replace(attempt, state=state)))
    assert (row.status, row.money, row.file, row.poster) == (status, money, None, None)


def test_faults_of_one_row_are_joined(saved: Attempt) -> None:
    """A faulty manifest row is one invalid row that tells all its faults and where they are."""
    faults = (
        Fault("a.csv", 7, "sku", "sku-missing", msg("no SKU")),
        Fault("a.csv", 9, None, "row-short", msg("too few cells"), sku="X-9"),
        Fault("a.csv", 7, None, "sku-missing", msg("again")),
    )
    rows = list(result_rows(make_plan(saved, faults=faults)))
    assert [row.status for row in rows] == [Status.DONE, Status.INVALID, Status.INVALID]
    assert rows[1].error == "row 7, column sku: no SKU; row 7: again"
    assert (rows[1].error_code, rows[1].cost, rows[1].money) == ("sku-missing", None, "none")
    assert (rows[2].sku, rows[2].error) == ("X-9", "row 9: too few cells")


@pytest.mark.parametrize(
    ("duration_s", "as_asked"), [(4.0, True), (3.6, True), (3.0, False), (None, None)]
)
def test_a_wrong_duration_is_recorded(
    saved: Attempt, duration_s: float | None, as_asked: bool | None
) -> None:
    """A clip of another length is kept, and its provenance says so."""
    record = provenance(replace(saved, duration_s=duration_s), "1.0")
    assert record["checks"]["duration_as_asked"] is as_asked
