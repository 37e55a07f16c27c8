"""Adopts a task of the provider for a clip in doubt, after the provider said that it is one.

What the provider does not know, or made for another request, would keep the clip waiting for ever.
"""

from __future__ import annotations

from batchgen.clip import Attempt, AttemptState, TaskId
from batchgen.errors import BatchgenError, InputError, NotAnswered
from batchgen.execution import Session
from batchgen.messages import Message, msg
from batchgen.provider.parsing import is_task_id
from batchgen.provider.port import PollReply, PollTrouble, TaskUnknown


async def adopt(session: Session, attempt: Attempt, task_id: str) -> Attempt:
    """Take a task of the provider for what became of a clip in doubt.

    Raises:
        InputError: it is no task, or not this clip's.
        NotAnswered: the provider did not tell.
    """
    if not is_task_id(task_id):
        raise InputError(msg("{task} cannot be a task id: copy it again", task=task_id))
    for other in session.reader.attempts(attempt.account):
        if other.task_id == task_id and other.id != attempt.id:
            raise InputError(
                msg("{task} is the task of {clip} already", task=task_id, clip=str(other.key))
            )
    reply = await session.ask(TaskId(task_id), attempt.request_id)
    refusal = _refusal(session, attempt, task_id, reply)
    if refusal is not None:
        raise refusal
    return await session.writer.move(
        attempt.id,
        AttemptState.ACCEPTED,
        "adopted by a person",
        task_id=TaskId(task_id),
        submitted_at=attempt.submitted_at or attempt.created_at,
        error_code=None,
        error=None,
    )


def _refusal(
    session: Session, attempt: Attempt, task_id: str, reply: PollReply
) -> BatchgenError | None:
    """Say why what the provider tells of a task forbids to adopt it; None: it does not."""
    clip = str(attempt.key)
    match reply:
        case TaskUnknown(text):
            return InputError(
                msg(
                    "the provider does not know task {task} ({text}): look it up again;"
                    " {clip} stays uncertain",
                    task=task_id,
                    text=text,
                    clip=clip,
                )
            )
        case PollTrouble(other_request_id=str(request_id)):
            return InputError(_of_another(session, attempt, task_id, request_id))
        case PollTrouble(text):
            return NotAnswered(
                msg(
                    "the provider was asked for task {task} and gave no usable answer ({text}):"
                    " try again; {clip} stays uncertain",
                    task=task_id,
                    text=text,
                    clip=clip,
                )
            )
        case _:
            return None


def _of_another(session: Session, attempt: Attempt, task_id: str, request_id: str) -> Message:
    for other in session.reader.attempts():
        if other.request_id == request_id:
            return msg(
                "the provider made task {task} for {other}, not for {clip}, which stays uncertain",
                task=task_id,
                other=str(other.key),
                clip=str(attempt.key),
            )
    return msg(
        "the provider made task {task} for request {request}, which is not in this state; {clip}"
        " is request {ours} and stays uncertain: look that one up",
        task=task_id,
        request=request_id,
        clip=str(attempt.key),
        ours=attempt.request_id,
    )
