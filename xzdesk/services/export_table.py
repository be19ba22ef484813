"""Writing the workbook that is filled in outside the program, and the parts of it that an import compares with."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from xzdesk.core.errors import UserError
from xzdesk.core.model import CellRef, DataValue, OrgUnit, RegisterRow
from xzdesk.core.observations import to_value
from xzdesk.core.periods import Period
from xzdesk.services.session import Session
from xzdesk.store import derive, registers
from xzdesk.store.atomic_file import replace_file
from xzdesk.tables.layout import baseline_grids, grids
from xzdesk.tables.workbook_out import Contents, write_workbook

HISTORY_MONTHS = 24
"""How far back figures of open months are computed: a year before the year that is due."""


def export_table(
    session: Session,
    path: Path,
    period: Period,
    *,
    unit: OrgUnit | None = None,
    filled: bool = True,
    baseline: bool = False,
) -> Path:
    """Write the workbook of the month ``period`` to ``path``; a file that is there is replaced, whole.

    For the whole office, or for one of its ``unit``s to hand on; with what is recorded, or (``filled`` False) empty;
    with sheets for 期初数 where ``baseline``. The file is plain: it may hold personal data of the registers.
    Raises ``UserError``: ``record.other_office``, ``export.unwritable``.
    """
    units = living_units(session, period)
    if unit is not None:
        units = [own for own in units if own.code == unit.code]
        if not units:
            message = f"{unit.name}不由本单位填报，或当时已经撤并。"
            raise UserError("record.other_office", message, "请核对单位和月份。")
    contents = Contents(
        office=units[0] if unit is not None else session.office,
        units=units,
        period=period,
        values=known_values(session, units, period) if filled else {},
        rows=known_rows(session, units) if filled else {},
        baseline=baseline,
    )
    try:
        replace_file(path, write_workbook(session.catalogue, contents))
    except OSError as error:
        raise UserError(
            "export.unwritable",
            f"文件“{path.name}”没有写成。",
            "请确认文件没有在 WPS 或 Excel 里打开，磁盘没有满、没有写保护，再试一次。",
        ) from error
    return path


def suggested_name(office: OrgUnit, period: Period) -> str:
    """``临溪镇_2026-12_填报表.xlsx``."""
    return f"{office.name}_{period}_填报表.xlsx"


def living_units(session: Session, period: Period) -> list[OrgUnit]:
    """The office's units that exist at the month's end, under the names that they bear then."""
    lineage = session.lineage
    return [
        dataclasses.replace(unit, name=lineage.name_at(unit.code, period))
        for unit in session.units
        if lineage.exists(unit.code, period)
    ]


def known_values(session: Session, units: Sequence[OrgUnit], period: Period) -> dict[CellRef, DataValue]:
    """The cells of every report due with ``period``, of the periods before them, and 期初数; computed ones live."""
    catalogue = session.catalogue
    observed = derive.effective(session.workspace, catalogue, units, period, HISTORY_MONTHS)
    reports = grids(catalogue, units, period)
    wanted = [(report, due) for report in reports for due in (report.period, report.period.shift(-1))]
    wanted += [(report, report.period) for report in baseline_grids(catalogue, units)]
    return {
        CellRef(unit.code, element.code, due): to_value(element, content)
        for report, due in wanted
        for element in report.elements
        for unit in report.units
        if (content := observed.get(element.code, unit.code, due)) is not None
    }


def known_rows(session: Session, units: Sequence[OrgUnit]) -> dict[str, list[RegisterRow]]:
    """The rows of ``units`` by register, deleted ones too."""
    codes = [unit.code for unit in units]
    return {
        schema.code: registers.read(session.workspace, schema, units=codes, include_deleted=True)
        for schema in session.catalogue.registers.values()
    }
