"""Planted bugs by which a record is lost, a bad state is trusted, or a lock does not hold."""

from __future__ import annotations

from tests.mutants.bug import Bug

#: A record that was promised is not there, or half of one is.
DURABILITY = (
    Bug(
        "a commit is lost with the power",
        "state/opening.py",
        "PRAGMA synchronous = FULL;",
        "PRAGMA synchronous = NORMAL;",
        ("state/test_state_durability.py::test_a_commit_survives_a_power_cut",),
    ),
    Bug(
        "a change that fails half-way leaves its first half",
        "state/committing.py",
        'self._connection.execute("ROLLBACK TO change")',
        "pass",
        ("state/test_state_durability.py::test_a_change_that_fails_half_way_leaves_nothing",),
    ),
    Bug(
        "a caller that is cancelled takes its change along",
        "state/committing.py",
        "return await asyncio.shield(result)",
        "return await result",
        ("state/test_state_trouble.py::test_a_cancelled_caller_undoes_nothing",),
    ),
    Bug(
        "a task id that the state cannot take is lost",
        "state/committing.py",
        "if receipt is not None and keep(self._path, receipt):",
        "if False:",
        ("state/test_state_spool.py::test_a_task_id_that_cannot_be_recorded_is_not_lost",),
    ),
    Bug(
        "the next start forgets the task ids that were kept beside the state",
        "state/opening.py",
        "take_in(connection, path, now)",
        "pass",
        (
            "state/test_state_spool.py::test_a_task_id_that_cannot_be_recorded_is_not_lost",
            "state/test_state_spool.py::test_a_spooled_id_of_a_doubtful_clip_heals_the_doubt",
        ),
    ),
    Bug(
        "a full disk refuses the answers that are in the air",
        "state/committing.py",
        "if kind == sqlite3.SQLITE_FULL and release_reserve(self._path):",
        "if False:",
        ("state/test_state_spool.py::test_a_full_disk_still_takes_what_is_in_the_air",),
    ),
    Bug(
        "buying goes on with the disk space that was kept back",
        "state/committing.py",
        "self.is_disk_full = True",
        "self.is_disk_full = False",
        ("state/test_state_spool.py::test_a_full_disk_still_takes_what_is_in_the_air",),
    ),
    Bug(
        "writing goes on after the disk lost a write",
        "state/committing.py",
        "self._broken = error",
        "self._broken = None",
        ("state/test_state_spool.py::test_after_a_failed_write_nothing_more_is_written",),
    ),
    Bug(
        "the database lets an attempt move as it likes",
        "state/schema.py",
        "WHEN NOT EXISTS (SELECT 1 FROM move",
        "WHEN FALSE AND NOT EXISTS (SELECT 1 FROM move",
        ("state/test_state_writing.py::test_the_database_itself_refuses_an_illegal_move",),
    ),
    Bug(
        "the code lets an attempt move as it likes",
        "clip.py",
        "if new not in MOVES[old]:",
        "if False:",
        ("state/test_state_writing.py::test_only_the_moves_of_the_table_are_possible",),
    ),
    Bug(
        "two attempts may claim one task",
        "state/changes.py",
        '_check_task_id(connection, before, facts.get("task_id"))',
        "pass",
        ("state/test_state_writing.py::test_a_task_id_is_stored_once",),
    ),
    Bug(
        "a move leaves no event",
        "state/changes.py",
        '"INSERT INTO event (attempt_id, at, old, new, reason) VALUES (?, ?, ?, ?, ?)"',
        '"SELECT ?, ?, ?, ?, ?"',
        ("state/test_state_writing.py::test_every_move_leaves_one_event",),
    ),
)

