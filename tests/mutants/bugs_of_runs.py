"""Planted bugs in the loop: answers misread, records out of order, slots and signals."""

from __future__ import annotations

from tests.mutants.bug import Bug

#: Something is done before it is durable.
ORDER_OF_RECORDS = (
    Bug(
        "a request is sent before its intent is durable",
        "run/buying.py",
        "attempt = await self._reserve(clip.entry, prepared.request_id)",
        "await self.provider.submit(prepared)\n"
        "                attempt = await self._reserve(clip.entry, prepared.request_id)",
        ("run/test_records_first.py::test_an_intent_is_durable_before_its_request_arrives",),
    ),
    Bug(
        "a task is polled before its id is durable",
        "run/buying.py",
        "now = self.context.clock.now()",
        "now = self.context.clock.now()\n"
        "        await self.provider.poll(task_id, attempt.request_id)",
        ("run/test_records_first.py::test_a_task_id_is_durable_before_its_first_poll",),
    ),
    Bug(
        "the id of an accepted task is not recorded",
        "run/buying.py",
        "task_id=task_id,",
        "",
        (
            "run/test_records_first.py::test_a_task_id_is_durable_before_its_first_poll",
            "run/test_buying.py::test_each_answer_to_a_submit",
        ),
    ),
    Bug(
        "a file gets its name before its bytes are recorded",
        "run/fetching.py",
        "return await self._publish(await self._verified(attempt, fetched))",
        "from dataclasses import replace\n"
        "                early = replace(attempt, file=fetched.file, sha256=fetched.sha256)\n"
        "                await self.folder_of(attempt).publish(early)\n"
        "                return await self._publish(await self._verified(attempt, fetched))",
        ("run/test_records_first.py::test_nothing_gets_its_name_before_the_state_knows_its_bytes",),
    ),
    Bug(
        "a clip is saved before its file stands",
        "run/fetching.py",
        "is_published = await self.folder_of(attempt).publish(attempt)",
        "attempt = await self.context.move(attempt, AttemptState.SAVED)\n"
        "            await self.folder_of(attempt).publish(attempt)\n"
        "            return attempt",
        (
            "run/test_records_first.py::test_a_clip_is_saved_only_when_its_file_stands",
            "run/test_fetching.py::test_verified_bytes_that_are_gone_are_fetched_again",
        ),
    ),
)

#: An answer, or none, is taken for something else.
ANSWERS = (
    Bug(
        "an answer that was lost counts as a refusal",
        "run/buying.py",
        "AttemptState.UNKNOWN, text, error_code=code, error=text",
        "AttemptState.REJECTED, text, error_code=code, error=text",
        ("run/test_buying.py::test_each_answer_to_a_submit",),
    ),
    Bug(
        "a submit in doubt is sent again under a new id",
        "run/buying.py",
        "attempt.state is not AttemptState.REJECTED:",
        "attempt.state not in {AttemptState.REJECTED, AttemptState.UNKNOWN}:",
        ("run/test_buying.py::test_each_answer_to_a_submit",),
    ),
    Bug(
        "an intent found at the start counts as never sent",
        "run/runner.py",
        'attempt, AttemptState.UNKNOWN, "no answer was recorded"',
        'attempt, AttemptState.REJECTED, "no answer was recorded"',
        ("run/test_runner.py::test_what_a_start_does_with_each_state",),
    ),
    Bug(
        "a connection that was reset counts as nothing sent",
        "provider/bigmodel.py",
        "if sending.connected:",
        "if sending.connected and not isinstance(error, aiohttp.ClientConnectionError):",
        ("provider/test_bigmodel.py::test_broken_exchange_is_doubt",),
    ),
    Bug(
        "a submit is posted again when its answer breaks off",
        "provider/bigmodel.py",
        "return _unanswered(error, sending)",
        "answer = await self._post(prepared.body, sending)",
        ("provider/test_bigmodel.py::test_broken_exchange_is_doubt",),
    ),
    Bug(
        "a redirect of a paid request is followed",
        "provider/bigmodel.py",
        "data=io.BytesIO(body),\n            allow_redirects=False,",
        "data=io.BytesIO(body),\n            allow_redirects=True,",
        ("provider/test_bigmodel.py::test_redirected_submit_is_not_followed",),
    ),
    Bug(
        "a submit may go out on a connection that is stale",
        "provider/bigmodel.py",
        "force_close=True",
        "force_close=False",
        ("provider/test_bigmodel.py::test_each_submit_has_its_own_connection",),
    ),
    Bug(
        "a server error is tried again",
        "provider/codes.py",
        "if status == 429:",
        "if status in {429, 500, 502, 503}:",
        (
            "provider/test_provider_codes.py"
            "::test_unknown_code_with_a_status_that_tells_nothing_is_doubt",
        ),
    ),
    Bug(
        "a request id that was seen before counts as a refusal",
        "provider/codes.py",
        'return Repeated(f"an earlier submit of this request arrived ({words})")',
        "return Refused(error.code, words, Reaction.FAIL_CLIP)",
        ("provider/test_provider_codes.py::test_a_known_request_id_is_an_answer_of_its_own",),
    ),
    Bug(
        "a full account fails the clip",
        "provider/codes.py",
        '"1302": _HOLD',
        '"1302": _CLIP',
        ("provider/test_provider_codes.py::test_refusal_is_judged_by_its_code",),
    ),
    Bug(
        "an empty purse counts as busy",
        "provider/codes.py",
        '"1113": _BALANCE',
        '"1113": _HOLD',
        ("provider/test_provider_codes.py::test_refusal_is_judged_by_its_code",),
    ),
    Bug(
        "unsafe content is sent again",
        "provider/codes.py",
        '"1301": _CLIP',
        '"1301": _RETRY',
        ("provider/test_provider_codes.py::test_refusal_is_judged_by_its_code",),
    ),
    Bug(
        "the answer to somebody else's request is taken for ours",
        "provider/parsing.py",
        "return echo is not None and echo != request_id",
        "return False",
        (
            "provider/test_provider_codes.py::test_unintelligible_submit_answer_is_doubt",
            "provider/test_bigmodel.py::test_complete_but_senseless_answer_is_doubt",
        ),
    ),
    Bug(
        "a task that is unknown for a moment is given up",
        "run/following.py",
        "_UNKNOWN_GRACE_S = 600.0",
        "_UNKNOWN_GRACE_S = 0.0",
        ("run/test_following.py::test_a_task_is_unknown_for_ten_minutes_before_it_is_believed",),
    ),
    Bug(
        "a task past the give-up counts as failed",
        "run/following.py",
        'AttemptState.STALLED, "past the give-up"',
        'AttemptState.FAILED, "past the give-up"',
        ("run/test_following.py::test_past_the_give_up_a_task_stays_running",),
    ),
    Bug(
        "a dead link makes its clip lost before the provider is asked",
        "run/fetching.py",
        "self.context.clock.now() >= max(seen_at + LINK_LIFE_S, expires_at)",
        "True",
        ("run/test_fetching.py::test_a_download_is_tried_five_times",),
    ),
)

