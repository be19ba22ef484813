"""Reading a catalogue from its folder. What it means is for ``core.catalogue``; this only brings the texts."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Final

from xzdesk import paths
from xzdesk.core.catalogue import parse
from xzdesk.core.errors import UserError
from xzdesk.core.model import Catalogue

DEFAULT: Final = "xiuzhou"
MAX_FILE: Final = 4 * 1024 * 1024
MAX_FILES: Final = 200
MAX_ENTRIES: Final = 2_000
_SUFFIXES: Final = frozenset({".csv", ".toml", ".json"})


def read_folder(folder: Path) -> dict[str, str]:
    """The texts of a catalogue's folder by name relative to it, with ``/``; a byte order mark is left out.

    Ends of line become ``\\n``, so that a copy made by another system has the same digest.

    Raises ``UserError``: ``catalogue.missing_folder``, ``catalogue.unreadable``.
    """
    if not folder.is_dir():
        raise UserError(
            "catalogue.missing_folder",
            f"找不到指标目录的文件夹“{folder.name}”。",
            "请确认程序安装完整，或用 --catalogue 指定指标目录所在的文件夹。",
        )
    return {path.relative_to(folder).as_posix(): _read(folder, path) for path in _listing(folder)}


def _listing(folder: Path) -> list[Path]:
    try:
        entries = list(islice(folder.rglob("*"), MAX_ENTRIES + 1))
        found = sorted(path for path in entries if path.suffix in _SUFFIXES and path.is_file())
    except OSError as error:
        raise UserError("catalogue.unreadable", f"文件夹“{folder.name}”读不出来。", "请检查是否有读取权限。") from error
    if len(entries) > MAX_ENTRIES or len(found) > MAX_FILES:
        raise UserError(
            "catalogue.unreadable",
            f"文件夹“{folder.name}”里文件过多，不像是指标目录。",
            "请指定直接放着 catalogue.toml 的文件夹。",
        )
    return found


def _read(folder: Path, path: Path) -> str:
    name = path.relative_to(folder).as_posix()
    try:
        if path.stat().st_size > MAX_FILE:
            raise UserError("catalogue.unreadable", f"指标目录的文件 {name} 过大。", "请检查文件是否放错。")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise UserError(
            "catalogue.unreadable",
            f"指标目录的文件 {name} 第 {line} 行不是 UTF-8 编码。",
            "请用 UTF-8 编码另存（WPS、Excel 里选“CSV UTF-8”）。",
        ) from error
    except OSError as error:
        raise UserError(
            "catalogue.unreadable", f"指标目录的文件 {name} 读不出来。", "请检查是否有读取权限。"
        ) from error


def load_shipped(catalogue: str) -> Catalogue:
    """A catalogue that ships with the program, by its name. Raises as ``load``."""
    return load(paths.seed(catalogue))


def load(folder: Path | None = None) -> Catalogue:
    """Parse and validate the catalogue in ``folder`` (default: the one that ships with the program).

    Raises ``CatalogueError`` with every fault, or ``UserError`` as ``read_folder``.
    """
    return parse(read_folder(folder if folder is not None else paths.seed(DEFAULT)))
