"""The change log: triggers note every changed row before and after; each transaction is one link of a hash chain.

The head of the chain goes into every signed package and receipt, which makes the other office its witness. Columns
of bytes (photographs, sealed files, secret keys) are left out; they are covered by the hashes and ids beside them.
The chain's text is made by SQLite itself: an import of 20,000 rows is not read back row by row.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from xzdesk.core.errors import UserError

if TYPE_CHECKING:
    from sqlite_utils import Database

    from xzdesk.store.connect import Workspace

UNLOGGED: Final = frozenset({"journal", "journal_link", "sqlite_sequence", "_sqlite_migrations", "meta"})
"""``meta`` holds counters and conveniences of this machine only."""

_LINKS: Final = "SELECT link, at, by, action, entries, last_entry, head FROM journal_link"
_LAST: Final = _LINKS + " ORDER BY link DESC LIMIT 1"
_ADD_LINK: Final = """
INSERT INTO journal_link (link, at, by, action, entries, last_entry, head) VALUES (?, ?, ?, ?, ?, ?, ?)
"""

_CHUNKS: Final = """
SELECT CAST(group_concat(json_array(sequence, entity, key, before, after), char(10)) AS BLOB), count(*), max(sequence)
FROM journal WHERE sequence > ? AND sequence <= ? GROUP BY sequence / 256
"""
"""The entries of a link as JSON lines, up to 256 at a time."""

_ADDED: Final = """
SELECT min(link) FROM journal_link WHERE last_entry >= (
  SELECT max(sequence) FROM journal WHERE entity = '{table}' AND key = ? AND before IS NULL)
"""

_NO_END: Final = 2**62

_NET: Final = """
CREATE TEMP TABLE undone AS
WITH opening AS (
  SELECT entity, key, before, min(sequence) FROM journal WHERE sequence > :first AND sequence <= :last
  GROUP BY entity, key
), closing AS (
  SELECT entity, key, after, max(sequence) FROM journal WHERE sequence > :first AND sequence <= :last
  GROUP BY entity, key
)
SELECT entity, key, before, after FROM opening JOIN closing USING (entity, key) WHERE before IS NOT after
"""
"""What a link did to each row altogether (a row that it changed twice counts once)."""

_SINCE: Final = """
CREATE TEMP TABLE changed_since AS
SELECT entity, key, after, max(sequence) AS newest FROM journal
WHERE sequence > :last AND (entity, key) IN (SELECT entity, key FROM undone) GROUP BY entity, key
"""

_IN_THE_WAY: Final = """
SELECT 1 FROM undone JOIN changed_since AS since USING (entity, key)
WHERE since.after IS NOT undone.after AND since.after IS NOT undone.before LIMIT 1
"""

_ALREADY_BACK: Final = """
DELETE FROM undone WHERE (entity, key) IN (
  SELECT entity, key FROM undone JOIN changed_since AS since USING (entity, key)
  WHERE since.after IS undone.before
)
"""


@dataclass(frozen=True, slots=True)
class Link:
    """One transaction: when (UTC), who, what, how many rows, its last entry, the chain's head after it (SHA-256)."""

    link: int
    at: str
    by: str
    action: str
    entries: int
    last_entry: int
    head: str


def install_triggers(db: Database, table: str) -> None:
    """Log ``table`` as it now stands. Its name and columns come from migrations or checked schemas."""
    held = dict(
        db.conn.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", (table,)
        ).fetchall()
    )
    for name, statement in _triggers(db, table).items():
        if held.get(name) != statement:
            db.conn.execute(f"DROP TRIGGER IF EXISTS [{name}]")
            db.conn.execute(statement)


def install_all(db: Database) -> None:
    """Log every content table."""
    for table in db.table_names():
        if table not in UNLOGGED and not table.startswith("sqlite_"):
            install_triggers(db, table)


