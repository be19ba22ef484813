"""What was read from a file, and what it was recognised as. Plain records: no format, no catalogue rules.

Rows and columns are counted from 0 here; ``a1`` gives the name a person sees in the spreadsheet.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from xzdesk.core.model import CellRef, DataValue, FieldValue


@dataclass(frozen=True, slots=True)
class Broken:
    """A cell that shows an error (``#DIV/0!``) or a formula that no program has computed yet."""

    text: str


Raw = str | float | int | bool | dt.date | dt.datetime | dt.time | dt.timedelta | Broken
"""What stands in a cell of a file; the empty text where nothing does. A percentage is its text (``90%``)."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet from its cell A1 on; rows may differ in length."""

    name: str
    rows: list[list[Raw]]
    hidden: bool = False

    def at(self, row: int, column: int) -> Raw:
        """The content, or the empty text outside."""
        if 0 <= row < len(self.rows) and 0 <= column < len(self.rows[row]):
            return self.rows[row][column]
        return ""

    @property
    def width(self) -> int:
        return max(map(len, self.rows), default=0)


@dataclass(frozen=True, slots=True)
class Table:
    """A whole file. ``kind`` is ``xlsx``, ``xls``, ``ods`` or ``csv``, told from the bytes and not from the name."""

    filename: str
    kind: str
    sheets: tuple[Sheet, ...]


def column_name(column: int) -> str:
    """``A`` for 0, ``AA`` for 26."""
    name = ""
    column += 1
    while column:
        column, letter = divmod(column - 1, 26)
        name = chr(65 + letter) + name
    return name


def a1(row: int, column: int) -> str:
    """``B3`` for row 2, column 1."""
    return f"{column_name(column)}{row + 1}"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a content is not taken. The message quotes the content only where it is not personal."""

    code: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class TableFinding:
    """A place of the file from which nothing (or not everything) was taken, and what to do about it."""

    sheet: str
    cell: str
    """``C7``; the empty text when the whole sheet or file is meant."""
    code: str
    message: str
    hint: str

    def text(self) -> str:
        """In one line, with the place."""
        place = f"“{self.sheet}”表{f' {self.cell}' if self.cell else ''}：" if self.sheet else ""
        return f"{place}{self.message}{self.hint}"


@dataclass(frozen=True, slots=True)
class CellChange:
    """A value that the file gives for a cell of the grid."""

    sheet: str
    cell: str
    ref: CellRef
    value: DataValue
    original: str
    """As it stands in the file."""
    conversions: tuple[str, ...] = ()
    """What was done to read it, in Chinese; empty when it stood there plainly."""
    before: DataValue | None = None
    """What is known until now; None: 未填."""


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row of a register that the file gives: a new one, or fields of a known one."""

    sheet: str
    number: int
    """Row of the sheet, counted from 1."""
    register: str
    id: str | None
    """None: a new row, to be stored under ``new_id``."""
    unit: str
    fields: Mapping[str, FieldValue]
    """Only what the file gives (and, where the known rows were handed in, what differs from them)."""
    conversions: tuple[str, ...] = ()
    """Each begins with its cell; those of personal fields do not quote the content."""
    new_id: str = ""
    """Chosen while reading, so that other new rows of the same file can refer to this one."""
    revision: int = 0
    """Of the known row that this was compared with."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The dry run of an import: what would change, and every place that could not be taken."""

    cells: list[CellChange] = field(default_factory=list)
    rows: list[RowChange] = field(default_factory=list)
    """Rows of referenced registers before those that refer to them."""
    findings: list[TableFinding] = field(default_factory=list)
    notes: list[TableFinding] = field(default_factory=list)
    """What was passed over or understood by its name; nothing to mend, but good to know."""
    unchanged: int = 0
    """Filled cells and rows that say what is known already."""
