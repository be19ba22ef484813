"""One sheet while it is being written. Texts stay texts: nothing here ever writes a formula or a link."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from xzdesk.core.model import DataElement, DataValue, FieldType, FieldValue, RegisterField
from xzdesk.tables.content import NOT_APPLICABLE_MARK, NOT_STARTED_MARK, as_decimal
from xzdesk.tables.numbers import plain

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

    from xzdesk.tables.cell_styles import Styles

LISTS_FROM: Final = 5
"""First column of the hidden sheet that holds the choices of drop-down lists."""
_FIRST_DATE: Final = dt.date(1900, 3, 1)
"""Before it, spreadsheets believe in a 29 February 1900."""
_BAD_IN_NAME: Final = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))


def sheet_name(title: str, taken: set[str]) -> str:
    """A name that every spreadsheet program accepts; added to ``taken``."""
    stem = title.translate(_BAD_IN_NAME).strip()[:28] or "表"
    name, number = stem, 2
    while name.lower() in taken:
        name, number = f"{stem}{number}", number + 1
    taken.add(name.lower())
    return name


def put_text(sheet: Worksheet, row: int, column: int, text: str, style: Format) -> None:
    """A text as it is; an empty one leaves an empty cell."""
    if text:
        sheet.write_string(row, column, text, style)
    else:
        sheet.write_blank(row, column, None, style)


def put_number(sheet: Worksheet, row: int, column: int, number: Decimal, style: Format) -> None:
    """A number; one with more digits than a spreadsheet keeps is written as text, which reads back exactly."""
    if as_decimal(float(number)) == number:
        sheet.write_number(row, column, float(number), style)
    else:
        sheet.write_string(row, column, plain(number), style)


def put_value(
    sheet: Worksheet,
    row: int,
    column: int,
    element: DataElement,
    value: DataValue | None,
    styles: Styles,
    derived: bool,
) -> None:
    """The cell of an element, tinted when the program computes it."""
    style = styles.number(element.decimals, derived) if element.numeric else styles.choice(derived)
    if value is None:
        sheet.write_blank(row, column, None, style)
    elif value.number is not None:
        put_number(sheet, row, column, value.number, style)
    else:
        put_text(sheet, row, column, value_text(element, value), style)


def value_text(element: DataElement, value: DataValue) -> str:
    """What stands in the cell of a value that is no number: the label of a choice, or the mark of an absence."""
    if value.choice is not None:
        return dict(element.choices).get(value.choice, value.choice)
    return NOT_APPLICABLE_MARK if value.state == "na" else NOT_STARTED_MARK


def put_field(sheet: Worksheet, row: int, column: int, field: RegisterField, value: FieldValue, styles: Styles) -> None:
    """The cell of a register's field; references are handed in as names."""
    if isinstance(value, Decimal):
        decimals = field.decimals if field.type is FieldType.DECIMAL else 0
        put_number(sheet, row, column, value, styles.number(decimals))
    elif isinstance(value, dt.date):
        if value >= _FIRST_DATE:
            moment = dt.datetime.combine(value, dt.time())
            sheet.write_datetime(row, column, moment, styles.date())
        else:
            put_text(sheet, row, column, value.isoformat(), styles.date())
    elif field.type is FieldType.BOOLEAN:
        put_text(sheet, row, column, {"yes": "是", "no": "否"}.get(value or "", value or ""), styles.choice())
    else:
        put_text(sheet, row, column, value or "", field_style(field, styles))


def field_style(field: RegisterField, styles: Styles) -> Format:
    """How an empty cell of the field is prepared."""
    if field.type in (FieldType.INTEGER, FieldType.DECIMAL):
        return styles.number(field.decimals if field.type is FieldType.DECIMAL else 0)
    if field.type is FieldType.DATE:
        return styles.date()
    if field.type is FieldType.BOOLEAN or field.choices:
        return styles.choice()
    return styles.text(wrapped=field.max_length > 60)


class Lists:
    """The choices of drop-down lists, kept on the hidden sheet: a list in the cell itself may hold 255 characters."""

    def __init__(self, sheet: Worksheet, name: str, style: Format) -> None:
        self._sheet = sheet
        self._name = name
        self._style = style
        self._sources: dict[tuple[str, ...], str] = {}

    def offer(self, sheet: Worksheet, first: tuple[int, int], last: tuple[int, int], choices: Sequence[str]) -> None:
        """Let the cells from ``first`` to ``last`` (row, column) be chosen from ``choices``."""
        if not choices:
            return
        sheet.data_validation(
            *first,
            *last,
            {
                "validate": "list",
                "source": self._source(tuple(choices)),
                "ignore_blank": True,
                "error_title": "不在可选的内容里",
                "error_message": "请从下拉列表里选。",
            },
        )

    def _source(self, choices: tuple[str, ...]) -> str:
        from xlsxwriter.utility import xl_rowcol_to_cell

        if choices not in self._sources:
            column = LISTS_FROM + len(self._sources)
            for row, choice in enumerate(choices):
                put_text(self._sheet, row, column, choice, self._style)
            first = xl_rowcol_to_cell(0, column, row_abs=True, col_abs=True)
            last = xl_rowcol_to_cell(len(choices) - 1, column, row_abs=True, col_abs=True)
            self._sources[choices] = f"={self._name}!{first}:{last}"
        return self._sources[choices]


def printed_wide(sheet: Worksheet, head_rows: tuple[int, int]) -> None:
    """A4, landscape, one page wide, the head repeated on every page."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.repeat_rows(*head_rows)
    sheet.set_footer("&C第 &P 页，共 &N 页")
