"""The content of a package as an Excel workbook: what an office would send if there were no packages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import xlsxwriter

from xzdesk.exchange.manifest import MediaType
from xzdesk.exchange.parts import Part, read_csv


def write_workbook(path: Path, parts: Sequence[Part]) -> None:
    """One sheet for each table: the values in long form, the registers with a row for each entry.

    What reads as a number is a number, everything else a text: dates as texts are quicker to read than real ones.
    """
    with xlsxwriter.Workbook(path) as workbook:
        for part in parts:
            if part.media_type is not MediaType.CSV:
                continue
            header, rows = read_csv(part)
            sheet = workbook.add_worksheet(part.name.removesuffix(".csv")[:31])
            for at, row in enumerate((header, *rows)):
                for column, text in enumerate(row):
                    number = _number(text, header[column]) if at else None
                    if number is not None:
                        sheet.write_number(at, column, number)
                    elif text:
                        sheet.write_string(at, column, text)


def _number(text: str, name: str) -> float | None:
    """Codes of units are texts, as a spreadsheet has to keep them."""
    if name == "unit":
        return None
    try:
        return float(text)
    except ValueError:
        return None
