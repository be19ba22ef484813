"""Recording values and register rows. Every call is one transaction; what it returns is what changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from xzdesk.core import reasons
from xzdesk.core.errors import UserError
from xzdesk.core.model import CellRef, CellState, DataElement, DataValue, FieldValue, RegisterRow
from xzdesk.core.periods import Period
from xzdesk.services.session import Session
from xzdesk.store import derive, registers, values, verdicts

LARGEST = Decimal(10) ** 15


@dataclass(frozen=True, slots=True)
class Recorded:
    """What one call changed."""

    cells: tuple[CellRef, ...] = ()
    rows: tuple[RegisterRow, ...] = ()
    corrections: tuple[CellRef, ...] = ()
    """Cells of sealed periods among ``cells``; each travels with its reason in the next package."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A sealed figure that the register no longer agrees with; becomes a 更正 when a reason is given."""

    cell: CellRef
    sealed: DataValue | None
    register: DataValue


def record_cells(session: Session, changes: Mapping[CellRef, DataValue | None], reason: str = "") -> Recorded:
    """Save cells; None clears one. A cell of a sealed period needs ``reason`` unless it was returned.

    Raises ``UserError`` ``record.*`` for the first cell that cannot be recorded; then nothing is saved.
    """
    for ref, value in changes.items():
        check_cell(session, ref, value)
    ws, catalogue = session.workspace, session.catalogue
    with ws.transaction("填报"):
        before = values.read(ws, catalogue, units={ref.unit for ref in changes}, periods={r.period for r in changes})
        changed = values.write(ws, catalogue, changes)
        corrected = tuple(ref for ref in changed if values.is_sealed(ws, ref.unit, ref.period))
        for ref in corrected:
            _correct(session, ref, before.get(ref), changes[ref], reason)
    return Recorded(cells=tuple(changed), corrections=corrected)


def _correct(session: Session, ref: CellRef, before: DataValue | None, after: DataValue | None, reason: str) -> None:
    """Note the 更正 of one cell in a sealed period; a returned cell brings the upper office's reason with it."""
    ws = session.workspace
    returned = verdicts.open_for_cell(ws, ref)
    if returned is not None and not reason:
        reason = f"按退回意见修改：{returned.reason}"
    elif refused := reasons.refuse_reason(reason):
        element = session.catalogue.elements[ref.element]
        raise UserError(
            "record.correction_reason",
            f"{session.catalogue.units[ref.unit].name} {element.name} {ref.period.label()}已经上报，改动要写更正理由：{refused}",
            "请写明依据，例如“补录3月验收的2户，见区妇联名单”。",
        )
    verdicts.add_correction(ws, ref, before, after, reason)


def check_cell(session: Session, ref: CellRef, value: DataValue | None) -> None:
    """Raises ``UserError`` unless ``value`` may stand at ``ref`` in this workspace."""
    catalogue = session.catalogue
    element, unit = catalogue.elements.get(ref.element), catalogue.units.get(ref.unit)
    if element is None or unit is None:
        raise UserError(
            "record.unknown", f"没有采集项“{ref.element[:40]}”或单位“{ref.unit[:20]}”。", "请核对名称或代码。"
        )
    where = f"{unit.name} {element.name} {ref.period.label()}"
    if unit not in session.units:
        raise UserError(
            "record.other_office", f"{where}：{unit.name}不由本单位填报。", "请在该单位自己的工作库里填报。"
        )
    if not element.asks(unit):
        raise UserError("record.not_asked", f"{where}：这个采集项不由{unit.name}填报。", "请核对单位和采集项。")
    baseline = ref.period == Period.of_year(catalogue.baseline_year)
    if baseline and not element.baseline:
        raise UserError("record.no_baseline", f"{where}：这个采集项没有期初数。", "请填规划期内的各期。")
    if not baseline:
        _check_period(session, element, ref, where)
    if value is not None and value.state is CellState.VALUE:
        _check_content(element, value, where)


