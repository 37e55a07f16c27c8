"""Reading from outside what a running simulator saw: its counters, its bill, the end of a task.

It is asked over HTTP like anybody would, so what it says does not come from the caller's books.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

import aiohttp

#: Seconds within which a simulator on this machine answers, however busy the machine is.
_TIMEOUT = aiohttp.ClientTimeout(total=60)


class Watch:
    """Watches the simulator at a base URL: `async with Watch(base_url) as watch`.

    Raises:
        aiohttp.ClientError: the simulator is gone.
    """

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            timeout=_TIMEOUT, headers={"Authorization": "Bearer watch"}
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def stats(self) -> dict[str, Any]:
        """Give its counters (`Account.stats`)."""
        return dict(await self._get("../../../simulator/stats"))

    async def bill(self) -> list[dict[str, str]]:
        """Give what it charged (`Account.bill`)."""
        return list(await self._get("../../../simulator/bill"))

    async def task_status(self, task_id: str) -> str:
        """Ask for a task as its owner would: PROCESSING, SUCCESS or FAIL."""
        answer = await self._get(f"async-result/{task_id}")
        return str(answer.get("task_status"))

    async def _get(self, path: str) -> Any:
        async with self._session.get(f"{self._base_url}/{path}") as response:
            return await response.json()
