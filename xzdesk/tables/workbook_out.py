"""The workbook that an office fills in outside the program: empty, or with what is recorded.

One sheet for each report that is due and for each register, one that explains in plain words, and a hidden one by
which the program knows the file again. No macros, no formulas, no links; a text stays the text that it was.
"""

from __future__ import annotations

import datetime as dt
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from xzdesk.core.model import Catalogue, CellRef, OrgUnit, RegisterRow, Values
from xzdesk.core.periods import Period
from xzdesk.tables.cell_styles import Styles
from xzdesk.tables.grid_out import FIRST_ROW, HEAD_ROW, put_form, put_grid
from xzdesk.tables.layout import (
    ABOUT_MARKER,
    ABOUT_SHEET,
    FORMAT,
    HIDDEN_SHEET,
    Grid,
    baseline_grids,
    dependency_order,
    grids,
    register_marker,
    shown_key,
    shown_text,
    typed,
)
from xzdesk.tables.register_out import put_register
from xzdesk.tables.row_names import RowNames
from xzdesk.tables.sheet_writer import Lists, printed_wide, put_text, sheet_name

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

_OPTIONS: Final = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_format_properties": {"font_name": "宋体", "font_size": 11},
}
_MADE: Final = dt.datetime(2000, 1, 1)
"""Stands as the day of making, so that the same contents give the same bytes."""
_ABOUT: Final = (
    "这份表由台账程序导出，填好后仍用该程序导入。",
    "1. 白底的格子填写；灰底斜体的格子由台账自动算出，不用填；打网格的格子不归该单位填。",
    "2. 数字按表头下面写的计量单位填，只填数字。没有发生填 0；不适用填“/”；应开展而未开展填“-”；还不知道的留空。",
    "3. 留空的格子导入时不改动程序里已有的数；导入也不会删除台账里的条目，删除请在程序里办。",
    "4. 可以调整行列次序、插入自己的行列和标题、隐藏不看的列。请不要删除隐藏的行和列，它们用来辨认每一格是什么。",
    "5. 台账表里要改已有的条目，就在那一行上改；新的条目填在下面的空行里，不要复制已有的行来改。",
    "6. 排序时请选中整张表，或用表头上的筛选箭头，不要只选几列。",
    "7. 导入前程序会先试读，列出每一处改动、换算和读不出的格子，确认后才保存。",
)


@dataclass(frozen=True, slots=True)
class Contents:
    """What a workbook is made from. ``units`` carry the names to be shown; only their cells and rows are written."""

    office: OrgUnit
    units: Sequence[OrgUnit]
    period: Period
    """The month; reports of a quarter or a year come along when the month ends it."""
    values: Values = field(default_factory=dict)
    """Cells of the due periods, computed ones included, and of the periods before for comparison."""
    rows: Mapping[str, Sequence[RegisterRow]] = field(default_factory=dict)
    """Rows by register code."""
    baseline: bool = False
    """Whether sheets for 期初数 come along."""


def write_workbook(catalogue: Catalogue, contents: Contents) -> bytes:
    """An .xlsx file for ``contents.office``."""
    import xlsxwriter

    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, dict(_OPTIONS))
    book.set_properties({"title": f"{contents.office.name} {contents.period.label()}", "created": _MADE})
    styles = Styles(book)
    taken = {ABOUT_SHEET, HIDDEN_SHEET.lower()}
    reports = grids(catalogue, contents.units, contents.period)
    reports += baseline_grids(catalogue, contents.units) if contents.baseline else []
    schemas = dependency_order(catalogue)
    sheets = [book.add_worksheet(sheet_name(grid.title, taken)) for grid in reports]
    registers = [book.add_worksheet(sheet_name(schema.title, taken)) for schema in schemas]
    _put_about(book, catalogue, styles)
    hidden = book.add_worksheet(HIDDEN_SHEET)
    hidden.very_hidden()
    lists = Lists(hidden, HIDDEN_SHEET, styles.text())
    names = shown_names(contents.units)
    for sheet, grid in zip(sheets, reports, strict=True):
        _put_report(sheet, grid, names, contents, styles, lists)
        printed_wide(sheet, (0, FIRST_ROW - 1 if len(grid.units) > 1 else HEAD_ROW))
    row_names = RowNames(catalogue, contents.rows)
    for sheet, schema in zip(registers, schemas, strict=True):
        title = f"{contents.office.name} {schema.title}台账"
        put_register(sheet, schema, contents.rows.get(schema.code, ()), names, row_names, title, styles, lists)
        printed_wide(sheet, (0, FIRST_ROW - 1))
    markers = [*(grid.marker for grid in reports), *(register_marker(schema) for schema in schemas)]
    facts = _facts(catalogue, contents)
    facts += [("sheet", m, s.get_name()) for m, s in zip(markers, [*sheets, *registers], strict=True)]
    facts += _computed(reports, contents.values)
    for row, fact in enumerate(facts):
        for column, content in enumerate(fact):
            put_text(hidden, row, column, content, styles.text())
    book.close()
    return buffer.getvalue()


def _facts(catalogue: Catalogue, contents: Contents) -> list[tuple[str, str, str]]:
    facts = {
        "format": FORMAT,
        "office": contents.office.code,
        "office_name": contents.office.name,
        "period": str(contents.period),
        "catalogue": catalogue.id,
        "version": str(catalogue.version),
        "digest": catalogue.digest,
    }
    return [(key, content, "") for key, content in facts.items()]


def _computed(reports: Sequence[Grid], values: Values) -> Iterator[tuple[str, str, str]]:
    """The computed figures as they are shown."""
    for grid in reports:
        for element in grid.elements:
            for unit in grid.units if not typed(element, grid.baseline) else ():
                ref = CellRef(unit.code, element.code, grid.period)
                if ref in values:
                    yield ("shown", shown_key(ref), shown_text(values[ref]))


def _put_report(
    sheet: Worksheet, grid: Grid, names: dict[str, str], contents: Contents, styles: Styles, lists: Lists
) -> None:
    when = "期初数" if grid.baseline else grid.title
    if len(grid.units) == 1:
        title = f"{names[grid.units[0].code]} {when} {grid.period.label()}"
        put_form(sheet, grid, title, contents.values, styles, lists)
    else:
        title = f"{contents.office.name} {when} {grid.period.label()}"
        put_grid(sheet, grid, names, title, contents.values, styles, lists)


def shown_names(units: Sequence[OrgUnit]) -> dict[str, str]:
    """Name by code; one that several units bear is followed by the code."""
    counts = Counter(unit.name for unit in units)
    return {unit.code: unit.name if counts[unit.name] == 1 else f"{unit.name}（{unit.code}）" for unit in units}


def _put_about(book: Workbook, catalogue: Catalogue, styles: Styles) -> None:
    sheet = book.add_worksheet(ABOUT_SHEET)
    sheet.set_column(0, 0, 100)
    put_text(sheet, 0, 0, "填表说明", styles.title())
    put_text(sheet, 1, 0, catalogue.title, styles.paragraph())
    for row, paragraph in enumerate(_ABOUT, 2):
        put_text(sheet, row, 0, paragraph, styles.paragraph())
    put_text(sheet, 2 + len(_ABOUT), 0, ABOUT_MARKER, styles.paragraph())
    sheet.set_row(2 + len(_ABOUT), None, None, {"hidden": True})
