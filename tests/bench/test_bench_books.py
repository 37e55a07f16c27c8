from __future__ import annotations

import pytest

from tests.bench.books import Book, Task, ideal_s, most_alive, together


@pytest.mark.parametrize(
    ("durations", "slots", "expected_s"),
    [
        ([], 3, 0),
        ([2, 3], 1, 5),
        ([2, 3], 2, 3),
        ([4, 1, 1, 1], 2, 4),
        ([1, 1, 1, 4], 2, 5),
    ],
)
def test_the_ideal_client_starts_each_task_when_a_slot_is_free(
    durations: list[float], slots: int, expected_s: float
) -> None:
    """Tasks start in their order, none of them early."""
    assert ideal_s(durations, slots) == expected_s


def test_a_lag_counts_from_the_end_to_the_first_answer_that_tells_it() -> None:
    """Answers before the end and after the telling change nothing of it."""
    task = Task(accepted_at=10, ends_at=12)
    assert [task.told(now) for now in (11, 12.5, 14)] == [False, True, True]
    assert (task.told_at, task.polls) == (12.5, 2)


def test_a_full_account_refuses() -> None:
    """A slot is free again when its task has ended, told or not."""
    book = Book(slots=2)
    assert [book.accept(0, 5), book.accept(1, 5), book.accept(2, 5)] == [0, 1, None]
    assert book.accept(5, 5) == 2
    assert (book.refused, book.most_alive) == (1, 2)


def test_the_figures_of_a_client_that_lags() -> None:
    """One slot, two tasks of four seconds, each told a second late and submitted at once."""
    book = Book(slots=1)
    book.knock(100)
    for start in (100, 105):
        number = book.accept(start, 4)
        assert number is not None
        book.tasks[number].told(start + 2)
        book.tasks[number].told(start + 5)
    figures = book.figures()
    assert (figures.makespan_s, figures.efficiency, figures.idle_slot_s) == (10, 0.8, 2)
    assert (figures.polls_per_clip, figures.lag_mean_s, figures.clips) == (2, 1, 2)
    assert together([figures, figures]).efficiency == pytest.approx(0.8)


def test_tasks_alive_at_once_are_counted_over_accounts() -> None:
    """A task that ends in the moment another begins is not alive with it."""
    tasks = [Task(0, 2), Task(1, 3), Task(2, 4)]
    assert most_alive(tasks) == 2
    assert most_alive([]) == 0
