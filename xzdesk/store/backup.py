"""Copies of a workspace that are known to open: made, checked, rotated and restored; and the way in by paper key.

A backup is the workspace's file, still encrypted, with its key file beside it. It is listed only once it has been
opened again and found whole. A restore moves what it replaces aside and never deletes it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlcipher3 import dbapi2

from xzdesk.core.errors import UserError
from xzdesk.core.progress import SILENT, Progress
from xzdesk.store import connect, integrity, journal, keyslots
from xzdesk.store.atomic_file import replace_file, sync_folder
from xzdesk.store.lock import WorkspaceLock

if TYPE_CHECKING:
    from xzdesk.store.connect import Workspace

FOLDER: Final = "备份"
_BLOCK: Final = 1024 * 1024
_BELONGS: Final = ("", "-wal", "-shm", ".keys")


@dataclass(frozen=True, slots=True)
class Backup:
    """``made_at``: UTC, from the file's name."""

    path: Path
    made_at: str
    bytes: int


def make(ws: Workspace, folder: Path | None = None, kept: int = 10, progress: Progress = SILENT) -> Backup:
    """Copy the workspace into ``folder`` (default: beside it), check the copy, and drop all but the newest ``kept``.

    On any failure nothing is left and no older backup is dropped. Raises ``UserError`` ``backup.disk_full``,
    ``backup.unwritable``, ``backup.damaged``, ``workspace.damaged``.
    """
    if ws.in_transaction:
        raise RuntimeError("a backup cannot be made within a transaction")
    folder = ws.path.parent / FOLDER if folder is None else folder
    now = ws.now()
    target = folder / f"{ws.path.stem}_{now.replace(':', '').replace('-', '')}{ws.path.suffix}"
    temporary = folder / f".{target.name}.new"
    slots = keyslots.slots_path(target)
    with _told("backup", "备份没有做成"):
        folder.mkdir(parents=True, exist_ok=True)
        fresh = not target.exists()
        try:
            temporary.unlink(missing_ok=True)
            progress.tick("正在复制工作库")
            ws.db.conn.execute("VACUUM INTO ?", (str(temporary),))
            progress.tick("正在核对备份")
            _check_copy(ws, temporary)
            _flush(temporary)
            # The key file comes first: a backup without it would be listed and could not be opened.
            replace_file(slots, keyslots.slots_path(ws.path).read_bytes())
            temporary.replace(target)
            sync_folder(folder)
        except BaseException:
            for leftover in (temporary, slots) if fresh else (temporary,):
                leftover.unlink(missing_ok=True)
            raise
        _rotate(folder, ws.path, kept)
    return Backup(target, now, target.stat().st_size)


def listing(folder: Path, workspace: Path) -> tuple[Backup, ...]:
    """The backups of ``workspace`` in ``folder``, newest first."""
    pattern = re.compile(
        re.escape(workspace.stem) + r"_(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z" + re.escape(workspace.suffix)
    )
    found = []
    for path in folder.iterdir() if folder.is_dir() else ():
        match = pattern.fullmatch(path.name)
        if match and keyslots.slots_path(path).is_file():
            year, month, day, hour, minute, second = match.groups()
            made_at = f"{year}-{month}-{day}T{hour}:{minute}:{second}Z"
            found.append(Backup(path, made_at, path.stat().st_size))
    return tuple(sorted(found, key=lambda backup: backup.made_at, reverse=True))


def restore(backup: Path, target: Path, user: str | None, passphrase: str, now: str) -> Path | None:
    """Put a backup in the place of the workspace ``target``; where what stood there has been moved, if anything did.

    The passphrase is the one of the time of the backup: with it the copy is opened and checked before anything is
    moved. ``now`` (UTC, as ``Workspace.now``) names what is moved aside. Raises ``UserError`` as ``open_workspace``
    for the backup, ``workspace.locked`` for a target that is in use, ``restore.other_workspace``,
    ``restore.disk_full``, ``restore.unwritable``.
    """
    name, key = keyslots.unlock(keyslots.read(keyslots.slots_path(backup)), user, passphrase)
    _check_backup(backup, key, name)
    _demand_same_workspace(backup, target)
    aside = target.with_name(f"{target.stem}_被替换_{now.replace(':', '').replace('-', '')}{target.suffix}")
    temporary = target.with_name(f".{target.name}.new")
    lock = WorkspaceLock(target)
    lock.acquire(now)
    try:
        with _told("restore", "没有恢复成"):
            try:
                _copy(backup, temporary)
                _check_backup(temporary, key, name)
                moved = _move(target, aside)
                try:
                    replace_file(keyslots.slots_path(target), keyslots.slots_path(backup).read_bytes())
                    temporary.replace(target)
                except BaseException:
                    keyslots.slots_path(target).unlink(missing_ok=True)
                    _move(aside, target)
                    raise
                sync_folder(target.parent)
            finally:
                temporary.unlink(missing_ok=True)
    finally:
        lock.release()
    return aside if moved else None


