"""Planted bugs by which money is spent twice, counted wrongly or passes a budget."""

from __future__ import annotations

from tests.mutants.bug import Bug

#: A clip is bought again though nobody asked for it.
PURCHASES = (
    Bug(
        "the state lets anything be bought twice",
        "state/changes.py",
        "if second_purchase(attempts, intent, is_ordered=_is_ordered(connection, intent)):",
        "if False:",
        (
            "state/test_state_writing.py::test_nothing_is_bought_twice_unless_asked",
            "state/test_state_writing.py::test_what_was_bought_stays_bought",
        ),
    ),
    Bug(
        "what is in the air may be bought beside itself by an order",
        "state/store.py",
        "if deciding is not None and deciding.money is MoneyPlace.RESERVED:",
        "if False:",
        ("state/test_state_trouble.py::test_a_clip_with_any_purchase_in_the_air_is_not_bought",),
    ),
    Bug(
        "an order can be carried out again and again",
        "state/store.py",
        "return not is_ordered",
        "return False",
        (
            "state/test_state_writing.py::test_an_order_buys_each_clip_once",
            "state/test_state_writing.py::test_an_order_buys_only_what_it_names",
        ),
    ),
    Bug(
        "the clip of an order is open again until its file is saved",
        "state/records.py",
        "attempt.state <> 'rejected'",
        "attempt.state = 'saved'",
        (
            "state/test_state_writing.py::test_an_order_buys_each_clip_once",
            "state/test_state_writing.py::test_a_purchase_closes_every_order_that_waited_for_it",
        ),
    ),
    Bug(
        "an order that is given twice is two orders",
        "state/changes.py",
        "order = next((order for order in open_orders if order.kind == kind), None)",
        "order = None",
        ("state/test_state_writing.py::test_an_open_order_is_continued",),
    ),
    Bug(
        "a plain run buys a failed clip again",
        "plan/choosing/matching.py",
        "_S.FAILED: Action.LEAVE",
        "_S.FAILED: Action.BUY",
        ("plan/test_planning.py::test_every_state_has_its_decision",),
    ),
    Bug(
        "a plain run buys a clip again whose link is dead",
        "plan/choosing/matching.py",
        "_S.EXPIRED: Action.LEAVE",
        "_S.EXPIRED: Action.BUY",
        ("plan/test_planning.py::test_every_state_has_its_decision",),
    ),
    Bug(
        "a changed request is bought over a purchase in doubt",
        "plan/choosing/matching.py",
        "_S.REFUSED: Action.BUY",
        "_S.UNKNOWN: Action.CHANGED",
        ("plan/test_planning.py::test_no_change_ever_buys_over_money_that_is_out",),
    ),
    Bug(
        "a row put between numbered ones buys a neighbour again",
        "plan/choosing/decisions.py",
        "wanted = Wanted(number, clip.key, clip.fingerprint, by_url(clip.request), *names)",
        "wanted = Wanted(number, clip.key, clip.fingerprint, by_url(clip.request))",
        (
            "plan/test_families.py::test_what_was_bought_is_known_by_its_request",
            "plan/test_families.py::test_a_product_is_known_by_any_of_its_names",
        ),
    ),
    Bug(
        "pictures of which half were read are bought again",
        "plan/clips/identity.py",
        "is_known = all(entry.sha256 for entry in request.pictures)\n    if not",
        "is_known = True\n    if not",
        ("plan/test_picture_identity.py::test_a_pair_half_of_which_is_read_again_is_known",),
    ),
    Bug(
        "a run buys clips that its saved plan does not name",
        "plan/lock.py",
        "outside = entry.action in BUYING and entry.clip.key not in allowed",
        "outside = False",
        ("plan/test_plan_lock.py::test_nothing_outside_the_lock_is_bought",),
    ),
)

