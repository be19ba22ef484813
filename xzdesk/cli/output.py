"""How commands answer: plain JSON for scripts, text and tables for people. No command prints by itself."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from xzdesk.core.periods import Period


def plain(value: object) -> Any:
    """``value`` as JSON can say it: records by field, numbers exactly as text, keys as text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value) if f.repr}
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    if isinstance(value, frozenset | set):
        return sorted(plain(each) for each in value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Period | Path | Fraction | dt.date):
        return str(value)
    if isinstance(value, Iterable):
        return [plain(each) for each in value]
    raise TypeError(f"{type(value).__name__} has no JSON form")


def tell(value: object, as_json: bool, text: str = "") -> None:
    """The answer of a command: ``value`` as JSON, or ``text`` for a person."""
    sys.stdout.write((json.dumps(plain(value), ensure_ascii=False, indent=1) if as_json else text) + "\n")


def tell_error(code: str, message: str, hint: str, as_json: bool) -> None:
    if as_json:
        tell({"error": {"code": code, "message": message, "hint": hint}}, as_json=True)
    else:
        sys.stderr.write(f"{message}\n{hint}\n" if hint else f"{message}\n")


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], figures: Iterable[int] = ()) -> str:
    """A table as text, as wide as the terminal; the columns numbered in ``figures`` are right-aligned."""
    right = set(figures)
    made = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for number, column in enumerate(columns):
        made.add_column(column, justify="right" if number in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    console = Console(file=None, highlight=False)
    with console.capture() as capture:
        console.print(made)
    return capture.get().rstrip("\n")
