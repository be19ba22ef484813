"""备份、恢复、核验: keeping what has been recorded, and getting back in when a file or a passphrase is lost."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from xzdesk.core.errors import UserError
from xzdesk.core.progress import SILENT, Progress
from xzdesk.exchange import keys
from xzdesk.services.session import Session
from xzdesk.store import backup, settings, verify
from xzdesk.store.backup import Backup
from xzdesk.store.connect import Clock, utc_now
from xzdesk.store.verify import Verified


@dataclass(frozen=True, slots=True)
class Restored:
    """A workspace that was put back. ``aside``: where the one that stood there has been moved; None: none did."""

    path: Path
    made_at: str
    """UTC, of the backup; empty when its file has been renamed."""
    aside: Path | None


def folder_of(session: Session) -> Path:
    """Where this workspace's backups go: the folder that was set, else ``备份`` beside it."""
    chosen = settings.get(session.workspace, settings.BACKUP_FOLDER)
    return Path(chosen) if chosen else session.workspace.path.parent / backup.FOLDER


def back_up(
    session: Session, folder: Path | None = None, kept: int | None = None, progress: Progress = SILENT
) -> Backup:
    """Make, open and check a backup in ``folder`` (default: ``folder_of``) and drop all but the newest ``kept``
    (default: the setting). Raises ``UserError`` ``backup.*``."""
    kept = settings.get(session.workspace, settings.BACKUPS_KEPT) if kept is None else kept
    return backup.make(session.workspace, folder_of(session) if folder is None else folder, kept, progress)


def choose_folder(session: Session, folder: Path) -> None:
    """Let backups go to ``folder`` from now on. Raises ``UserError`` ``backup.no_folder``, ``setting.value``."""
    if not folder.is_dir():
        raise UserError(
            "backup.no_folder", f"没有文件夹“{folder.name or folder}”。", "请先建好文件夹，或插好移动硬盘。"
        )
    with session.workspace.transaction("设置备份文件夹"):
        settings.put(session.workspace, settings.BACKUP_FOLDER, str(folder.resolve()))


def listing(workspace: Path, folder: Path | None = None) -> tuple[Backup, ...]:
    """The backups of ``workspace`` in ``folder`` (default: ``备份`` beside it), newest first. Needs no passphrase:
    it is asked for when a workspace no longer opens."""
    return backup.listing(workspace.parent / backup.FOLDER if folder is None else folder, workspace)


def restore(source: Path, target: Path, user: str | None, passphrase: str, *, clock: Clock = utc_now) -> Restored:
    """Put the backup ``source`` and its keys in the place of ``target``, or to a place that is still free.

    ``passphrase`` is the one of the time of the backup. Raises ``UserError`` ``restore.*``, ``workspace.*``.
    """
    if not source.is_file():
        raise UserError("restore.missing", f"找不到备份文件“{source.name}”。", "请核对位置；备份文件以 .xzdb 结尾。")
    if not target.parent.is_dir():
        raise UserError("workspace.folder_missing", f"没有文件夹“{target.parent.name}”。", "请先建好文件夹。")
    if source.resolve() == target.resolve():
        raise UserError("restore.same_file", "备份文件和要恢复的位置是同一个文件。", "请写工作库原来的位置。")
    aside = backup.restore(source, target, user, passphrase, clock().strftime("%Y-%m-%dT%H:%M:%SZ"))
    return Restored(target, _made_at(source), aside)


def _made_at(source: Path) -> str:
    stem = source.stem.rpartition("_")[0]
    original = source.with_name(stem + source.suffix)
    return next((each.made_at for each in backup.listing(source.parent, original) if each.path == source), "")


def recover(workspace: Path, typed: str, user: str, passphrase: str) -> None:
    """Give ``user`` a new passphrase by what was typed from the recovery paper.

    Raises ``UserError`` ``recovery.*``, ``user.unknown``, ``passphrase.weak``, ``workspace.*``.
    """
    if not workspace.is_file():
        raise UserError("workspace.missing", f"找不到工作库“{workspace.name}”。", "请核对文件位置，或先从备份恢复。")
    backup.recover(workspace, keys.read_paper(typed).secret, user, passphrase)


def check_integrity(session: Session, progress: Progress = SILENT) -> Verified:
    """Pages, change log and references of the open workspace.

    Raises ``UserError`` ``workspace.damaged``, ``journal.broken``.
    """
    return verify.verify(session.workspace, progress)