#: A price is not the one that was frozen, or stands in the wrong place.
LARGE_PLANS = (
    Bug(
        "a large plan tears the clips of one SKU apart",
        "plan/choosing/decisions.py",
        "heaps[hash(wanted.family) % count]",
        "heaps[number % count]",
        ("plan/test_decisions.py::test_groups_change_no_decision",),
    ),
    Bug(
        "a plan forgets what was bought",
        "plan/choosing/decisions.py",
        "decisions.attempt_ids[clip.number] = attempt.id",
        "pass",
        ("plan/test_planning.py::test_a_done_clip_costs_nothing_again",),
    ),
    Bug(
        "two rows of one name are both bought",
        "first_seen.py",
        "        if found == mark:\n            return self._numbers[at]\n",
        "",
        ("plan/test_expand.py::test_no_clip_is_made_twice",),
    ),
)
PRICES = (
    Bug(
        "an attempt costs what the price list says today",
        "state/records.py",
        "        from_milli(milli),\n",
        '        __import__("batchgen.video_models", fromlist=["price_of"])'
        ".price_of(model, provider)[0],\n",
        ("state/test_state_durability.py::test_a_price_stays_as_it_was_frozen",),
    ),
    Bug(
        "money goes through binary fractions",
        "state/records.py",
        "milli = amount * _MILLI",
        "milli = Decimal(float(amount) * float(_MILLI))",
        ("state/test_state_durability.py::test_every_fen_is_kept_exactly",),
    ),
    Bug(
        "an attempt moves and its money stays",
        "state/changes.py",
        "_move_money(connection, attempt_id, MEANING[old][1], MEANING[to][1])",
        "_ = MEANING[old][1]",
        (
            "state/test_state_writing.py::test_each_state_keeps_the_money_in_its_place",
            "state/test_state_writing.py::test_released_money_is_free_again",
        ),
    ),
    Bug(
        "a clip that failed counts as free",
        "clip.py",
        "_S.FAILED: (Status.FAILED, MoneyPlace.AT_RISK)",
        "_S.FAILED: (Status.FAILED, MoneyPlace.RELEASED)",
        ("state/test_state_writing.py::test_nothing_is_bought_twice_unless_asked",),
    ),
    Bug(
        "a saved plan is run at other prices",
        "plan/lock.py",
        "if old.price != new.price",
        "if False",
        ("plan/test_plan_lock.py::test_what_moved_is_named",),
    ),
)

#: A budget is passed, or is not what it says.
BUDGETS = (
    Bug(
        "money at risk is free for another call",
        "state/changes.py",
        "reserved_milli + at_risk_milli + spent_milli AS",
        "reserved_milli + spent_milli AS",
        ("state/test_state_writing.py::test_money_at_risk_counts_against_a_budget",),
    ),
    Bug(
        "money in the air is free for another call",
        "state/changes.py",
        "reserved_milli + at_risk_milli + spent_milli AS",
        "at_risk_milli + spent_milli AS",
        (
            "state/test_state_writing.py::test_a_budget_is_reached_but_never_passed",
            "run/test_buying.py::test_the_run_budget_is_never_passed",
        ),
    ),
    Bug(
        "a call that fits a budget exactly is refused",
        "state/changes.py",
        "> records.to_milli(limit.ceiling)",
        ">= records.to_milli(limit.ceiling)",
        ("state/test_state_writing.py::test_a_budget_is_reached_but_never_passed",),
    ),
    Bug(
        "a budget does not count the call that is about to be made",
        "state/changes.py",
        "committed + records.to_milli(intent.price) >",
        "committed >",
        (
            "state/test_state_writing.py::test_a_budget_is_reached_but_never_passed",
            "run/test_buying.py::test_every_wide_budget_stops_the_run",
        ),
    ),
    Bug(
        "the budget of the run is no limit",
        "state/ledger.py",
        '{**budget.ceilings(), "run": run.budget}',
        "{**budget.ceilings()}",
        (
            "state/test_state_ledger.py::test_each_named_budget_is_a_limit",
            "run/test_buying.py::test_the_run_budget_is_never_passed",
        ),
    ),
    Bug(
        "the budget of a day ends at midnight in London",
        "state/ledger.py",
        "datetime.fromtimestamp(now, UTC).astimezone(zone)",
        "datetime.fromtimestamp(now, UTC)",
        ("state/test_state_ledger.py::test_a_day_is_one_of_the_budgets_zone",),
    ),
    Bug(
        "the start after a kill gets a fresh budget",
        "state/ledger.py",
        "if last.ended_at is None or last.stopped == StopReason.SIGNAL:",
        "if last.stopped == StopReason.SIGNAL:",
        ("test_sessions.py::test_a_start_gets_fresh_money_only_when_the_last_run_was_over",),
    ),
    Bug(
        "a scheduler's retry gets a fresh budget",
        "state/ledger.py",
        "return last.stopped == StopReason.BUDGET and",
        "return False and",
        ("test_sessions.py::test_a_start_gets_fresh_money_only_when_the_last_run_was_over",),
    ),
)
