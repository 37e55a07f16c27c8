"""batchgen turns a shop's catalogue into checked product videos, with every yuan accounted for.

    catalogue ──► plan ──► run ──► output ──► review
                   ▲        │ ▲
                   └─ state ◄┘ └─ provider

A manifest of products becomes items (`catalogue`), items times the job's matrix become a priced
plan (`plan`), the runner keeps exactly the account's tier of tasks alive (`run`, `provider`), each
clip is downloaded and checked at once (`output`), and one database knows every purchase (`state`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["results_frame"]


def results_frame(output: Path | str) -> pd.DataFrame:
    """Read the results of an output folder as a table, one row a clip or faulty manifest row.

    Columns and dtypes are those of `output.frame.results_frame`.

    Raises:
        InputError: the folder holds no readable results.
    """
    # pandas is slow to import; only who asks for a table waits for it.
    from batchgen.output.frame import read_results

    return read_results(Path(output))
