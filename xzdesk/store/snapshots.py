"""定版: what a period was published with, in numbered editions. An edition never changes; publishing anew adds one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from xzdesk.core.periods import Period
from xzdesk.store.writing import demand_transaction

if TYPE_CHECKING:
    from xzdesk.store.connect import Workspace


@dataclass(frozen=True, slots=True)
class Snapshot:
    """``content`` is what the service gave; ``digest`` the SHA-256, hex, of its canonical JSON."""

    period: Period
    edition: int
    digest: str
    content: Mapping[str, Any] = field(repr=False)
    frozen_at: str
    frozen_by: str


@dataclass(frozen=True, slots=True)
class Edition:
    """A snapshot without its content, for lists."""

    period: Period
    edition: int
    digest: str
    frozen_at: str
    frozen_by: str


_ADD: Final = "INSERT INTO snapshot (period, edition, digest, content, frozen_at, frozen_by) VALUES (?, ?, ?, ?, ?, ?)"
_FIND: Final = """
SELECT period, edition, digest, content, frozen_at, frozen_by FROM snapshot
WHERE period = :period AND (:edition IS NULL OR edition = :edition) ORDER BY edition DESC LIMIT 1
"""
_EDITIONS: Final = """
SELECT period, edition, digest, frozen_at, frozen_by FROM snapshot
WHERE :period IS NULL OR period = :period ORDER BY period DESC, edition DESC
"""


def add(ws: Workspace, period: Period, content: Mapping[str, Any]) -> Snapshot:
    """Freeze ``content`` (JSON values, no floats) as the next edition; the newest one if it holds just that."""
    demand_transaction(ws)
    data = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
    digest = hashlib.sha256(data).hexdigest()
    newest = find(ws, period)
    if newest is not None and newest.digest == digest:
        return newest
    edition = newest.edition + 1 if newest is not None else 1
    made = Snapshot(period, edition, digest, json.loads(data), ws.now(), ws.user)
    ws.db.conn.execute(_ADD, (str(period), edition, digest, data, made.frozen_at, made.frozen_by))
    return made


def find(ws: Workspace, period: Period, edition: int | None = None) -> Snapshot | None:
    """One edition of a period, or its newest."""
    row = ws.db.conn.execute(_FIND, {"period": str(period), "edition": edition}).fetchone()
    if row is None:
        return None
    return Snapshot(Period.parse(row[0]), row[1], row[2], json.loads(row[3]), row[4], row[5])


def editions(ws: Workspace, period: Period | None = None) -> tuple[Edition, ...]:
    """Newest period and edition first."""
    rows = ws.db.conn.execute(_EDITIONS, {"period": None if period is None else str(period)})
    return tuple(Edition(Period.parse(text), *rest) for text, *rest in rows)
