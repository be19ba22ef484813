"""Opening an office's encrypted file: key, pragmas, version gate, lock, and the one way to write to it."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from sqlcipher3 import dbapi2

# sqlite-utils takes its exception classes from here; without it, it would catch the standard library's.
sys.modules.setdefault("pysqlite3", dbapi2)
sys.modules.setdefault("pysqlite3.dbapi2", dbapi2)

# It also loads pandas and numpy (half a second) wherever they are installed, only to store their types: nothing here
# does. None in their place makes an import fail.
_HIDDEN: Final = tuple(name for name in ("pandas", "numpy") if name not in sys.modules)
_modules: dict[str, Any] = sys.modules
_modules.update(dict.fromkeys(_HIDDEN))

from sqlite_utils import Database  # noqa: E402 - only after the lines above

for _name in _HIDDEN:
    del _modules[_name]

from xzdesk import __version__  # noqa: E402
from xzdesk.core.errors import UserError  # noqa: E402
from xzdesk.store import journal, keyslots, migrate  # noqa: E402
from xzdesk.store.lock import WorkspaceLock  # noqa: E402

FORMAT: Final = 1
CACHE_KIB: Final = 64_000
LOG_PAGES: Final = 500
"""After so many pages, some 200 saves, the write-ahead log goes into the file and begins anew."""
LARGE_LOG_PAGES: Final = 16_000
"""64 MiB, while packages are taken one after the other."""
LOG_BYTES: Final = 2 * 1024 * 1024 + 64 * 1024
"""Room for ``LOG_PAGES`` and the save that goes beyond them."""
CACHED_STATEMENTS: Final = 1_000
"""More than the program has: once the driver's cache is full, new statements push each other out for ever."""
_PRAGMAS: Final = (
    "temp_store = MEMORY",
    f"cache_size = -{CACHE_KIB}",
    "foreign_keys = ON",
    "busy_timeout = 5000",
    # INSERT OR REPLACE deletes without telling the journal otherwise.
    "recursive_triggers = ON",
)
Clock = Callable[[], dt.datetime]


class Role(StrEnum):
    """What a person does in an office; a submission needs two people."""

    RECORDER = "recorder"
    REVIEWER = "reviewer"
    HEAD = "head"


def utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Workspace:
    """One office's open file. ``db`` is for modules of the store only."""

    def __init__(
        self, path: Path, data_key: bytes, user: str, *, read_only: bool = False, clock: Clock = utc_now
    ) -> None:
        self.path = path
        self.user = user
        self.read_only = read_only
        self.data_key = data_key
        self._clock = clock
        self._closed = False
        self._lock = None if read_only else WorkspaceLock(path)
        if self._lock:
            self._lock.acquire(self.now())
        try:
            self.db = Database(_connect(path, data_key, read_only))
            self._recorder = journal.Recorder(self.db.conn)
        except BaseException:
            self._release()
            raise

    @property
    def role(self) -> Role:
        row = self.db.conn.execute("SELECT role FROM app_user WHERE name = ?", (self.user,)).fetchone()
        return Role(row[0]) if row else Role.RECORDER

    @property
    def in_transaction(self) -> bool:
        return bool(self.db.conn.in_transaction)

    def now(self) -> str:
        """UTC, ISO 8601 with seconds and Z."""
        return self._clock().isoformat(timespec="seconds")[:19] + "Z"

    @contextlib.contextmanager
    def transaction(self, action: str) -> Iterator[None]:
        """All or nothing, durable when it returns; one link of the journal with the words ``action``.

        Raises ``RuntimeError`` when nested, ``UserError`` ``workspace.disk_full``, ``workspace.unwritable`` or
        ``workspace.damaged``.
        """
        if self.in_transaction:
            raise RuntimeError("transactions do not nest")
        try:
            self.db.conn.execute("BEGIN IMMEDIATE")
            self._recorder.begin()
            yield
            self._recorder.close(self.now(), self.user, action)
            self.db.conn.execute("COMMIT")
            self._recorder.committed()
        except dbapi2.DatabaseError as error:
            self._roll_back()
            raise refused(self.path, error) from error
        except BaseException:
            self._roll_back()
            raise

    @contextlib.contextmanager
    def large_transactions(self) -> Iterator[None]:
        """While large transactions follow one another: the log is not taken into the file after each of them, but with
        the next small one or at the close. Every commit is as durable as any."""
        self.db.conn.execute(f"PRAGMA wal_autocheckpoint = {LARGE_LOG_PAGES}")
        try:
            yield
        finally:
            self.db.conn.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")

    def _roll_back(self) -> None:
        # SQLite itself rolls back on some errors (full disk).
        if self.in_transaction:
            self.db.conn.execute("ROLLBACK")

    def reader(self) -> Workspace:
        """A second, read-only connection for another thread."""
        return Workspace(self.path, self.data_key, self.user, read_only=True, clock=self._clock)

    def close(self) -> None:
        """Checkpoint, so that the file is whole by itself, and let go of the lock. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        try:
            if not self.read_only:
                self.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self.db.close()
        finally:
            self._release()

    def _release(self) -> None:
        if self._lock:
            self._lock.release()

    def __enter__(self) -> Workspace:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def create(
    path: Path, *, user: str, passphrase: str, meta: Mapping[str, str], role: Role = Role.HEAD, clock: Clock = utc_now
) -> Workspace:
    """Make a new workspace with one user. On any failure nothing is left.

    Raises ``UserError`` ``workspace.exists``, ``workspace.folder_missing``, ``user.name``, ``passphrase.weak``.
    """
    keyslots.demand_name(user)
    slots_file = keyslots.slots_path(path)
    if path.exists() or slots_file.exists():
        raise UserError(
            "workspace.exists", f"“{path.name}”已经存在，没有覆盖。", "请换一个文件名，或打开已有的工作库。"
        )
    if not path.parent.is_dir():
        raise UserError("workspace.folder_missing", f"没有文件夹“{path.parent.name}”。", "请先建好文件夹。")
    data_key = keyslots.new_data_key()
    slots = keyslots.KeySlots(slots_file)
    keyslots.put_passphrase(slots, user, passphrase, data_key)
    workspace: Workspace | None = None
    try:
        workspace = Workspace(path, data_key, user, clock=clock)
        migrate.apply(workspace.db)
        with workspace.transaction("建立工作库"):
            journal.install_all(workspace.db)
            facts = {"format": str(FORMAT), "min_program": __version__, "created_at": workspace.now(), **meta}
            workspace.db.conn.executemany("INSERT INTO meta (key, value) VALUES (?, ?)", facts.items())
            workspace.db.conn.execute("INSERT INTO app_user VALUES (?, ?, ?, NULL)", (user, role, workspace.now()))
        # The slots come last: a file without them is a workspace that was never finished.
        keyslots.write(slots)
    except BaseException:
        if workspace is not None:
            workspace.close()
        remove(path)
        raise
    return workspace


def remove(path: Path) -> None:
    """Delete a closed workspace with everything that belongs to it; for one that was never finished."""
    for suffix in ("", "-wal", "-shm", ".keys", ".lock", ".lock.json"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def open_workspace(
    path: Path, user: str | None, passphrase: str, *, read_only: bool = False, clock: Clock = utc_now
) -> Workspace:
    """Unlock a workspace and bring its tables up to date.

    Raises ``UserError`` ``workspace.missing``, ``workspace.wrong_passphrase``, ``workspace.wait``,
    ``workspace.locked``, ``workspace.newer``, ``workspace.damaged``, ``workspace.keys_*``.
    """
    if not path.is_file():
        raise UserError(
            "workspace.missing", f"找不到工作库“{path.name}”。", "请核对文件位置；如果被移走或删除，可以从备份恢复。"
        )
    name, data_key = keyslots.unlock(keyslots.read(keyslots.slots_path(path)), user, passphrase)
    return open_with_key(path, data_key, name, read_only=read_only, clock=clock)


def open_with_key(
    path: Path, data_key: bytes, user: str, *, read_only: bool = False, clock: Clock = utc_now
) -> Workspace:
    """Open with the data key itself (recovery, backups). Raises as ``open_workspace``."""
    workspace = Workspace(path, data_key, user, read_only=read_only, clock=clock)
    try:
        _check_version(workspace)
        if not read_only:
            migrate.apply(workspace.db)
            journal.install_all(workspace.db)
    except dbapi2.DatabaseError:
        workspace.close()
        raise _damaged(path) from None
    except BaseException:
        workspace.close()
        raise
    return workspace


def _check_version(workspace: Workspace) -> None:
    unknown = set(migrate.applied(workspace.db)) - {path.stem for path in migrate.files()}
    facts = dict(workspace.db.conn.execute("SELECT key, value FROM meta WHERE key IN ('format', 'min_program')"))
    if unknown or int(facts["format"]) > FORMAT:
        raise UserError(
            "workspace.newer",
            f"这个工作库已由新版程序升级，本机程序 {__version__} 版打不开。",
            f"请把本机程序升级到 {facts['min_program']} 版或更高版本。",
        )


def _connect(path: Path, data_key: bytes, read_only: bool) -> dbapi2.Connection:
    try:
        connection = dbapi2.connect(
            str(path), isolation_level=None, check_same_thread=False, cached_statements=CACHED_STATEMENTS
        )
    except dbapi2.OperationalError:
        raise UserError("workspace.unreadable", f"“{path.name}”打不开。", "请检查文件和文件夹的读写权限。") from None
    try:
        # SQLCipher would write its own English lines to the error channel; what is wrong is told by exceptions.
        connection.execute("PRAGMA cipher_log_level = NONE")
        connection.execute(f"PRAGMA key = \"x'{data_key.hex()}'\"")
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if read_only:
            connection.execute("PRAGMA query_only = ON")
        else:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
            _lay_out_log(path)
    except dbapi2.DatabaseError:
        connection.close()
        raise _damaged(path) from None
    return connection


def _lay_out_log(path: Path) -> None:
    """Give the write-ahead log its full length at once: a save that makes a file longer waits twice as long for the
    disk as one that writes over what is there. Frames of zeros have no valid checksum, so SQLite never reads them, and
    it begins the log anew before it would leave this stretch."""
    log = path.with_name(path.name + "-wal")
    # Where there is no room for it, the log grows as it is used.
    with contextlib.suppress(OSError), log.open("r+b") as file:
        missing = LOG_BYTES - file.seek(0, os.SEEK_END)
        if missing > 0:
            file.write(bytes(missing))


def _damaged(path: Path) -> UserError:
    return UserError(
        "workspace.damaged",
        f"工作库“{path.name}”已损坏，或与密钥文件不配套。",
        "请不要再写入，用“恢复”从最近的备份取回。",
    )


_FULL: Final = 13
_DAMAGED: Final = frozenset({11, 26})
"""corrupt, not a database"""
_UNWRITABLE: Final = frozenset({3, 5, 6, 8, 10, 14})
"""permission, busy, locked, read-only, input or output, cannot open"""


def refused(path: Path, error: Exception) -> Exception:
    """What the user is told when SQLite refuses to read or write; any other error is a fault of ours and stays."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == _FULL:
        return UserError("workspace.disk_full", "磁盘已满，这一步没有保存。", "请腾出空间后重试，之前保存的都在。")
    if code in _DAMAGED:
        return _damaged(path)
    if code in _UNWRITABLE:
        return UserError(
            "workspace.unwritable", "工作库写不进去，这一步没有保存。", "请检查磁盘和权限后重试，之前保存的都在。"
        )
    return error
