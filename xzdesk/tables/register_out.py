"""The sheet of a register: one row an entry, empty rows below for new ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from xzdesk.core.model import FieldType, RegisterField, RegisterRow, RegisterSchema
from xzdesk.tables.cell_styles import Styles, column_width
from xzdesk.tables.grid_out import FIRST_ROW, HEAD_ROW, ID_COLUMN, ID_ROW, TITLE_ROW, UNIT_ROW
from xzdesk.tables.layout import UNIT, hint_text, register_marker, shown_fields
from xzdesk.tables.row_names import RowNames, shown_value
from xzdesk.tables.sheet_writer import Lists, field_style, put_field, put_text

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

NEW_ROWS: Final = 100
"""Prepared empty rows below the entries."""
_MEASURED: Final = 200
"""Entries whose contents decide the width of a column."""


def put_register(
    sheet: Worksheet,
    schema: RegisterSchema,
    rows: Sequence[RegisterRow],
    names: dict[str, str],
    row_names: RowNames,
    title: str,
    styles: Styles,
    lists: Lists,
) -> None:
    """Deleted entries are left out. ``names`` of the units by code, in the order of the drop-down list."""
    fields = shown_fields(schema)
    rows = [row for row in rows if not row.deleted]
    last = FIRST_ROW + len(rows) + NEW_ROWS - 1
    put_text(sheet, TITLE_ROW, 0, title, styles.title())
    sheet.set_row(TITLE_ROW, 28)
    put_text(sheet, ID_ROW, ID_COLUMN, register_marker(schema), styles.name())
    put_text(sheet, ID_ROW, 0, UNIT, styles.name())
    sheet.set_row(ID_ROW, None, None, {"hidden": True})
    put_text(sheet, HEAD_ROW, 0, "所属单位", styles.head())
    put_text(sheet, UNIT_ROW, 0, "必填" if len(names) > 1 else "", styles.under_head())
    sheet.set_column(0, 0, column_width(*names.values()))
    sheet.set_column(ID_COLUMN, ID_COLUMN, 14, None, {"hidden": True})
    sheet.set_row(HEAD_ROW, 36)
    if len(names) > 1:
        lists.offer(sheet, (FIRST_ROW, 0), (last, 0), list(names.values()))
    for column, field in enumerate(fields, ID_COLUMN + 1):
        _put_head(sheet, column, field, styles)
        shown = [_width_text(field, row, row_names) for row in rows[:_MEASURED]]
        sheet.set_column(column, column, column_width(field.title, *field.choices, *shown), styles.beyond(field))
        lists.offer(sheet, (FIRST_ROW, column), (last, column), _choices(field, names, row_names))
    for number, row in enumerate(rows, FIRST_ROW):
        put_text(sheet, number, 0, names.get(row.unit, row.unit), styles.name())
        put_text(sheet, number, ID_COLUMN, row.id, styles.name())
        for column, field in enumerate(fields, ID_COLUMN + 1):
            value = row.fields.get(field.name)
            if field.references and isinstance(value, str):
                value = row_names.of(field.references, value)
            put_field(sheet, number, column, field, value, styles)
    for number in range(FIRST_ROW + len(rows), last + 1):
        sheet.write_blank(number, 0, None, styles.text())
        for column, field in enumerate(fields, ID_COLUMN + 1):
            sheet.write_blank(number, column, None, field_style(field, styles))
    sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{last + 1}"})
    # From the first column on, hidden ids included: sorting by the arrows takes whole rows.
    sheet.autofilter(UNIT_ROW, 0, FIRST_ROW + len(rows) - 1 if rows else UNIT_ROW, ID_COLUMN + len(fields))
    sheet.freeze_panes(FIRST_ROW, ID_COLUMN + 1)


def _put_head(sheet: Worksheet, column: int, field: RegisterField, styles: Styles) -> None:
    put_text(sheet, ID_ROW, column, field.name, styles.name())
    put_text(sheet, HEAD_ROW, column, field.title, styles.head())
    put_text(sheet, UNIT_ROW, column, hint_text(field), styles.under_head())
    if field.description:
        sheet.write_comment(HEAD_ROW, column, field.description, {"width": 240, "font_size": 10})


def _width_text(field: RegisterField, row: RegisterRow, row_names: RowNames) -> str:
    value = row.fields.get(field.name)
    return row_names.of(field.references, str(value)) if field.references and value else shown_value(value)


def _choices(field: RegisterField, names: dict[str, str], row_names: RowNames) -> list[str]:
    if field.references:
        return [name for unit in names for name in row_names.of_unit(field.references, unit)]
    return ["是", "否"] if field.type is FieldType.BOOLEAN else list(field.choices)
