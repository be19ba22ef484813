"""The dry run of an import: what a file would change, every conversion, and every place that cannot be taken.

Stores nothing. Empty cells say nothing, and what is missing from a file is never deleted.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from xzdesk.core.errors import UserError
from xzdesk.core.model import Catalogue, OrgUnit, RegisterRow, Values
from xzdesk.core.periods import Period
from xzdesk.tables.grid_in import read_by_names, read_marked, understand
from xzdesk.tables.layout import FORMAT, HIDDEN_SHEET, dependency_order
from xzdesk.tables.reading import Import
from xzdesk.tables.register_in import Columns, RegisterReader, columns_by_names, columns_marked, new_uuid
from xzdesk.tables.row_names import RowNames
from xzdesk.tables.sheet_view import find_markers, is_about
from xzdesk.tables.table import Plan, Sheet, Table

_EXPORT_AGAIN: Final = "请在程序里重新导出本单位的表再填。"


def plan(
    table: Table,
    catalogue: Catalogue,
    units: Sequence[OrgUnit],
    period: Period,
    known: Values,
    known_rows: Mapping[str, Sequence[RegisterRow]],
    new_id: Callable[[], str] = new_uuid,
) -> Plan:
    """Compare ``table`` with what is known.

    ``units`` are those whose values and rows the office keeps, ``period`` the month that is imported, ``known``
    the cells of the due periods (computed ones included) and ``known_rows`` the rows by register, deleted ones
    too. Raises ``UserError``: ``import.other_office``, ``import.other_district``, ``import.other_period``,
    ``import.newer_format`` for a workbook that was made for something else.
    """
    run = Import(catalogue, {unit.code: unit for unit in units}, period, known, known_rows)
    facts = _facts(table)
    if facts:
        _check_origin(run, table, facts)
        run.shown = {place: text for name, place, text in facts if name == "shown"}
    registers: list[Columns] = []
    unread: list[Sheet] = []
    found_markers: set[str] = set()
    for sheet in table.sheets:
        if sheet.name == HIDDEN_SHEET or is_about(sheet):
            continue
        markers = find_markers(sheet)
        found_markers |= {found.text for found in markers}
        if len(markers) > 1:
            message = "一张表里拼了几张表，没有读取。"
            run.find(sheet, "", "import.mixed_sheet", message, "请每张表单独放在一张工作表里。")
        elif markers and markers[0].marker.kind == "register":
            schema = catalogue.registers.get(markers[0].marker.register)
            if schema is None:
                run.find(sheet, "", "import.unknown_register", "现在没有这个台账，没有读取。", _EXPORT_AGAIN)
            else:
                registers.append(columns_marked(run, sheet, markers[0], schema))
        elif markers:
            read_marked(run, sheet, markers[0])
        elif not sheet.hidden and any(raw != "" for cells in sheet.rows for raw in cells):
            columns = _by_names(run, sheet)
            if columns is not None:
                registers.append(columns)
            elif not _report_by_names(run, sheet):
                unread.append(sheet)
    _read_registers(run, registers, new_id)
    run.finish_cells()
    _report_sheets(run, table, facts, found_markers, unread)
    run.plan.cells.sort(key=lambda change: change.ref)
    return dataclasses.replace(run.plan, unchanged=run.unchanged)


def _facts(table: Table) -> list[tuple[str, str, str]]:
    """(key, content, name of the sheet) from the hidden sheet; empty when there is none."""
    for sheet in table.sheets:
        if sheet.name == HIDDEN_SHEET:
            return [(str(sheet.at(r, 0)), str(sheet.at(r, 1)), str(sheet.at(r, 2))) for r in range(len(sheet.rows))]
    return []


def _check_origin(run: Import, table: Table, facts: Sequence[tuple[str, str, str]]) -> None:
    told = {name: content for name, content, _ in facts if name != "sheet"}
    file = f"“{table.filename}”"
    if told.get("format") != FORMAT:
        raise UserError(
            "import.newer_format", f"{file}是较新版本的程序导出的。", "请升级程序后再导入，或用本程序重新导出后填写。"
        )
    if told.get("catalogue") != run.catalogue.id:
        raise UserError("import.other_district", f"{file}不是本区的表，不能导入。", _EXPORT_AGAIN)
    if told.get("office") not in run.units:
        name = told.get("office_name", "")[:40]
        mine = next(iter(run.units.values())).name if run.units else ""
        raise UserError(
            "import.other_office",
            f"{file}是{name}的表，不能导入{mine}的工作库。",
            "请选本单位的表；换单位请打开该单位的工作库。",
        )
    run.expected = {code for code, unit in run.units.items() if told["office"] in (code, unit.parent)}
    if told.get("period") != str(run.period):
        try:
            label = Period.parse(told.get("period", "")).label()
        except UserError:
            label = "别的月份"
        raise UserError(
            "import.other_period",
            f"{file}是{label}的表，现在导入的是{run.period.label()}。",
            "请核对要导入的月份，或换用本月导出的表。",
        )
    if told.get("digest") != run.catalogue.digest:
        run.find(
            Sheet("", []),
            "",
            "import.other_version",
            f"这份表是按任务第 {told.get('version', '')[:10]} 版导出的，"
            f"现在是第 {run.catalogue.version} 版；已按现在的采集项读取。",
            "请核对下列各处；采集项有增减的，请重新导出后补填。",
        )


def _by_names(run: Import, sheet: Sheet) -> Columns | None:
    """The columns of a register, unless the sheet shows more of a report."""
    columns = columns_by_names(run, sheet)
    lines = understand(run, sheet) if columns is not None else None
    if columns is None or (lines is not None and len(lines.elements) >= len(columns.fields)):
        return None
    return columns


def _report_by_names(run: Import, sheet: Sheet) -> bool:
    lines = understand(run, sheet)
    if lines is None:
        return False
    run.note(sheet, "", "没有隐藏编号，按单位名称和采集项名称读取。")
    read_by_names(run, sheet, lines)
    return True


def _read_registers(run: Import, sheets: Sequence[Columns], new_id: Callable[[], str]) -> None:
    names = RowNames(run.catalogue, run.known_rows)
    for schema in dependency_order(run.catalogue):
        reader = RegisterReader(run, schema, names, new_id)
        for columns in sheets:
            if columns.schema.code == schema.code:
                reader.read(columns)
        reader.finish()


def _report_sheets(
    run: Import,
    table: Table,
    facts: Sequence[tuple[str, str, str]],
    found: set[str],
    unread: Sequence[Sheet],
) -> None:
    """Say which sheets are gone, and which were not understood."""
    for name, marker, title in facts:
        if name == "sheet" and marker not in found:
            message = "这张表不见了，没有读取。"
            run.find(Sheet(title, []), "", "import.sheet_missing", message, "不需要填可以不管；需要填请重新导出。")
    read_any = run.plan.cells or run.plan.rows or run.unchanged or run.plan.findings
    for sheet in unread:
        if read_any:
            run.note(sheet, "", "不是报表也不是台账，没有读取。")
        else:
            message = "认不出单位和采集项，也不像台账，没有读取。"
            run.find(
                sheet, "", "import.not_understood", message, "请在程序里导出的表里填写，或写上单位全称和采集项名称。"
            )
    if not table.sheets:
        run.find(Sheet("", []), "", "import.not_understood", "文件里没有工作表。", _EXPORT_AGAIN)