def _triggers(db: Database, table: str) -> dict[str, str]:
    keys, others, _ = _columns(db, table)

    def row(prefix: str) -> str:
        return "json_object(" + ", ".join(f"'{name}', {prefix}.[{name}]" for name in others) + ")"

    def trigger(moment: str, prefix: str, before: str, after: str) -> str:
        key = "json_array(" + ", ".join(f"{prefix}.[{name}]" for name in keys) + ")"
        return (
            f"CREATE TRIGGER [journal_{table}_{moment}] AFTER {moment} ON [{table}] BEGIN"  # noqa: S608 - own names
            f" INSERT INTO journal (entity, key, before, after) VALUES ('{table}', {key}, {before}, {after}); END"
        )

    # An entry has one key: a row that changed it would be logged as if it had always had the new one.
    moved = " OR ".join(f"old.[{name}] IS NOT new.[{name}]" for name in keys)
    return {
        f"journal_{table}_insert": trigger("insert", "new", "NULL", row("new")),
        f"journal_{table}_update": trigger("update", "new", row("old"), row("new")),
        f"journal_{table}_delete": trigger("delete", "old", row("old"), "NULL"),
        f"journal_{table}_key": f"CREATE TRIGGER [journal_{table}_key] BEFORE UPDATE OF"
        f" {', '.join(f'[{name}]' for name in keys)} ON [{table}] WHEN {moved}"
        " BEGIN SELECT RAISE(ABORT, 'the key of a logged row does not change'); END",
    }


def close_link(db: Database, at: str, by: str, action: str) -> None:
    """Close the running transaction's link. Called by ``Workspace.transaction`` just before the commit."""
    previous = last(db)
    number, first, before = (previous.link + 1, previous.last_entry, previous.head) if previous else (1, 0, "")
    head, entries, newest = _hash(db, before, (number, at, by, action), first, _NO_END)
    if entries:
        db.conn.execute(_ADD_LINK, (number, at, by, action, entries, newest, head))


def last(db: Database) -> Link | None:
    row = db.conn.execute(_LAST).fetchone()
    return Link(*row) if row else None


def head(ws: Workspace) -> str:
    """SHA-256, hex, of the whole history so far; empty before the first link."""
    link = last(ws.db)
    return link.head if link else ""


def links(ws: Workspace, limit: int = 100) -> list[Link]:
    """The newest links, newest first."""
    return [Link(*row) for row in ws.db.conn.execute(_LINKS + " ORDER BY link DESC LIMIT ?", (limit,))]


def knows(ws: Workspace, head: str) -> bool:
    """Whether ``head`` has ever been the chain's head here; not after an older backup was restored."""
    return ws.db.conn.execute("SELECT 1 FROM journal_link WHERE head = ?", (head,)).fetchone() is not None


def link_that_added(ws: Workspace, table: str, key: str) -> int | None:
    """The newest link that added the row ``key`` to ``table``; None: none did (yet). Quick for packages."""
    row = ws.db.conn.execute(_ADDED.format(table=table), (json.dumps([key]),)).fetchone()
    return None if row is None else row[0]


def verify(ws: Workspace) -> None:
    """Recompute the chain. Raises ``UserError`` ``journal.broken`` naming the first link that does not hold."""
    previous, expected, seen, count = "", 1, 0, 0
    for row in ws.db.conn.execute(_LINKS + " ORDER BY link"):
        link = Link(*row)
        facts = (link.link, link.at, link.by, link.action)
        wanted, entries, _ = _hash(ws.db, previous, facts, seen, link.last_entry)
        if link.link != expected or entries != link.entries or wanted != link.head:
            raise _broken(link)
        previous, expected, seen, count = link.head, expected + 1, link.last_entry, count + entries
    if ws.db.conn.execute("SELECT count(*) FROM journal").fetchone()[0] != count:
        raise _broken(None)


