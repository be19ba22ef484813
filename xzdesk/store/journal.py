"""The change log: triggers note every changed row before and after; each transaction is one link of a hash chain.

The head of the chain goes into every signed package and receipt, which makes the other office its witness. Columns
of bytes (photographs, sealed files, secret keys) are left out; they are covered by the hashes and ids beside them.
Entries are hashed as they are written, not read back: saving one cell shall cost little more than a bare commit.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from xzdesk.core.errors import UserError

if TYPE_CHECKING:
    from sqlcipher3 import dbapi2
    from sqlite_utils import Database

    from xzdesk.store.connect import Workspace

UNLOGGED: Final = frozenset({"journal", "sqlite_sequence", "_sqlite_migrations", "meta"})
"""``meta`` holds counters and conveniences of this machine only."""

_NOTE: Final = "xzdesk_note_entry"
"""SQL function by which a trigger hands each entry to the ``Recorder`` of the connection."""

_NOTING: Final = (
    "CREATE TRIGGER [journal_journal_noting] AFTER INSERT ON [journal] WHEN new.head IS NULL BEGIN"
    f" SELECT {_NOTE}(new.sequence, new.entity, new.key, new.before, new.after); END"
)

_LAST: Final = "SELECT sequence, head FROM journal WHERE head IS NOT NULL ORDER BY sequence DESC LIMIT 1"
_CLOSE: Final = "INSERT INTO journal (head, at, by, action) VALUES (?, ?, ?, ?)"
_OPEN: Final = "SELECT entity, key, before, after FROM journal WHERE sequence > ? ORDER BY sequence"
_LINKS: Final = """
SELECT sequence, at, by, action, head FROM journal WHERE head IS NOT NULL ORDER BY sequence DESC LIMIT ?
"""
_EVERYTHING: Final = """
SELECT sequence, head, at, by, action, entity, key, before, after FROM journal ORDER BY sequence
"""

_ADDED: Final = """
SELECT sequence FROM journal WHERE head IS NOT NULL AND sequence > (
  SELECT max(sequence) FROM journal WHERE entity = '{table}' AND key = ? AND before IS NULL)
ORDER BY sequence LIMIT 1
"""

_SPAN: Final = """
SELECT sequence FROM journal WHERE head IS NOT NULL AND sequence <= ? ORDER BY sequence DESC LIMIT 2
"""

_NET: Final = """
CREATE TEMP TABLE undone AS
WITH opening AS (
  SELECT entity, key, before, min(sequence) FROM journal WHERE sequence > :first AND sequence < :last
  GROUP BY entity, key
), closing AS (
  SELECT entity, key, after, max(sequence) FROM journal WHERE sequence > :first AND sequence < :last
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
    """One transaction: when (UTC), who, what, how many rows, and the chain's head after it (SHA-256, hex)."""

    link: int
    """Its number: that of its close in the journal."""
    at: str
    by: str
    action: str
    entries: int
    head: str


class Recorder:
    """Hashes the entries of one connection's running transaction as they are written, and closes its link."""

    def __init__(self, connection: dbapi2.Connection) -> None:
        self._connection = connection
        self._last: tuple[int, str] | None = None
        """Number and head of the newest link; None: to be looked up."""
        self._closing: tuple[int, str] | None = None
        self._digest = hashlib.sha256()
        self._next = 0
        self._sound = True
        connection.create_function(_NOTE, 5, self._note)

    def begin(self) -> None:
        """To be called right after BEGIN."""
        if self._last is None:
            self._last = self._connection.execute(_LAST).fetchone() or (0, "")
        number, head = self._last
        self._closing, self._digest = None, hashlib.sha256(head.encode())
        self._next, self._sound = number + 1, True

    def close(self, at: str, by: str, action: str) -> None:
        """To be called right before COMMIT. A transaction without entries is no link."""
        if self._last is None:
            raise RuntimeError("closing a link that was not begun")
        if self._sound and self._next == self._last[0] + 1:
            return
        if not self._sound:
            self._read_again(self._last)
        head = _close(self._digest, at, by, action)
        number = self._connection.execute(_CLOSE, (head, at, by, action)).lastrowid
        if number != self._next:
            # The last statement failed and was taken back by itself: its entries are gone, but had been noted.
            self._connection.execute("DELETE FROM journal WHERE sequence = ?", (number,))
            self._sound = False
            if number > self._last[0] + 1:
                self.close(at, by, action)
            return
        self._closing = number, head

    def committed(self) -> None:
        """To be called right after COMMIT."""
        if self._closing is not None:
            self._last = self._closing

    def _note(self, sequence: int, entity: str, key: str, before: str | None, after: str | None) -> None:
        self._sound = self._sound and sequence == self._next
        self._next = sequence + 1
        self._digest.update(_entry(entity, key, before, after))

    def _read_again(self, last: tuple[int, str]) -> None:
        number, head = last
        self._digest, self._next, self._sound = hashlib.sha256(head.encode()), number + 1, True
        for entry in self._connection.execute(_OPEN, (number,)):
            self._digest.update(_entry(*entry))
            self._next += 1


def install_triggers(db: Database, table: str) -> None:
    """Log ``table`` as it now stands. Its name and columns come from migrations or checked schemas."""
    _make(db, _triggers(db, table), table)


def install_all(db: Database) -> None:
    """Log every content table, and note every entry."""
    _make(db, {"journal_journal_noting": _NOTING}, "journal")
    for table in db.table_names():
        if table not in UNLOGGED and not table.startswith("sqlite_"):
            install_triggers(db, table)


def _make(db: Database, triggers: dict[str, str], table: str) -> None:
    """Those that are not there as they should be; a statement for each name."""
    held = dict(
        db.conn.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", (table,)
        ).fetchall()
    )
    for name, statement in triggers.items():
        if held.get(name) != statement:
            db.conn.execute(f"DROP TRIGGER IF EXISTS [{name}]")
            db.conn.execute(statement)


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


