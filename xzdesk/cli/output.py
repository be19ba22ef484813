"""How commands answer: plain JSON for scripts, text and tables for people. No command prints by itself."""

from __future__ import annotations

import datetime as dt
import io
import json
import sys
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from xzdesk.core.errors import UserError
from xzdesk.core.plain import plain

__all__ = ["lines", "moment", "of_error", "plain", "prepare", "table", "tell", "tell_error", "tell_help"]


PIPED_WIDTH: Final = 160
"""Columns of a table that goes to a file or another program."""
NARROW: Final = 110
"""Below so many columns of the terminal a table leaves out what it can spare."""


def prepare(as_json: bool) -> None:
    """A sign that the terminal's encoding lacks becomes a question mark, no fault; JSON that is piped is UTF-8."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    if as_json and isinstance(sys.stdout, io.TextIOWrapper) and not sys.stdout.isatty():
        sys.stdout.reconfigure(encoding="utf-8")


def tell(value: object, as_json: bool, text: str = "") -> None:
    """The answer of a command: ``value`` as JSON, or ``text`` for a person."""
    _clear_progress()
    sys.stdout.write((json.dumps(plain(value), ensure_ascii=False, indent=1) if as_json else text) + "\n")
    sys.stdout.flush()


def _clear_progress() -> None:
    """Take the progress line off the terminal before anything else is written."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def tell_help(text: str) -> None:
    """Help that was not asked for: what a person sees who wrote no command."""
    sys.stderr.write(f"{text}\n")


def of_error(error: UserError) -> dict[str, str]:
    """An error as JSON says it."""
    return {"code": error.code, "message": error.message, "hint": error.hint}


def tell_error(code: str, message: str, hint: str, as_json: bool) -> None:
    if as_json:
        tell({"error": {"code": code, "message": message, "hint": hint}}, as_json=True)
    else:
        _clear_progress()
        sys.stderr.write(f"{message}\n{hint}\n" if hint else f"{message}\n")


def lines(*parts: str | Iterable[str] | None) -> str:
    """Sentences under each other; what is empty or None is left out."""
    found: list[str] = []
    for part in parts:
        found.extend([part] if isinstance(part, str) else part or ())
    return "\n".join(line for line in found if line)


def moment(utc: str) -> str:
    """A stored time (UTC, with Z) as the clock on the wall shows it; empty stays empty."""
    if not utc:
        return ""
    return dt.datetime.fromisoformat(utc.replace("Z", "+00:00")).astimezone().strftime("%Y-%m-%d %H:%M")


def table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    figures: Iterable[int] = (),
    spare: Collection[int] = (),
) -> str:
    """A table as text, as wide as the terminal (``PIPED_WIDTH`` without one); without rows the title alone.

    The columns numbered in ``figures`` are right-aligned, those in ``spare`` left out of a narrow terminal, which is
    said.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False, width=None if sys.stdout.isatty() else PIPED_WIDTH)
    omitted = set(spare) if console.width < NARROW else set()
    right = set(figures)
    made = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for number, column in enumerate(columns):
        if number not in omitted:
            made.add_column(column, justify="right" if number in right else "left", overflow="fold")
    for row in rows:
        kept = (cell for number, cell in enumerate(row) if number not in omitted)
        made.add_row(*(Text("" if cell is None else str(cell)) for cell in kept))
    if not made.row_count:
        return title
    with console.capture() as capture:
        console.print(made)
    shown = "\n".join(line.rstrip() for line in capture.get().splitlines())
    names = "、".join(column for number, column in enumerate(columns) if number in omitted)
    return f"{shown}\n窗口较窄，没有显示：{names}。窗口放宽到 {NARROW} 列以上可以看到。" if names else shown