def undo(ws: Workspace, link: int) -> None:
    """Take back everything link ``link`` changed, as a new link; call within a transaction.

    Rows that are already as they were before it stay so. Raises ``UserError`` ``journal.later_change`` when a row
    is now neither as the link left it nor as it found it, ``journal.bytes_gone`` when it deleted rows whose bytes
    (photographs) nobody has any more, ``journal.unknown_link``.
    """
    ends = dict(
        ws.db.conn.execute(
            "SELECT link, last_entry FROM journal_link WHERE link IN (?, ?)", (link - 1, link)
        ).fetchall()
    )
    if link not in ends:
        raise UserError("journal.unknown_link", f"没有第 {link} 次操作的记录。", "请从操作记录里选一条。")
    span = {"first": ends.get(link - 1, 0), "last": ends[link]}
    execute = ws.db.conn.execute
    execute(_NET, span)
    try:
        execute(_SINCE, span)
        if execute(_IN_THE_WAY).fetchone():
            raise UserError(
                "journal.later_change", "这次操作之后又有改动，不能整体撤销。", "请先撤销后来的改动，或逐格改回。"
            )
        execute(_ALREADY_BACK)
        for (table,) in execute("SELECT DISTINCT entity FROM undone ORDER BY entity").fetchall():
            _put_back(ws.db, table)
    finally:
        execute("DROP TABLE IF EXISTS undone")
        execute("DROP TABLE IF EXISTS changed_since")


def _put_back(db: Database, table: str) -> None:
    """Give ``table`` the rows of ``undone`` as they were before, in three statements."""
    keys, others, bytes_required = _columns(db, table)
    key = [f"undone.key ->> {place}" for place in range(len(keys))]
    before = {name: f"undone.before ->> '{name}'" for name in others}
    # Qualified throughout: a register may have fields called before, after or key.
    mine = f"undone.entity = '{table}'"
    names, contents = ", ".join(f"[{n}]" for n in (*keys, *others)), ", ".join((*key, *before.values()))
    deleted = f"FROM undone WHERE {mine} AND undone.before IS NOT NULL AND undone.after IS NULL"
    if bytes_required and db.conn.execute(f"SELECT 1 {deleted} LIMIT 1").fetchone():
        raise UserError(
            "journal.bytes_gone", "这次操作删除的文件内容已经没有了，不能撤销。", "需要时请从这次操作之前的备份恢复。"
        )
    inserted = f"FROM undone WHERE {mine} AND undone.before IS NULL AND undone.after IS NOT NULL"
    db.conn.execute(
        f"DELETE FROM [{table}] WHERE ({', '.join(f'[{n}]' for n in keys)})"  # noqa: S608 - own names
        f" IN (SELECT {', '.join(key)} {inserted})"
    )
    if before:
        same = " AND ".join(f"[{table}].[{name}] = {content}" for name, content in zip(keys, key, strict=True))
        assigned = ", ".join(f"[{name}] = {content}" for name, content in before.items())
        db.conn.execute(
            f"UPDATE [{table}] SET {assigned} FROM undone "  # noqa: S608 - own names
            f"WHERE {mine} AND undone.before IS NOT NULL AND undone.after IS NOT NULL AND {same}"
        )
    db.conn.execute(f"INSERT INTO [{table}] ({names}) SELECT {contents} {deleted}")


def _columns(db: Database, table: str) -> tuple[list[str], list[str], bool]:
    """Key columns in the key's order; the others but those of bytes; whether a row cannot be without its bytes."""
    columns = db.conn.execute(f"PRAGMA table_info([{table}])").fetchall()
    keys = [c[1] for c in sorted(columns, key=lambda c: c[5]) if c[5]]
    others = [c[1] for c in columns if not c[5] and c[2] != "BLOB"]
    return keys, others, any(c[2] == "BLOB" and c[3] for c in columns)


def _hash(db: Database, previous: str, facts: tuple[int, str, str, str], first: int, last: int) -> tuple[str, int, int]:
    """Head after the entries above ``first`` up to ``last``, how many they are, and the last one's number."""
    digest = hashlib.sha256(json.dumps([previous, *facts], ensure_ascii=False, separators=(",", ":")).encode())
    count, newest = 0, first
    for lines, entries, end in db.conn.execute(_CHUNKS, (first, last)):
        digest.update(b"\n")
        digest.update(lines)
        count, newest = count + entries, end
    return digest.hexdigest(), count, newest


def _broken(link: Link | None) -> UserError:
    place = f"第 {link.link} 条（{link.at} {link.by} {link.action}）" if link else "最后一条之后"
    return UserError(
        "journal.broken",
        f"改动记录在{place}处对不上，可能被程序以外的手段改过。",
        "请停止使用，从备份恢复，并报告区专班办公室。",
    )
