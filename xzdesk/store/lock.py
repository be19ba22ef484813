"""One process per workspace. The lock is the system's, so a crash leaves none; who holds it stands beside it."""

from __future__ import annotations

import contextlib
import datetime as dt
import getpass
import json
import os
import socket
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from xzdesk.core.errors import UserError
from xzdesk.store.atomic_file import replace_file

_ADVICE: Final = "请先在那边退出程序，再在这里打开；如果那台电脑已经关机，请确认后重试。"


class WorkspaceLock:
    """Held while a workspace is open for writing."""

    def __init__(self, workspace: Path) -> None:
        self._lock = FileLock(workspace.with_name(workspace.name + ".lock"))
        self._holder = workspace.with_name(workspace.name + ".lock.json")

    def acquire(self, now: str) -> None:
        """Raises ``UserError`` ``workspace.locked`` (who, where, since when) or ``workspace.folder_unwritable``."""
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise UserError("workspace.locked", f"工作库正被使用：{self._who()}。", _ADVICE) from None
        except OSError:
            raise UserError(
                "workspace.folder_unwritable",
                "工作库所在的文件夹不能写。",
                "请检查权限，或把工作库移到本机硬盘上再打开。",
            ) from None
        who = {"user": getpass.getuser(), "host": socket.gethostname(), "pid": os.getpid(), "since": now}
        try:
            replace_file(self._holder, json.dumps(who, ensure_ascii=False).encode())
        except OSError:
            self._lock.release()
            raise UserError(
                "workspace.folder_unwritable", "工作库所在的文件夹不能写。", "请检查磁盘空间和文件夹的写权限。"
            ) from None

    def release(self) -> None:
        with contextlib.suppress(OSError):
            self._holder.unlink(missing_ok=True)
        self._lock.release()

    def _who(self) -> str:
        try:
            who = json.loads(self._holder.read_bytes())
            since = dt.datetime.fromisoformat(who["since"].replace("Z", "+00:00")).astimezone()
            return f"{who['host']} 上的 {who['user']}，从 {since:%Y-%m-%d %H:%M} 起"
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return "本机的另一个窗口"
