"""Rows of a package that could not be taken: they wait here, stop nothing else, and go when a later package brings
the place in order. Their contents may be personal: they are shown to the keeper and never put into a message.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from xzdesk.store.writing import demand_transaction

if TYPE_CHECKING:
    from xzdesk.store.connect import Workspace


class RowStatus(StrEnum):
    WAITING = "waiting"
    DROPPED = "dropped"
    """Looked at and put aside by a person."""
    SUPERSEDED = "superseded"
    """A later package of the same office was taken."""


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """One row of a part. ``line`` is 1-based, the header is line 1; ``cause`` is Chinese and holds no content."""

    package: str
    part: str
    line: int
    content: tuple[str, ...] = field(repr=False)
    cause: str
    status: RowStatus


_ADD: Final = """
INSERT INTO quarantined_row (package, part, line, content, cause, status) VALUES (?, ?, ?, ?, ?, 'waiting')
ON CONFLICT (package, part, line) DO UPDATE
SET content = excluded.content, cause = excluded.cause, status = excluded.status
"""

_LISTING: Final = """
SELECT package, part, line, content, cause, status FROM quarantined_row
WHERE (:package IS NULL OR package = :package) AND (:status IS NULL OR status = :status)
ORDER BY package, part, line
"""

_SUPERSEDE: Final = """
UPDATE quarantined_row SET status = 'superseded'
WHERE status = 'waiting' AND package <> :package AND package IN (
  SELECT id FROM package WHERE direction = 'in' AND unit = (SELECT unit FROM package WHERE id = :package))
"""


def add(ws: Workspace, package: str, rows: Sequence[tuple[str, int, Sequence[str], str]]) -> None:
    """Set rows (part, line, content, cause) of a package apart; those of its sender's earlier ones are superseded."""
    demand_transaction(ws)
    ws.db.conn.execute(_SUPERSEDE, {"package": package})
    ws.db.conn.executemany(
        _ADD,
        [
            (package, part, line, json.dumps(list(content), ensure_ascii=False), cause)
            for part, line, content, cause in rows
        ],
    )


def listing(ws: Workspace, package: str | None = None, status: RowStatus | None = None) -> tuple[QuarantinedRow, ...]:
    """By package, part and line."""
    return tuple(
        QuarantinedRow(id, part, line, tuple(json.loads(content)), cause, RowStatus(held))
        for id, part, line, content, cause, held in ws.db.conn.execute(_LISTING, {"package": package, "status": status})
    )


def causes(ws: Workspace, package: str) -> dict[str, int]:
    """How many rows of a package wait, by cause."""
    return dict(Counter(row.cause for row in listing(ws, package, RowStatus.WAITING)))


def set_status(ws: Workspace, row: QuarantinedRow, status: RowStatus) -> None:
    demand_transaction(ws)
    ws.db.conn.execute(
        "UPDATE quarantined_row SET status = ? WHERE package = ? AND part = ? AND line = ?",
        (status, row.package, row.part, row.line),
    )
