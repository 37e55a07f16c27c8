"""Planted bugs in what heals doubt, holds back the buying, and settles money by a bill."""

from __future__ import annotations

from tests.mutants.bug import Bug

#: A repeat of a request in doubt becomes a second purchase, or frees money that may be spent.
RESENDING = (
    Bug(
        "a request is sent again under another request id",
        "run/resending.py",
        "return await self.buyer.prepare(attempt.key, request, attempt.request_id)",
        "return await self.buyer.prepare(attempt.key, request, self.buyer.new_request_id())",
        (
            "run/test_resending.py::test_doubt_heals_where_the_first_task_is_given",
            "run/test_resending.py::test_a_start_sends_again_what_an_earlier_one_left",
        ),
    ),
    Bug(
        "a refused repeat frees the money of the first submit",
        "run/resending.py",
        "return await self._still_in_doubt(attempt, code, words)",
        "return await self.buyer.context.move(attempt, AttemptState.DECLARED_UNPAID, words)",
        ("run/test_resending.py::test_a_refused_repeat_frees_nothing",),
    ),
    Bug(
        "a request is sent again when the provider has long forgotten it",
        "run/resending.py",
        "and 0 <= age_s < RESEND_WITHIN_S",
        "and 0 <= age_s",
        ("run/test_resending.py::test_a_day_later_nothing_is_sent_again",),
    ),
    Bug(
        "a request that is known to have arrived is sent again",
        "run/resending.py",
        "attempt.error_code != REPEATED_CODE",
        "attempt.error_code != 'never'",
        ("run/test_resending.py::test_a_first_submit_that_is_known_is_not_repeated",),
    ),
    Bug(
        "a clip that asks for something else by now is sent again",
        "run/resending.py",
        "and entry.attempt.fingerprint == entry.clip.fingerprint",
        "",
        ("run/test_resending.py::test_what_a_plan_may_send_again",),
    ),
)

#: What is paid waits while more is bought.
BACKLOG = (
    Bug(
        "what is still unsaved is not looked at right before an intent",
        "run/buying.py",
        "if prepared is None or not await self.context.backlog.has_room():",
        "if prepared is None:",
        ("run/test_backlog.py::test_the_backlog_is_asked_right_before_the_intent",),
    ),
    Bug(
        "after the machine slept, buying goes on before the tasks are asked for",
        "run/buying.py",
        "await self.context.sweep.over()",
        "pass",
        ("run/test_waking.py::test_a_prepared_purchase_waits_until_what_is_alive_was_asked_for",),
    ),
    Bug(
        "buying goes on however much of it is not saved",
        "run/backlog.py",
        "if len(self._waiting) > _MOST_FOR_A_SLOT * self._slots.limit:",
        "if False:",
        ("run/test_backlog.py::test_no_more_is_bought_than_two_for_a_slot_wait_for",),
    ),
    Bug(
        "buying goes on while a paid link dies",
        "run/backlog.py",
        "return left_s is not None and left_s < _NEAR_END_S",
        "return False",
        ("run/test_backlog.py::test_a_link_near_its_end_holds_back_the_buying",),
    ),
    Bug(
        "the link that dies first is fetched when its turn comes",
        "run/fetching.py",
        "return dies_at if dies_at > self.context.clock.now() else math.inf",
        "return 0.0",
        ("run/test_fetching.py::test_the_link_that_dies_first_is_fetched_first",),
    ),
    Bug(
        "nobody is told that a paid link dies",
        "run/backlog.py",
        "passed > self._alarms.get(attempt.id, 0):",
        "passed > 99:",
        (
            "run/test_backlog.py::test_an_end_that_nears_is_told",
            "run/test_backlog.py::test_the_second_alarm_comes_while_the_run_waits",
        ),
    ),
    Bug(
        "buying goes on when nothing that is paid can be fetched",
        "run/backlog.py",
        "self._stop.request(StopReason.DOWNLOADS, self._cannot_be_fetched())",
        "return True",
        ("run/test_backlog.py::test_a_run_whose_downloads_never_come_stops",),
    ),
)

#: A bill settles what it does not prove.
BILLS = (
    Bug(
        "one task on the bill is adopted for two clips",
        "state/settling.py",
        "wanted[it.task_id] > 1",
        "wanted[it.task_id] > 99",
        ("state/test_reconcile.py::test_one_task_is_adopted_once",),
    ),
    Bug(
        "what was booked a day late counts as not charged",
        "state/settling.py",
        "> period.last - SLACK_S:",
        "> period.last:",
        ("state/test_reconcile.py::test_absence_is_no_proof_where_the_bill_may_not_reach",),
    ),
    Bug(
        "a bill that cannot be read to its end proves what it lacks",
        "state/settling.py",
        "if bill.faults:",
        "if False:",
        ("state/test_reconcile.py::test_absence_is_no_proof_where_the_bill_may_not_reach",),
    ),
    Bug(
        "a charge at another price agrees",
        "state/reconcile.py",
        "differing=tuple(match for match in alike if match.difference)",
        "differing=()",
        ("state/test_reconcile.py::test_a_price_that_differs_is_told_with_its_difference",),
    ),
    Bug(
        "a task that the provider gave is dropped for another one on the bill",
        "state/settling.py",
        "return match.attempt.is_adopted and found.names_our_tasks",
        "return found.names_our_tasks",
        ("state/test_reconcile.py::test_a_task_that_the_provider_gave_is_kept",),
    ),
    Bug(
        "a request that the bill has as another task agrees",
        "state/reconcile.py",
        "is_misnamed=it.attempt.id in others",
        "is_misnamed=False",
        ("state/test_reconcile.py::test_a_request_that_is_on_the_bill_as_another_task_differs",),
    ),
)
