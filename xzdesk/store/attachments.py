"""Photographs and papers of register rows: kept once by the hash of their bytes, carried once until acknowledged.

Taking a file off a row keeps its bytes, so that the step can be undone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from xzdesk.core.errors import UserError
from xzdesk.core.model import RowRef
from xzdesk.store.writing import demand_transaction

if TYPE_CHECKING:
    from xzdesk.store.connect import Workspace

LARGEST: Final = 8 * 1024 * 1024
LONGEST_TITLE: Final = 100
_TYPES: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"%PDF-", "application/pdf"),
)


@dataclass(frozen=True, slots=True)
class Use:
    """A file at a register row. ``title`` may be personal."""

    place: RowRef
    digest: str
    title: str


@dataclass(frozen=True, slots=True)
class Attachment:
    digest: str
    """SHA-256, hex, of the bytes."""
    media_type: str
    content: bytes


_KEEP: Final = "INSERT INTO attachment (digest, media_type, content) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_USE: Final = """
INSERT INTO attachment_use (register, row, digest, title) VALUES (?, ?, ?, ?)
ON CONFLICT (register, row, digest) DO UPDATE SET title = excluded.title WHERE title <> excluded.title
"""
_USES: Final = "SELECT register, row, digest, title FROM attachment_use WHERE register = ?"
_TO_SEND: Final = """
SELECT digest FROM attachment
WHERE digest IN (SELECT value FROM json_each(?))
  AND digest NOT IN (SELECT digest FROM attachment_sent WHERE acknowledged)
ORDER BY digest
"""


def keep(ws: Workspace, data: bytes) -> str:
    """Keep a file and return its digest; the same bytes are kept once.

    Raises ``UserError`` ``attachment.too_large``, ``attachment.type`` (JPEG, PNG and PDF are taken).
    """
    demand_transaction(ws)
    if len(data) > LARGEST:
        raise UserError(
            "attachment.too_large",
            f"文件有 {len(data) / 1024 / 1024:.1f} MB，超过 {LARGEST // 1024 // 1024} MB。",
            "请把照片缩小后再添加。",
        )
    media_type = next((name for magic, name in _TYPES if data.startswith(magic)), "")
    if not media_type:
        raise UserError("attachment.type", "只能添加 JPEG、PNG 图片或 PDF 文件。", "请把文件转成其中一种再添加。")
    digest = hashlib.sha256(data).hexdigest()
    ws.db.conn.execute(_KEEP, (digest, media_type, data))
    return digest


def find(ws: Workspace, digest: str) -> Attachment | None:
    row = ws.db.conn.execute(
        "SELECT digest, media_type, content FROM attachment WHERE digest = ?", (digest,)
    ).fetchone()
    return None if row is None else Attachment(row[0], row[1], bytes(row[2]))


def held(ws: Workspace, digests: Collection[str]) -> set[str]:
    """Those of ``digests`` whose bytes are here."""
    wanted = (json.dumps(sorted(digests)),)
    found = ws.db.conn.execute("SELECT digest FROM attachment WHERE digest IN (SELECT value FROM json_each(?))", wanted)
    return {digest for (digest,) in found}


def use(ws: Workspace, uses: Iterable[Use]) -> None:
    """Put files at rows or change their titles; the bytes may come later. Raises ``UserError`` ``attachment.title``."""
    demand_transaction(ws)
    rows = [(u.place.register, u.place.row, u.digest, u.title) for u in uses]
    if any(not 1 <= len(title) <= LONGEST_TITLE for *_, title in rows):
        raise UserError("attachment.title", f"附件要有名称，最多 {LONGEST_TITLE} 字。", "例如“验收照片”。")
    ws.db.conn.executemany(_USE, rows)


def remove(ws: Workspace, use: Use) -> None:
    """Take a file off a row."""
    demand_transaction(ws)
    ws.db.conn.execute(
        "DELETE FROM attachment_use WHERE register = ? AND row = ? AND digest = ?",
        (use.place.register, use.place.row, use.digest),
    )


def uses(ws: Workspace, register: str, rows: Collection[str] | None = None) -> tuple[Use, ...]:
    """Files of the register's rows (ids; None: all), by row and digest."""
    statement, wanted = _USES, [register]
    if rows is not None:
        statement += " AND row IN (SELECT value FROM json_each(?))"
        wanted.append(json.dumps(sorted(rows)))
    found = ws.db.conn.execute(statement + " ORDER BY row, digest", wanted)
    return tuple(Use(RowRef(code, row), digest, title) for code, row, digest, title in found)


def to_send(ws: Workspace, digests: Collection[str]) -> tuple[str, ...]:
    """Those of ``digests`` that are here and that no acknowledged package has carried yet, in order."""
    return tuple(digest for (digest,) in ws.db.conn.execute(_TO_SEND, (json.dumps(sorted(digests)),)))


def mark_sent(ws: Workspace, package: str, digests: Collection[str]) -> None:
    """Note that the package of this id carries the bytes of ``digests``."""
    demand_transaction(ws)
    ws.db.conn.executemany(
        "INSERT INTO attachment_sent (digest, package) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(digest, package) for digest in sorted(digests)],
    )


def acknowledge(ws: Workspace, package: str) -> None:
    """Note that the package of this id has arrived: what it carried need not travel again."""
    demand_transaction(ws)
    ws.db.conn.execute("UPDATE attachment_sent SET acknowledged = 1 WHERE package = ? AND acknowledged = 0", (package,))
