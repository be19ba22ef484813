"""The sheets of reports: many units as a grid (units down, elements across), one unit as a form (elements down)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xzdesk.core.model import CellRef, DataElement, Values
from xzdesk.core.periods import Period
from xzdesk.tables.cell_styles import Styles, column_width, shown_width
from xzdesk.tables.content import NOT_APPLICABLE_MARK, NOT_STARTED_MARK
from xzdesk.tables.layout import SKIP, Grid, typed
from xzdesk.tables.sheet_writer import Lists, put_text, put_value

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

TITLE_ROW: Final = 0
ID_ROW: Final = 1
HEAD_ROW: Final = 2
UNIT_ROW: Final = 3
FIRST_ROW: Final = 4
ID_COLUMN: Final = 1
"""Hidden, and not the first one: who selects the table from its first visible column takes it along."""
_DERIVED: Final = "由台账自动算出，这里不用填。"
_NUMBER_WIDTH: Final = 12.0


def put_grid(
    sheet: Worksheet, grid: Grid, names: dict[str, str], title: str, values: Values, styles: Styles, lists: Lists
) -> None:
    """Units down, elements across; ``names`` by unit code. Definitions are comments at the heads."""
    _put_corner(sheet, grid.marker, title, styles)
    put_text(sheet, HEAD_ROW, 0, "填报单位", styles.head())
    put_text(sheet, UNIT_ROW, 0, "", styles.under_head())
    sheet.set_column(0, 0, column_width(*(names[unit.code] for unit in grid.units)))
    sheet.set_column(ID_COLUMN, ID_COLUMN, 14, None, {"hidden": True})
    sheet.set_row(HEAD_ROW, 48)
    last = FIRST_ROW + len(grid.units) - 1
    for column, element in enumerate(grid.elements, ID_COLUMN + 1):
        put_text(sheet, ID_ROW, column, element.code, styles.name())
        put_text(sheet, HEAD_ROW, column, element.name, styles.head())
        put_text(sheet, UNIT_ROW, column, element.unit, styles.under_head())
        comment = definition(element, grid.baseline)
        lines = 2 + sum(-(-shown_width(line) // 38) for line in comment.split("\n"))
        sheet.write_comment(HEAD_ROW, column, comment, {"width": 260, "height": 18 * lines, "font_size": 10})
        labels = [label for _, label in element.choices]
        sheet.set_column(column, column, column_width(element.unit, *labels, narrowest=_head_width(element.name)))
        if typed(element, grid.baseline):
            lists.offer(sheet, (FIRST_ROW, column), (last, column), offered(element))
    for row, unit in enumerate(grid.units, FIRST_ROW):
        put_text(sheet, row, 0, names[unit.code], styles.name())
        put_text(sheet, row, ID_COLUMN, unit.code, styles.name())
        for column, element in enumerate(grid.elements, ID_COLUMN + 1):
            if not element.asks(unit):
                sheet.write_blank(row, column, None, styles.not_asked())
                continue
            value = values.get(CellRef(unit.code, element.code, grid.period))
            put_value(sheet, row, column, element, value, styles, not typed(element, grid.baseline))
    sheet.freeze_panes(FIRST_ROW, ID_COLUMN + 1)


def put_form(sheet: Worksheet, grid: Grid, title: str, values: Values, styles: Styles, lists: Lists) -> None:
    """Elements down, for the only unit; beside the figure last period's and the definition."""
    unit = grid.units[0]
    before = None if grid.baseline else _before(grid.period)
    _put_corner(sheet, grid.marker, title, styles)
    heads = ["采集项", "", "计量单位", grid.period.label(), f"上期（{before.label()}）" if before else "上期", "口径"]
    for column, head in enumerate(heads):
        put_text(sheet, HEAD_ROW, column, head, styles.head())
    for column, code in ((3, unit.code), (4, SKIP), (5, SKIP)):
        put_text(sheet, ID_ROW, column, code, styles.name())
    widths = [column_width(*(e.name for e in grid.elements)), 14, 10, 18, 18, 60]
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width, None, {"hidden": True} if column == ID_COLUMN else {})
    sheet.set_row(HEAD_ROW, 24)
    for row, element in enumerate(grid.elements, HEAD_ROW + 1):
        told = definition(element, grid.baseline)
        sheet.set_row(row, 18 * max(1, sum(-(-shown_width(line) // 56) for line in told.split("\n"))) + 4)
        put_text(sheet, row, 0, element.name, styles.name())
        put_text(sheet, row, ID_COLUMN, element.code, styles.name())
        put_text(sheet, row, 2, element.unit, styles.under_head())
        value = values.get(CellRef(unit.code, element.code, grid.period))
        fill = typed(element, grid.baseline)
        put_value(sheet, row, 3, element, value, styles, not fill)
        old = values.get(CellRef(unit.code, element.code, before)) if before else None
        put_value(sheet, row, 4, element, old, styles, True)
        put_text(sheet, row, 5, told, styles.note())
        if fill:
            lists.offer(sheet, (row, 3), (row, 3), offered(element))
    sheet.freeze_panes(HEAD_ROW + 1, ID_COLUMN + 1)


def definition(element: DataElement, baseline: bool) -> str:
    """口径 as shown beside an element."""
    if typed(element, baseline):
        return element.definition
    return f"{_DERIVED}\n{element.definition}"


def offered(element: DataElement) -> list[str]:
    """The drop-down list of an element: its labels and the marks of the two absences. Empty: no list."""
    if not element.choices:
        return []
    return [*(label for _, label in element.choices), NOT_APPLICABLE_MARK, NOT_STARTED_MARK]


def _put_corner(sheet: Worksheet, marker: str, title: str, styles: Styles) -> None:
    put_text(sheet, TITLE_ROW, 0, title, styles.title())
    sheet.set_row(TITLE_ROW, 28)
    put_text(sheet, ID_ROW, ID_COLUMN, marker, styles.name())
    sheet.set_row(ID_ROW, None, None, {"hidden": True})


def _head_width(name: str) -> float:
    """Wide enough for a name in three lines."""
    return max(_NUMBER_WIDTH, min(22.0, shown_width(name) / 3 + 4))


def _before(period: Period) -> Period | None:
    try:
        return period.shift(-1)
    except ValueError:
        return None
