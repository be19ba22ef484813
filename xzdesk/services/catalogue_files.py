"""Reading a catalogue from its folder. What it means is for ``core.catalogue``; this only brings the texts."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from xzdesk import paths
from xzdesk.core.catalogue import parse
from xzdesk.core.errors import UserError
from xzdesk.core.model import Catalogue

DEFAULT: Final = "xiuzhou"
MAX_FILE: Final = 4 * 1024 * 1024
_SUFFIXES: Final = frozenset({".csv", ".toml", ".json"})


def read_folder(folder: Path) -> dict[str, str]:
    """The texts of a catalogue's folder by name relative to it, with ``/``.

    Raises ``UserError``: ``catalogue.missing_folder``, ``catalogue.unreadable``.
    """
    if not folder.is_dir():
        raise UserError(
            "catalogue.missing_folder",
            f"找不到目录数据文件夹“{folder.name}”。",
            "请确认程序安装完整，或用 --catalogue 指定目录数据所在的文件夹。",
        )
    texts: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix not in _SUFFIXES or not path.is_file():
            continue
        name = path.relative_to(folder).as_posix()
        try:
            if path.stat().st_size > MAX_FILE:
                raise UserError("catalogue.unreadable", f"目录数据文件 {name} 过大。", "请检查文件是否放错。")
            texts[name] = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(
                "catalogue.unreadable", f"目录数据文件 {name} 读不出来。", "文件应为 UTF-8 编码，并有读取权限。"
            ) from error
    return texts


def load(folder: Path | None = None) -> Catalogue:
    """Parse and validate the catalogue in ``folder`` (default: the one that ships with the program).

    Raises ``CatalogueError`` with every fault, or ``UserError`` as ``read_folder``.
    """
    return parse(read_folder(folder if folder is not None else paths.seed(DEFAULT)))