#: More tasks live than the tier allows, or doubt is not braked.
SLOTS = (
    Bug(
        "tasks of an earlier start hold no slot",
        "run/slots.py",
        'alive, whatever the limit."""\n        self.held += 1',
        'alive, whatever the limit."""\n        self.held += 0',
        (
            "run/test_slots.py::test_inherited_slots_may_pass_the_limit",
            "run/test_runner.py::test_inherited_tasks_count_against_the_tier",
        ),
    ),
    Bug(
        "a submit in doubt gives its slot back at once",
        "run/runner.py",
        "_DOUBTFUL = frozenset({AttemptState.UNKNOWN, AttemptState.VANISHED})",
        "_DOUBTFUL = frozenset({AttemptState.VANISHED})",
        ("run/test_runner.py::test_doubt_holds_its_slot",),
    ),
    Bug(
        "doubt that an earlier start left holds no slot",
        "run/runner.py",
        "elif self._doubt_left_s(attempt) > 0:",
        "elif attempt.state in ALIVE:",
        ("run/test_runner.py::test_found_doubt_holds_its_slot_until_it_is_old",),
    ),
    Bug(
        "a full account is asked again at once, as often as it refuses",
        "run/slots.py",
        "return slots.held - slots.doubtful > slots.cap and not self._is_used",
        "return False",
        ("run/test_buying.py::test_a_burst_of_refusals_is_not_repeated",),
    ),
    Bug(
        "each refusal of one burst lowers the cap",
        "run/slots.py",
        "is_news = self._cuts == self._slots.cuts",
        "is_news = True",
        ("run/test_slots.py::test_a_burst_of_refusals_lowers_the_cap_once",),
    ),
    Bug(
        "the cap is never regained",
        "run/cap.py",
        "return replace(self, now=self.now + 1, clean=0)",
        "return replace(self, clean=0)",
        (
            "run/test_cap.py::test_the_cap_follows_the_answers",
            "run/test_buying.py::test_a_storm_of_refusals_leaves_nothing_behind",
        ),
    ),
    Bug(
        "something is bought that will hardly be here before the hours end",
        "run/buying.py",
        "if not is_time_to_buy(self.context, clip.model):",
        "if False:",
        (
            "run/test_hours.py::test_nothing_is_sent_that_would_be_late",
            "run/test_hours.py::test_before_the_start_nothing_is_bought",
        ),
    ),
    Bug(
        "a picture that was read long ago is sent unseen",
        "run/preparing.py",
        "if not 0 <= self._ahead.clock.now() - self._began_at <= FRESH_S:",
        "if False:",
        ("run/test_preparing.py::test_a_picture_that_changed_while_it_waited_is_refused",),
    ),
    Bug(
        "the brake is pulled later than promised",
        "run/stopping.py",
        "_DOUBTS = 3",
        "_DOUBTS = 5",
        ("run/test_stopping.py::test_the_brake_counts_within_ten_minutes",),
    ),
    Bug(
        "what the brake pauses never ends the run",
        "run/stopping.py",
        "_DOUBT_TRIPS = 3",
        "_DOUBT_TRIPS = 300",
        (
            "run/test_stopping.py::test_the_third_trip_ends_the_run",
            "run/test_buying.py::test_too_much_doubt_ends_the_run",
        ),
    ),
)

#: A signal loses something.
SIGNALS = (
    Bug(
        "a signal cancels a submit in the air",
        "run/lives.py",
        "in self._tasks - self.context.submitting:",
        "in self._tasks:",
        ("run/test_runner.py::test_a_signal_waits_for_submits_in_the_air",),
    ),
    Bug(
        "a submit that a signal cut off is not recorded",
        "run/lives.py",
        "for attempt_id in tuple(self.context.in_air):",
        "for attempt_id in ():",
        ("run/test_runner.py::test_a_second_signal_leaves_at_once",),
    ),
)
