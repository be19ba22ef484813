"""Taking over a filled workbook or CSV: first a dry run that shows everything, then all of it in one transaction."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from xzdesk.core.errors import UserError
from xzdesk.core.model import RegisterRow
from xzdesk.core.periods import Period
from xzdesk.services import record
from xzdesk.services.export_table import known_rows, known_values, living_units
from xzdesk.services.record import Recorded, write_cells, write_row
from xzdesk.services.session import Session
from xzdesk.store import registers, values
from xzdesk.tables import plan_import
from xzdesk.tables.limits import MAX_FILE, too_large
from xzdesk.tables.reader import read_table
from xzdesk.tables.table import Plan, RowChange, TableFinding


def dry_run(session: Session, path: Path, period: Period) -> Plan:
    """What the file at ``path`` would change in the month ``period``. Saves nothing.

    The plan lists every change with its place and conversions, and every place that cannot be taken. Raises
    ``UserError``: ``import.no_file``, ``table.*`` for a file that is no table or a hostile one, ``import.*`` for a
    workbook that was made for another office, district or month.
    """
    units = living_units(session, period)
    plan = plan_import.plan(
        read_table(_content(path), path.name),
        session.catalogue,
        units,
        period,
        known_values(session, units, period),
        known_rows(session, units),
    )
    return _without_others_rows(session, plan)


def _without_others_rows(session: Session, plan: Plan) -> Plan:
    """Rows of an office that hands in its own registers are findings, not changes: saving would refuse them."""
    others = record.handed_in_from_below(session, {change.unit for change in plan.rows})
    refused = [change for change in plan.rows if change.unit in others]
    if not refused:
        return plan
    findings = [
        TableFinding(
            change.sheet,
            f"第 {change.number} 行",
            "record.other_office",
            f"{name}的台账由{name}自己登记、上报，没有读取。",
            "请由该单位改，或把已上报的行退回。",
        )
        for change in refused
        for name in [session.catalogue.units[change.unit].name]
    ]
    kept = [change for change in plan.rows if change.unit not in others]
    return dataclasses.replace(plan, rows=kept, findings=[*plan.findings, *findings])


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE:
            raise too_large(f"超过 {MAX_FILE // 1024 // 1024} MB")
        return path.read_bytes()
    except OSError as error:
        raise UserError(
            "import.no_file", f"文件“{path.name}”打不开。", "请核对路径；U 盘上的文件请先拷到本机再导入。"
        ) from error


def apply(session: Session, plan: Plan, reason: str = "") -> Recorded:
    """Save what ``plan`` lists, rows first, all or nothing; the findings stay where they are.

    ``reason`` as in ``record.record_cells``. Raises ``UserError``: ``import.stale`` when something was recorded
    since the dry run, ``record.*`` and ``register.*`` (a row's with its place in the file).
    """
    with session.workspace.transaction("导入表格"):
        _demand_fresh(session, plan)
        rows = tuple(_write_row(session, change) for change in plan.rows)
        recorded = write_cells(session, {change.ref: change.value for change in plan.cells}, reason)
    return Recorded(cells=recorded.cells, rows=rows, corrections=recorded.corrections)


def _demand_fresh(session: Session, plan: Plan) -> None:
    refs = [change.ref for change in plan.cells]
    held = values.read(
        session.workspace, session.catalogue, units={r.unit for r in refs}, periods={r.period for r in refs}
    )
    fresh = all(held.get(change.ref) == change.before for change in plan.cells)
    for change in plan.rows:
        if change.id is not None and fresh:
            row = registers.get(session.workspace, session.catalogue.registers[change.register], change.id)
            fresh = row is not None and not row.deleted and row.revision == change.revision
    if not fresh:
        message = "试读之后又有改动，这次没有导入。"
        raise UserError("import.stale", message, "请重新试读一次，核对后再导入。")


def _write_row(session: Session, change: RowChange) -> RegisterRow:
    try:
        return write_row(session, change.register, change.unit, change.fields, change.id, change.new_id or None)
    except UserError as error:
        place = f"“{change.sheet}”表第 {change.number} 行"
        raise UserError(error.code, f"{place}：{error.message}这次没有导入任何内容。", error.hint) from error
