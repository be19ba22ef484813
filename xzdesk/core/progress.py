"""How long work tells what it is doing. It knows nothing of who listens."""

from __future__ import annotations

import time
from collections.abc import Callable

from xzdesk.core.errors import Cancelled

Report = Callable[[str, int, int], None]
"""Called with what is being done, how many are done, and how many there are (0: unknown)."""


class Progress:
    """Passed through long work; ``tick`` reports at most ten times a second and raises ``Cancelled``."""

    def __init__(
        self,
        report: Report | None = None,
        cancelled: Callable[[], bool] | None = None,
        interval: float = 0.1,
    ) -> None:
        self._report = report
        self._cancelled = cancelled
        self._interval = interval
        self._last = 0.0
        self._doing = ""

    def tick(self, doing: str, done: int = 0, total: int = 0) -> None:
        """Say what is being done. Raises ``Cancelled`` when the user has asked to stop."""
        if self._cancelled is not None and self._cancelled():
            raise Cancelled
        if self._report is None:
            return
        now = time.monotonic()
        if doing != self._doing or done == total or now - self._last >= self._interval:
            self._last, self._doing = now, doing
            self._report(doing, done, total)


SILENT = Progress()