def last(db: Database) -> Link | None:
    found = _newest(db, 1)
    return found[0] if found else None


def head(ws: Workspace) -> str:
    """SHA-256, hex, of the whole history so far (what a running transaction does is not yet part of it); empty before
    the first link."""
    row = ws.db.conn.execute(_LAST).fetchone()
    return str(row[1]) if row else ""


def links(ws: Workspace, limit: int = 100) -> list[Link]:
    """The newest links, newest first."""
    return _newest(ws.db, limit)


def _newest(db: Database, limit: int) -> list[Link]:
    # One more, to tell how many entries the last one has.
    rows = db.conn.execute(_LINKS, (limit + 1,)).fetchall()
    before = [row[0] for row in rows[1:]] + [0]
    return [
        Link(number, at, by, action, number - previous - 1, head)
        for (number, at, by, action, head), previous in zip(rows, before, strict=True)
    ][:limit]


def knows(ws: Workspace, head: str) -> bool:
    """Whether ``head`` has ever been the chain's head here; not after an older backup was restored."""
    return ws.db.conn.execute("SELECT 1 FROM journal WHERE head = ?", (head,)).fetchone() is not None


def link_that_added(ws: Workspace, table: str, key: str) -> int | None:
    """The newest link that added the row ``key`` to ``table``; None: none did (yet). Quick for packages."""
    row = ws.db.conn.execute(_ADDED.format(table=table), (json.dumps([key]),)).fetchone()
    return None if row is None else row[0]


def verify(ws: Workspace) -> int:
    """Recompute the chain; how many links it has.

    Raises ``UserError`` ``journal.broken`` naming the last link up to which it holds.
    """
    digest, good, expected, links, closed = hashlib.sha256(), "", 1, 0, 0
    for number, head, at, by, action, *entry in ws.db.conn.execute(_EVERYTHING):
        if number != expected:
            raise _broken(good)
        expected += 1
        if head is None:
            digest.update(_entry(*entry))
            continue
        if _close(digest, at, by, action) != head:
            raise _broken(good)
        digest, good, links, closed = hashlib.sha256(head.encode()), f"{at} {by} {action}", links + 1, number
    if closed != expected - 1:
        raise _broken(good)
    return links


def undo(ws: Workspace, link: int) -> None:
    """Take back everything link ``link`` changed, as a new link; call within a transaction.

    Rows that are already as they were before it stay so. Raises ``UserError`` ``journal.later_change`` when a row
    is now neither as the link left it nor as it found it, ``journal.bytes_gone`` when it deleted rows whose bytes
    (photographs) nobody has any more, ``journal.unknown_link``.
    """
    ends = [number for (number,) in ws.db.conn.execute(_SPAN, (link,))]
    if link not in ends:
        raise UserError("journal.unknown_link", f"没有编号为 {link} 的操作记录。", "请从操作记录里选一条。")
    span = {"first": ends[1] if len(ends) > 1 else 0, "last": link}
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


def _entry(entity: str, key: str, before: str | None, after: str | None) -> bytes:
    """What is hashed of an entry; the lengths keep two different entries from reading alike."""
    lengths = -1 if before is None else len(before), -1 if after is None else len(after)
    return f"{len(entity)} {len(key)} {lengths[0]} {lengths[1]}\n{entity}{key}{before}{after}\n".encode()


def _close(digest: hashlib._Hash, at: str, by: str, action: str) -> str:
    """The head: of the digest over the head before and the entries, and what is said of the link."""
    digest.update(f"{len(at)} {len(by)} {len(action)}\n{at}{by}{action}\n".encode())
    return digest.hexdigest()


def _broken(good: str) -> UserError:
    place = f"“{good}”之后" if good else "第一条"
    return UserError(
        "journal.broken",
        f"改动记录在{place}对不上，可能被程序以外的手段改过。",
        "请停止使用，从备份恢复，并报告区专班办公室。",
    )