#: A state is used that is damaged, old or another one.
TRUST = (
    Bug(
        "a damaged state is used",
        "state/opening.py",
        'if verdict != "ok":',
        "if False:",
        ("state/test_state_writing.py::test_a_damaged_state_is_refused",),
    ),
    Bug(
        "a foreign database is used",
        "state/opening.py",
        "if application_id != schema.APPLICATION_ID:",
        "if False:",
        ("state/test_state_writing.py::test_a_foreign_database_is_refused",),
    ),
    Bug(
        "an old copy of the state is used",
        "state/marks.py",
        "if astuple(height)[1:] < astuple(mark)[1:]:",
        "if False:",
        (
            "state/test_state_marks.py::test_an_old_copy_is_refused",
            "state/test_state_marks.py::test_a_deleted_log_is_noticed",
        ),
    ),
    Bug(
        "a new state is begun where one was deleted",
        "state/opening.py",
        "refuse_if_deleted(path)",
        "pass",
        ("state/test_state_marks.py::test_a_deleted_state_is_noticed",),
    ),
    Bug(
        "another state in the place of ours is used",
        "state/marks.py",
        "if mark.state_id != height.state_id:",
        "if False:",
        ("state/test_state_marks.py::test_another_state_is_noticed",),
    ),
    Bug(
        "an old copy of the state fills a folder that a newer one filled",
        "output/owner.py",
        "owner.epoch >= who.epoch",
        "False",
        ("output/test_output_owner.py::test_an_old_copy_of_the_state_is_refused",),
    ),
    Bug(
        "a copy of the state from the middle of the last start fills its folder",
        "output/owner.py",
        "owner.changes > who.changes",
        "False",
        ("output/test_output_owner.py::test_a_copy_from_the_middle_of_a_start_is_refused",),
    ),
    Bug(
        "an order that stood on doubt outlives it",
        "state/changes.py",
        "if old in _IN_DOUBT and to in _SETTLED_AS_BOUGHT:",
        "if False:",
        ("state/test_state_trouble.py::test_an_order_that_stood_on_doubt_ends_with_it",),
    ),
    Bug(
        "a bill that lacks sure purchases settles by what it lacks",
        "state/settling.py",
        "if incomplete := _why_incomplete(found):",
        "if incomplete := None:",
        ("state/test_settling.py::test_a_bill_that_lacks_sure_purchases_settles_nothing",),
    ),
    Bug(
        "a folder is filled whoever owns it",
        "output/owner.py",
        "if of_account:",
        "if False:",
        ("output/test_output_owner.py::test_another_account_is_refused",),
    ),
    Bug(
        "a folder is filled whichever state it belongs to",
        "output/owner.py",
        "if owner.state != who.state_id:",
        "if False:",
        ("output/test_output_owner.py::test_another_state_is_refused",),
    ),
    Bug(
        "a reader takes a commit that comes while he looks for a state gone back in time",
        "state/doubts.py",
        "    mark, spooled = read_mark(state), last_spooled(state)\n"
        "    height, last_attempt = _reached(state)\n",
        "    height, last_attempt = _reached(state)\n"
        "    mark, spooled = read_mark(state), last_spooled(state)\n",
        ("state/test_state_doubts.py::test_what_is_committed_while_somebody_looks_is_no_doubt",),
    ),
    Bug(
        "an old copy of the state is read in silence",
        "engine.py",
        "if doubt is not None:",
        "if False:",
        ("cli/test_cli_old_state.py::test_who_reads_an_old_copy_is_warned",),
    ),
    Bug(
        "everybody may read the state",
        "state/opening.py",
        "os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))",
        "os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o644))",
        ("state/test_state_writing.py::test_the_state_is_private",),
    ),
)

#: Two runs use what only one may use.
LOCKS = (
    Bug(
        "a lock is not waited for and not held",
        "state/locks.py",
        "lock.acquire(timeout=-1 if wait else 0)",
        "pass",
        ("state/test_state_locks.py::test_a_second_process_is_refused_and_told_who_holds_it",),
    ),
    Bug(
        "two states may use one account at once",
        "execution.py",
        "_hold(stack, lock, what, on_wait)",
        "pass",
        ("test_sessions.py::test_an_account_is_used_from_one_state_at_a_time",),
    ),
    Bug(
        "two runs may use one state at once",
        "execution.py",
        '_hold(stack, state_lock_path(path), msg("the state {path}", path=path), on_wait)',
        "pass",
        ("test_sessions.py::test_a_state_is_used_by_one_start_at_a_time",),
    ),
    Bug(
        "a run goes on buying on a state that another one took over",
        "state/tenure.py",
        "if _epoch(connection) != self._epoch:",
        "if False:",
        ("state/test_state_tenure.py::test_a_second_start_ends_the_buying_of_the_first",),
    ),
    Bug(
        "a run goes on buying on a state that was moved away",
        "state/tenure.py",
        "if not is_here:",
        "if False:",
        ("state/test_state_tenure.py::test_a_state_that_was_moved_away_ends_the_buying",),
    ),
    Bug(
        "a state may have two names and so two locks",
        "state/places.py",
        "state.stat().st_nlink > 1:",
        "state.stat().st_nlink > 2:",
        ("state/test_state_tenure.py::test_a_state_with_two_names_is_refused",),
    ),
)
