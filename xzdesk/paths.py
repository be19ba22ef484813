"""Where the program's own files and the user's lie: in a checkout, a wheel, or a frozen program. The only locator."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from platformdirs import user_data_path

APPLICATION: Final = "xzdesk"


def _root() -> Path:
    frozen = getattr(sys, "_MEIPASS", None)
    if frozen:
        return Path(frozen)
    package = Path(__file__).resolve().parent
    # A wheel holds ``db/`` inside the package (pyproject.toml), a checkout beside it.
    return package if (package / "db").is_dir() else package.parent


def seed(catalogue: str) -> Path:
    """The folder of a catalogue that ships with the program."""
    return _root() / "db" / "seed" / catalogue


def demo_script(catalogue: str) -> Path:
    """The file that says how a catalogue's demonstration data are invented."""
    return _root() / "db" / "demo" / f"{catalogue}.toml"


def migrations() -> Path:
    """The folder of numbered SQL files."""
    return _root() / "db" / "migrations"


def resources() -> Path:
    """Icons, style, templates, help."""
    return _root() / "resources"


def user_data() -> Path:
    """The user's folder for logs, settings of the interface and default workspaces; made when missing."""
    return user_data_path(APPLICATION, appauthor=False, ensure_exists=True)
