"""The change log: triggers note every changed row before and after; each transaction is one link of a hash chain.

The head of the chain goes into every signed package and receipt, which makes the other office its witness. Columns
of bytes (photographs, sealed files, secret keys) are left out; they are covered by the hashes and ids beside them.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from xzdesk.core.errors import UserError

if TYPE_CHECKING:
    from sqlite_utils import Database

    from xzdesk.store.connect import Workspace

UNLOGGED: Final = frozenset({"journal", "journal_link", "sqlite_sequence", "_sqlite_migrations", "meta"})
"""``meta`` holds counters and conveniences of this machine only."""
_OPEN_LINK: Final = "(SELECT coalesce(max(link), 0) + 1 FROM journal_link)"
"""The link that the running transaction will become; close_link writes it."""
_ENTRIES: Final = "SELECT sequence, entity, key, before, after FROM journal WHERE link = ? ORDER BY sequence"
_LATER: Final = """
SELECT 1 FROM journal AS earlier JOIN journal AS later
  ON later.entity = earlier.entity AND later.key = earlier.key AND later.link > earlier.link
WHERE earlier.link = ? LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Link:
    """One transaction: when (UTC), who, what, how many rows, and the chain's head after it (SHA-256, hex)."""

    link: int
    at: str
    by: str
    action: str
    entries: int
    head: str


def install_triggers(db: Database, table: str) -> None:
    """Log ``table`` from now on. Its name and columns come from migrations or checked schemas."""
    columns = db.conn.execute(f"PRAGMA table_info([{table}])").fetchall()
    logged = [c[1] for c in columns if c[2] != "BLOB"]
    keys = [c[1] for c in sorted(columns, key=lambda c: c[5]) if c[5]]

    def row(prefix: str, names: list[str]) -> str:
        return "json_object(" + ", ".join(f"'{name}', {prefix}.[{name}]" for name in names) + ")"

    def key(prefix: str) -> str:
        return "json_array(" + ", ".join(f"{prefix}.[{name}]" for name in keys) + ")"

    moments = {"insert": ("new", "NULL", row("new", logged)), "delete": ("old", row("old", logged), "NULL")}
    moments["update"] = ("new", row("old", logged), row("new", logged))
    for moment, (prefix, before, after) in moments.items():
        db.conn.execute(f"DROP TRIGGER IF EXISTS [journal_{table}_{moment}]")
        db.conn.execute(
            f"CREATE TRIGGER [journal_{table}_{moment}] AFTER {moment} ON [{table}] BEGIN "  # noqa: S608 - own names
            f"INSERT INTO journal (link, entity, key, before, after) "
            f"VALUES ({_OPEN_LINK}, '{table}', {key(prefix)}, {before}, {after}); END"
        )


def install_all(db: Database) -> None:
    """Log every content table that has no triggers yet."""
    for table in db.table_names():
        if table not in UNLOGGED and not table.startswith("sqlite_"):
            install_triggers(db, table)


def close_link(db: Database, at: str, by: str, action: str) -> None:
    """Close the running transaction's link. Called by ``Workspace.transaction`` just before the commit."""
    previous = last(db)
    number = previous.link + 1 if previous else 1
    entries = db.conn.execute(_ENTRIES, (number,)).fetchall()
    if not entries:
        return
    digest = _head(previous.head if previous else "", (number, at, by, action), entries)
    db.conn.execute(
        "INSERT INTO journal_link (link, at, by, action, entries, head) VALUES (?, ?, ?, ?, ?, ?)",
        (number, at, by, action, len(entries), digest),
    )


def last(db: Database) -> Link | None:
    row = db.conn.execute(
        "SELECT link, at, by, action, entries, head FROM journal_link ORDER BY link DESC LIMIT 1"
    ).fetchone()
    return Link(*row) if row else None


def head(ws: Workspace) -> str:
    """SHA-256, hex, of the whole history so far; empty before the first link."""
    link = last(ws.db)
    return link.head if link else ""


def links(ws: Workspace, limit: int = 100) -> list[Link]:
    """The newest links, newest first."""
    rows = ws.db.conn.execute(
        "SELECT link, at, by, action, entries, head FROM journal_link ORDER BY link DESC LIMIT ?", (limit,)
    )
    return [Link(*row) for row in rows]


def verify(ws: Workspace) -> None:
    """Recompute the chain. Raises ``UserError`` ``journal.broken`` naming the first link that does not hold."""
    previous, expected, seen = "", 1, 0
    for row in ws.db.conn.execute("SELECT link, at, by, action, entries, head FROM journal_link ORDER BY link"):
        link = Link(*row)
        entries = ws.db.conn.execute(_ENTRIES, (link.link,)).fetchall()
        wanted = _head(previous, (link.link, link.at, link.by, link.action), entries)
        if link.link != expected or len(entries) != link.entries or wanted != link.head:
            raise _broken(link)
        previous, expected, seen = link.head, expected + 1, seen + len(entries)
    if ws.db.conn.execute("SELECT count(*) FROM journal").fetchone()[0] != seen:
        raise _broken(None)


def undo(ws: Workspace, link: int) -> None:
    """Take back everything link ``link`` changed, as a new link; call within a transaction.

    Raises ``UserError`` ``journal.later_change`` when a later link touched one of its rows. Columns of bytes of
    rows that the link deleted do not come back (sealed files are pruned by themselves, not by imports).
    """
    if ws.db.conn.execute(_LATER, (link,)).fetchone():
        raise UserError(
            "journal.later_change", "这次操作之后又有改动，不能整体撤销。", "请先撤销后来的改动，或逐格改回。"
        )
    for _, entity, _, before, after in reversed(ws.db.conn.execute(_ENTRIES, (link,)).fetchall()):
        _put_back(ws.db, entity, json.loads(before) if before else None, json.loads(after) if after else None)


def _put_back(db: Database, table: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> None:
    keys = [c[1] for c in db.conn.execute(f"PRAGMA table_info([{table}])") if c[5]]
    where = " AND ".join(f"[{key}] = ?" for key in keys)
    if before is None and after is not None:
        db.conn.execute(f"DELETE FROM [{table}] WHERE {where}", [after[k] for k in keys])  # noqa: S608 - own names
    elif before is not None and after is not None:
        columns = ", ".join(f"[{name}] = ?" for name in before)
        db.conn.execute(
            f"UPDATE [{table}] SET {columns} WHERE {where}",  # noqa: S608 - own names
            [*before.values(), *(after[k] for k in keys)],
        )
    elif before is not None:
        names, marks = ", ".join(f"[{n}]" for n in before), ", ".join("?" * len(before))
        db.conn.execute(f"INSERT INTO [{table}] ({names}) VALUES ({marks})", list(before.values()))  # noqa: S608


def _head(previous: str, link: tuple[Any, ...], entries: list[tuple[Any, ...]]) -> str:
    digest = hashlib.sha256(previous.encode())
    digest.update(json.dumps([link, entries], ensure_ascii=False, separators=(",", ":")).encode())
    return digest.hexdigest()


def _broken(link: Link | None) -> UserError:
    place = f"第 {link.link} 条（{link.at} {link.by} {link.action}）" if link else "最后一条之后"
    return UserError(
        "journal.broken",
        f"改动记录在{place}处对不上，可能被程序以外的手段改过。",
        "请停止使用，从备份恢复，并报告区专班办公室。",
    )