def _demand_same_workspace(backup: Path, target: Path) -> None:
    """What the paper recovery key opens was written once, when the workspace was made: another's tells itself apart.

    A target whose keys are missing or damaged may well be what has to be restored.
    """
    try:
        there = keyslots.read(keyslots.slots_path(target)).recipients
    except UserError:
        return
    if there != keyslots.read(keyslots.slots_path(backup)).recipients:
        raise UserError(
            "restore.other_workspace",
            f"“{backup.name}”不是“{target.name}”的备份，没有恢复。",
            "请核对备份文件和工作库；要恢复成另一个工作库，请写一个还没有用过的文件名。",
        )


def recover(path: Path, identity: str, user: str, passphrase: str) -> None:
    """Give ``user`` a new passphrase by the paper recovery secret (``AGE-SECRET-KEY-1...``).

    Raises ``UserError`` ``recovery.unreadable``, ``recovery.wrong_key``, ``user.unknown``, ``passphrase.weak``, and as
    ``open_workspace``.
    """
    slots = keyslots.read(keyslots.slots_path(path))
    key = keyslots.unlock_with_identity(slots, identity)
    with connect.open_with_key(path, key, user, read_only=True) as workspace:
        names = [
            name
            for (name,) in workspace.db.conn.execute("SELECT name FROM app_user WHERE closed_at IS NULL ORDER BY name")
        ]
    if user not in names:
        raise UserError("user.unknown", f"没有用户“{user[:20]}”。", f"现有用户：{'、'.join(names)}。")
    keyslots.put_passphrase(slots, user, passphrase, key)
    slots.failures = 0
    keyslots.write(slots)


def _check_copy(ws: Workspace, copy: Path) -> None:
    """The copy opens, is whole, and ends with the same link of the journal."""
    with connect.Workspace(copy, ws.data_key, ws.user, read_only=True) as opened:
        integrity.check_pages(opened)
        if journal.last(opened.db) != journal.last(ws.db):
            raise _damaged(copy)


def _check_backup(path: Path, key: bytes, user: str) -> None:
    """Raises ``UserError`` ``workspace.damaged``, ``workspace.newer``, ``journal.broken``."""
    with connect.open_with_key(path, key, user, read_only=True) as opened:
        integrity.check_pages(opened)
        journal.verify(opened)


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as reader, target.open("wb") as writer:
        while block := reader.read(_BLOCK):
            writer.write(block)
        writer.flush()
        os.fsync(writer.fileno())


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _move(source: Path, target: Path) -> bool:
    """Rename a workspace's files; whether there was one."""
    moved = source.exists()
    for suffix in _BELONGS:
        file = source.with_name(source.name + suffix)
        if file.exists():
            file.replace(target.with_name(target.name + suffix))
    return moved


def _rotate(folder: Path, workspace: Path, kept: int) -> None:
    for old in listing(folder, workspace)[max(kept, 1) :]:
        # The file first: a key file left alone is never taken for a backup.
        old.path.unlink(missing_ok=True)
        keyslots.slots_path(old.path).unlink(missing_ok=True)


@contextmanager
def _told(code: str, what: str) -> Iterator[None]:
    """Say a fault of the disk in words."""
    try:
        yield
    except (OSError, dbapi2.OperationalError) as error:
        full = getattr(error, "errno", None) == 28 or getattr(error, "sqlite_errorcode", 0) == 13
        if full:
            raise UserError(
                f"{code}.disk_full", f"磁盘已满，{what}，原来的文件没有动。", "请腾出空间，或换一个文件夹后重试。"
            ) from None
        raise UserError(
            f"{code}.unwritable",
            f"文件夹写不进去，{what}，原来的文件没有动。",
            "请检查磁盘和写权限，或换一个文件夹后重试。",
        ) from None


def _damaged(path: Path) -> UserError:
    return UserError("backup.damaged", f"备份“{path.name}”核对没有通过。", "请检查磁盘后再备份一次，不要删除旧的备份。")
