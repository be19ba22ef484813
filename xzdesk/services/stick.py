"""Files that travel: read within the limits, written so that a pulled or full stick never leaves half a file.

Every fault of the medium becomes a sentence that says what to do; what was sealed stays in the workspace and can be
written again.
"""

from __future__ import annotations

import errno
import itertools
import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from xzdesk.core.errors import UserError
from xzdesk.exchange import header
from xzdesk.store.atomic_file import replace_file

SUFFIX: Final = ".xzpkg"
RESERVE: Final = 64 * 1024
"""Bytes that a stick must have beyond the file itself, for its own tables."""
LONGEST_NAME: Final = 200
"""Bytes of a file's name; with the temporary's addition it stays below the 255 of common file systems."""
_UNSAFE: Final = re.compile(r'[\\/:*?"<>|\x00-\x1f\s]+')
_STAYS: Final = "数据包仍保存在工作库里，换一个U盘或文件夹后可以再写一份。"


def read_file(path: Path) -> bytes:
    """A whole package file. Raises ``UserError`` ``file.missing``, ``file.unreadable``, ``package.too_large``."""
    try:
        if not path.is_file():
            raise UserError("file.missing", f"找不到文件“{path.name}”。", "请确认U盘已插好、文件没有改名，再试一次。")
        header.check_size(path.stat().st_size)
        return path.read_bytes()
    except OSError:
        raise UserError(
            "file.unreadable", f"文件“{path.name}”读不出来。", "请重新插好U盘再试；仍然不行，请让对方重新写一份。"
        ) from None


def write_file(folder: Path, name: str, data: bytes, *, replace: bool = False) -> Path:
    """Write ``data`` as ``folder/name``: temporary beside it, flushed, read back, renamed.

    Another file of that name stays, and ``data`` gets a number behind its name, unless ``replace`` is given.

    Raises ``UserError`` ``stick.missing``, ``stick.full``, ``stick.read_only``, ``stick.failed``; then nothing of the
    file is left (a whole one of that name that was there before may be).
    """
    if not _is_folder(folder):
        raise _missing(folder)
    target = folder / safe_name(name)
    try:
        if not replace:
            target = _place_for(target, data)
        free = shutil.disk_usage(folder).free
        if free < len(data) + RESERVE:
            raise _full(len(data), free)
        replace_file(target, data, keep=False)
    except OSError as error:
        raise _failed(error, target, data) from None
    return target


def _place_for(target: Path, data: bytes) -> Path:
    """``target``, or the first numbered name beside it that is free or holds just ``data`` already.

    A link counts as free: it is put away, never followed.
    """
    for number in itertools.count(2):
        if (
            target.is_symlink()
            or not target.exists()
            or (target.stat().st_size == len(data) and target.read_bytes() == data)
        ):
            break
        target = target.with_name(f"{target.stem.rpartition('（')[0] or target.stem}（{number}）{target.suffix}")
    return target


def package_files(paths: Iterable[Path]) -> list[Path]:
    """The files named, and of each folder the packages that lie directly in it, by name.

    Raises ``UserError`` ``file.none`` when there is none, ``file.unreadable``.
    """
    found: list[Path] = []
    for path in paths:
        try:
            found += sorted(filter(_is_package, path.iterdir())) if path.is_dir() else [path]
        except OSError:
            raise UserError(
                "file.unreadable", f"“{path.name or path}”读不出来。", "请重新插好U盘，并检查是否有读取权限。"
            ) from None
    if not found:
        raise UserError("file.none", f"没有找到数据包（{SUFFIX} 文件）。", "请确认U盘插好，并选对文件或文件夹。")
    return found


def _is_package(path: Path) -> bool:
    return path.suffix.lower() == SUFFIX and not path.name.startswith(".") and path.is_file()


def safe_name(text: str) -> str:
    """``text`` as a file name on any system; never a path. What is too long loses the end of its stem."""
    stem, suffix = text.removesuffix(SUFFIX), SUFFIX if text.endswith(SUFFIX) else ""
    most = LONGEST_NAME - len(suffix)
    return (_UNSAFE.sub("_", stem).strip("._").encode()[:most].decode(errors="ignore") or "未命名") + suffix


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _missing(folder: Path) -> UserError:
    return UserError("stick.missing", f"没有文件夹“{folder.name or folder}”。", f"请确认U盘已插好。{_STAYS}")


def _full(needed: int, free: int | None = None) -> UserError:
    left = "" if free is None else f"，只剩 {_size(free)}"
    return UserError(
        "stick.full",
        f"U盘空间不够：需要 {_size(needed)}{left}。",
        f"请删去U盘上不用的文件，或换一个U盘。{_STAYS}",
    )


def _failed(error: OSError, target: Path, data: bytes) -> UserError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _full(len(data))
    if not _is_folder(target.parent):
        return _missing(target.parent)
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM) or not os.access(target.parent, os.W_OK):
        return UserError("stick.read_only", "U盘或文件夹是只读的，写不进去。", f"请打开写保护开关或换一个U盘。{_STAYS}")
    return UserError(
        "stick.failed", f"写“{target.name}”时出错，没有写成，也没有留下半个文件。", f"请重新插好U盘再试。{_STAYS}"
    )


def _size(count: int) -> str:
    return f"{count / 1024 / 1024:.1f} MB" if count >= 1024 * 1024 else f"{max(1, count // 1024)} KB"