def _check_period(session: Session, element: DataElement, ref: CellRef, where: str) -> None:
    if element.derivation is not None:
        raise UserError("record.derived", f"{where}：这一项由台账算出，不能直接填。", "请在相应的台账里登记或修改。")
    catalogue = session.catalogue
    if ref.period.kind is not element.frequency or not (catalogue.first_year <= ref.period.year <= catalogue.last_year):
        raise UserError(
            "record.period", f"{where}：期别不对。", "月报填月份，季报填季度，年报填年份，并且要在规划期内。"
        )


def _check_content(element: DataElement, value: DataValue, where: str) -> None:
    if not element.numeric:
        if value.choice not in {stored for stored, _ in element.choices}:
            words = "、".join(label for _, label in element.choices)
            raise UserError("record.choice", f"{where}：不是可选的值。", f"可选：{words}。")
        return
    if value.number is None:
        raise UserError("record.not_number", f"{where}：应填数字。", "请只填阿拉伯数字，单位不用写。")
    if abs(value.number) >= LARGEST or not value.number.is_finite():
        raise UserError("record.too_large", f"{where}：数字过大。", f"请核对单位（{element.unit}）和小数点。")
    if value.number != round(value.number, element.decimals):
        raise UserError(
            "record.decimals", f"{where}：小数位数过多，最多 {element.decimals} 位。", "请按口径四舍五入后再填。"
        )


def record_row(
    session: Session, register: str, unit: str, fields: Mapping[str, FieldValue], row: str | None = None
) -> Recorded:
    """Add a register row (``row`` None) or change the given fields of one.

    Raises ``UserError`` ``register.*`` from the store, ``record.other_office``.
    """
    schema = session.catalogue.registers.get(register)
    if schema is None:
        words = "、".join(schema.title for schema in session.catalogue.registers.values())
        raise UserError("register.unknown", f"没有台账“{register[:40]}”。", f"现有台账：{words}。")
    if unit not in {own.code for own in session.units}:
        raise UserError("record.other_office", "这一行不属于本单位填报的村、社区。", "请在该单位自己的工作库里登记。")
    ws = session.workspace
    with ws.transaction(f"台账 {schema.title}"):
        stored = (
            registers.insert(ws, schema, unit, fields) if row is None else registers.update(ws, schema, row, fields)
        )
    return Recorded(rows=(stored,))


def delete_row(session: Session, register: str, row: str) -> None:
    """Mark a register row as deleted; its id is never used again."""
    schema = session.catalogue.registers[register]
    with session.workspace.transaction(f"台账 {schema.title} 删除"):
        registers.delete(session.workspace, schema, row)


def proposals(session: Session, until: Period) -> list[Proposal]:
    """Flows of sealed months of ``until``'s year that the registers, as they are today, would give differently.

    Only flows: a register remembers today's stock, not that of a past month.
    """
    ws, catalogue = session.workspace, session.catalogue
    flows = {e.code for e in catalogue.elements.values() if e.derivation is not None and e.measure == "flow"}
    found: list[Proposal] = []
    for month in until.of_year_so_far():
        sealed = [unit for unit in session.units if values.is_sealed(ws, unit.code, month)]
        if not sealed:
            continue
        stored = values.read(ws, catalogue, units={unit.code for unit in sealed}, periods={month})
        for cell, live in sorted(derive.compute(ws, catalogue, month, sealed).items()):
            if cell.element in flows and stored.get(cell) != live:
                found.append(Proposal(cell, stored.get(cell), live))
    return found


def accept_proposals(session: Session, until: Period, reason: str) -> Recorded:
    """Turn all open proposals into 更正 with ``reason``. Raises ``UserError`` ``record.correction_reason``."""
    ws = session.workspace
    found = proposals(session, until)
    with ws.transaction("更正"):
        values.write(ws, session.catalogue, {p.cell: p.register for p in found})
        for proposal in found:
            _correct(session, proposal.cell, proposal.sealed, proposal.register, reason)
    cells = tuple(p.cell for p in found)
    return Recorded(cells=cells, corrections=cells)
