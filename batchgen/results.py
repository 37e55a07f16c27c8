"""Writes what people and programs read of a job: results and report, from the state alone."""

from __future__ import annotations

from batchgen.engine import Workspace
from batchgen.language import speaker
from batchgen.messages import Message, msg
from batchgen.output.finishing.record import with_finished
from batchgen.output.report import Heading, ReportRows, write_report
from batchgen.output.rows import result_rows
from batchgen.output.tables import write_results
from batchgen.plan.values import Plan
from batchgen.state.reading import SqliteReader
from batchgen.state.store import Purse


def write_output(
    workspace: Workspace, plan: Plan, reader: SqliteReader, now: float, language: str
) -> list[Message]:
    """Write results and report of a plan as the state has it now; give warnings for people.

    `language` is one of `language.LANGUAGES`.

    Raises:
        OSError: the folder does not take them; word it with `unwritable`.
    """
    say = speaker(language)
    shown = ReportRows()
    rows = result_rows(plan, say)
    if workspace.job.finish is not None:
        rows = with_finished(rows, workspace.output, workspace.job.finish)
    items = workspace.layout.items
    warnings = write_results(workspace.output, shown.noting(rows), items, plan.faults, say)
    heading = Heading(
        job=plan.job,
        money=reader.balance(workspace.account, Purse("job", plan.job)),
        currency=plan.currency,
        made_at=now,
        language=language.replace("_", "-"),
    )
    write_report(workspace.output, shown, heading, say)
    return warnings


def unwritable(workspace: Workspace, error: OSError) -> Message:
    """Word that the results could not be written."""
    return msg(
        "the results cannot be written to {folder} ({reason}): free the disk or mend the folder's"
        " rights, then `batchgen report {job}`",
        folder=workspace.output,
        reason=error.strerror or type(error).__name__,
        job=workspace.job.path,
    )
