"""A sheet turned so that units go down and elements across, whichever way it lies in the file; and its marker."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xzdesk.tables.content import is_empty
from xzdesk.tables.layout import ABOUT_MARKER, Marker, read_marker
from xzdesk.tables.table import Raw, Sheet, a1


class SheetView:
    """Rows and columns as asked for; ``place`` is always as the user sees it."""

    def __init__(self, sheet: Sheet, transposed: bool = False) -> None:
        self.sheet = sheet
        self.transposed = transposed
        size = (len(sheet.rows), sheet.width)
        self.rows, self.columns = size[::-1] if transposed else size

    def at(self, row: int, column: int) -> Raw:
        return self.sheet.at(column, row) if self.transposed else self.sheet.at(row, column)

    def text(self, row: int, column: int) -> str:
        """A short text or whole number without blanks around; empty for everything else."""
        raw = self.at(row, column)
        if isinstance(raw, float) and raw.is_integer() and abs(raw) < 1e15:
            raw = int(raw)
        return str(raw).strip() if isinstance(raw, str | int) and not isinstance(raw, bool) else ""

    def place(self, row: int, column: int) -> str:
        return a1(column, row) if self.transposed else a1(row, column)

    def filled(self, row: int) -> Iterator[int]:
        """The columns in which something stands."""
        return (column for column in range(self.columns) if not is_empty(self.at(row, column)))


@dataclass(frozen=True, slots=True)
class Found:
    """A marker and where it stands."""

    marker: Marker
    text: str
    row: int
    column: int


def find_markers(sheet: Sheet) -> list[Found]:
    """Every marker on the sheet."""
    return [
        Found(marker, raw, row, column)
        for row, cells in enumerate(sheet.rows)
        for column, raw in enumerate(cells)
        if isinstance(raw, str) and raw.startswith("xzdesk:") and (marker := read_marker(raw)) is not None
    ]


def is_about(sheet: Sheet) -> bool:
    """Whether this is the sheet that only explains."""
    return any(ABOUT_MARKER in cells for cells in sheet.rows)
