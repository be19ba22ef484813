"""Recording values and register rows. Every call is one transaction; what it returns is what changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

from xzdesk.core import reasons
from xzdesk.core.errors import UserError
from xzdesk.core.model import (
    CellRef,
    CellState,
    DataElement,
    DataValue,
    FieldValue,
    Level,
    Measure,
    OrgUnit,
    RegisterRow,
    RegisterSchema,
)
from xzdesk.core.observations import to_value
from xzdesk.core.periods import Period, period_range
from xzdesk.services.session import Session
from xzdesk.store import derive, own_edits, partners, registers, values, verdicts

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


def held(session: Session, ref: CellRef) -> DataValue | None:
    """What is recorded at one cell; None: nothing (未填)."""
    found = values.read(
        session.workspace, session.catalogue, units=[ref.unit], periods=[ref.period], elements=[ref.element]
    )
    return found.get(ref)


def record_cells(session: Session, changes: Mapping[CellRef, DataValue | None], reason: str = "") -> Recorded:
    """Save cells; None clears one.

    ``reason`` is needed for a cell of a sealed period (更正) and for one that an office below has handed in (own
    edit). Raises ``UserError`` ``record.*`` for the first cell that cannot be recorded; then nothing is saved.
    """
    with session.workspace.transaction("填报"):
        return write_cells(session, changes, reason)


def write_cells(session: Session, changes: Mapping[CellRef, DataValue | None], reason: str = "") -> Recorded:
    """``record_cells`` as a part of the caller's transaction."""
    for ref, value in changes.items():
        check_cell(session, ref, value)
    ws, catalogue = session.workspace, session.catalogue
    below = handed_in_from_below(session, {ref.unit for ref in changes})
    sealed = _sealed(session, changes)
    # What stood there is asked only of cells of which more is noted than the new content: saving shall be quick.
    noted = [ref for ref in changes if ref.unit in below or (ref.unit, ref.period) in sealed]
    before = values.read_cells(ws, catalogue, noted)
    changed = values.write(ws, catalogue, changes)
    corrected = []
    for ref in changed:
        if ref.unit in below:
            _edit_over(session, ref, before.get(ref), changes[ref], reason)
        if (ref.unit, ref.period) in sealed:
            _correct(session, ref, before.get(ref), changes[ref], reason)
            corrected.append(ref)
    return Recorded(cells=tuple(changed), corrections=tuple(corrected))


def _sealed(session: Session, refs: Collection[CellRef]) -> set[tuple[str, Period]]:
    """The units and periods among ``refs`` in which a change is a 更正; at the district none is."""
    if session.level is Level.DISTRICT:
        return set()
    asked = {(ref.unit, ref.period) for ref in refs}
    return {(unit, period) for unit, period in asked if values.is_sealed(session.workspace, unit, period)}


def handed_in_from_below(session: Session, units: Collection[str]) -> set[str]:
    """Those of ``units`` whose figures an office below hands in to this one."""
    own, above = session.office.code, session.catalogue.units
    found = set()
    for unit in units:
        office = unit
        while office != own and above[office].parent not in ("", own):
            office = above[office].parent
        if above[office].parent == own and partners.is_trusted(session.workspace, office):
            found.add(unit)
    return found


def _edit_over(session: Session, ref: CellRef, before: DataValue | None, after: DataValue | None, reason: str) -> None:
    """Note that the cell is edited here over what the office below handed in, or that this edit is taken back."""
    ws = session.workspace
    if before is not None:
        _demand_reason(session, ref, reason, f"由{session.catalogue.units[ref.unit].name}上报")
    own_edits.note(ws, ref, before, reason)
    if own_edits.read(ws, session.catalogue, [ref.unit])[ref] == after:
        own_edits.drop(ws, ref)


def _correct(session: Session, ref: CellRef, before: DataValue | None, after: DataValue | None, reason: str) -> None:
    """Note the 更正 of one cell in a sealed period, from what was sealed: an earlier one not yet sent is its part."""
    ws = session.workspace
    _demand_reason(session, ref, reason, "已经上报")
    earlier = [c for c in verdicts.pending_corrections(ws) if c.ref == ref]
    sealed = earlier[0].before if earlier else before
    verdicts.drop_pending(ws, ref)
    if after != sealed:
        verdicts.add_correction(ws, ref, sealed, after, reason)


def _demand_reason(session: Session, ref: CellRef, reason: str, why: str) -> None:
    if refused := reasons.refuse_reason(reason):
        unit, element = session.catalogue.units[ref.unit], session.catalogue.elements[ref.element]
        raise UserError(
            "record.correction_reason",
            f"{unit.name} {element.name} {ref.period.label()}{why}，改动要写理由：{refused}",
            "请写明依据，例如“补录3月验收的2户，见区妇联名单”。",
        )


def check_cell(session: Session, ref: CellRef, value: DataValue | None) -> None:
    """Raises ``UserError`` unless ``value`` may stand at ``ref`` in this workspace."""
    catalogue = session.catalogue
    element, unit = catalogue.elements.get(ref.element), catalogue.units.get(ref.unit)
    if element is None or unit is None:
        raise UserError(
            "record.unknown", f"没有采集项“{ref.element[:40]}”或单位“{ref.unit[:20]}”。", "请核对名称或代码。"
        )
    place = _Place(unit, element, ref.period)
    if unit.code not in session.codes and not handed_in_from_below(session, [unit.code]):
        raise place.refused("other_office", f"{unit.name}不由本单位填报。", "请在该单位自己的工作库里填报。")
    if not element.asks(unit):
        raise place.refused("not_asked", f"这个采集项不由{unit.name}填报。", "请核对单位和采集项。")
    baseline = ref.period == Period.of_year(catalogue.baseline_year)
    if baseline and not element.baseline:
        raise place.refused("no_baseline", "这个采集项没有期初数。", "请填规划期内的各期。")
    if not baseline:
        _check_period(session, place)
    if value is not None and value.state is CellState.VALUE:
        _check_content(place, value)


@dataclass(frozen=True, slots=True)
class _Place:
    """A cell that is judged; put into words only when it is refused."""

    unit: OrgUnit
    element: DataElement
    period: Period

    def refused(self, code: str, why: str, hint: str) -> UserError:
        where = f"{self.unit.name} {self.element.name} {self.period.label()}"
        return UserError(f"record.{code}", f"{where}：{why}", hint)


def _check_period(session: Session, place: _Place) -> None:
    if place.element.derivation is not None and place.unit.code in session.codes:
        _check_derived(session, place)
    years = session.catalogue.first_year, session.catalogue.last_year
    if place.period.kind is not place.element.frequency or not years[0] <= place.period.year <= years[1]:
        raise place.refused("period", "期别不对。", "月报填月份，季报填季度，年报填年份，并且要在规划期内。")
    if not session.lineage.exists(place.unit.code, place.period):
        raise place.refused("unit_gone", "这个单位当时已经撤并。", "请填在接续它的单位里。")


def _check_derived(session: Session, place: _Place) -> None:
    """Registers say what derived elements are, except a stock of a month handed in: they remember only today's."""
    if place.element.measure is not Measure.STOCK:
        raise place.refused("derived", "这一项由台账算出，不能直接填。", "请在相应的台账里登记或修改。")
    if not values.is_sealed(session.workspace, place.unit.code, place.period):
        hint = "请在相应的台账里登记或修改；已上报月份的期末数可以直接更正。"
        raise place.refused("derived", "这一项由台账算出，不能直接填。", hint)


def _check_content(place: _Place, value: DataValue) -> None:
    element, number = place.element, value.number
    if not element.numeric:
        if value.choice not in {stored for stored, _ in element.choices}:
            words = "、".join(label for _, label in element.choices)
            raise place.refused("choice", "不是可选的值。", f"可选：{words}。")
    elif number is None:
        raise place.refused("not_number", "应填数字。", "请只填阿拉伯数字，单位不用写。")
    elif not number.is_finite() or abs(number) >= LARGEST:
        raise place.refused("too_large", "数字过大。", f"请核对单位（{element.unit}）和小数点。")
    elif number != round(number, element.decimals):
        raise place.refused("decimals", f"小数位数过多，最多 {element.decimals} 位。", "请按口径四舍五入后再填。")


def record_row(
    session: Session, register: str, unit: str, fields: Mapping[str, FieldValue], row: str | None = None
) -> Recorded:
    """Add a register row (``row`` None) or change the given fields of one.

    Raises ``UserError`` ``register.*`` from the store, ``record.other_office``.
    """
    with session.workspace.transaction(f"台账 {_schema(session, register).title}"):
        return Recorded(rows=(write_row(session, register, unit, fields, row),))


def write_row(
    session: Session,
    register: str,
    unit: str,
    fields: Mapping[str, FieldValue],
    row: str | None = None,
    new_id: str | None = None,
) -> RegisterRow:
    """``record_row`` as a part of the caller's transaction; a new row may bring the id that others refer to."""
    schema = _schema(session, register)
    ws = session.workspace
    held = None if row is None else registers.get(ws, schema, row)
    _demand_own(session, unit if held is None else held.unit)
    if row is None:
        return registers.insert(ws, schema, unit, fields, new_id)
    return registers.update(ws, schema, row, fields)


def delete_row(session: Session, register: str, row: str) -> Recorded:
    """Mark a register row as deleted; its id is never used again. Raises as ``record_row``."""
    schema = _schema(session, register)
    held = registers.get(session.workspace, schema, row)
    if held is not None:
        _demand_own(session, held.unit)
    with session.workspace.transaction(f"台账 {schema.title} 删除"):
        return Recorded(rows=(registers.delete(session.workspace, schema, row),))


def _schema(session: Session, register: str) -> RegisterSchema:
    schema = session.catalogue.registers.get(register)
    if schema is None:
        words = "、".join(schema.title for schema in session.catalogue.registers.values())
        raise UserError("register.unknown", f"没有台账“{register[:40]}”。", f"现有台账：{words}。")
    return schema


def _demand_own(session: Session, unit: str) -> None:
    """The rows of an office that hands in by itself are its own: there is no telling two offices' changes apart."""
    if unit not in session.codes:
        raise UserError("record.other_office", "这一行不属于本单位填报的村、社区。", "请在该单位自己的工作库里登记。")
    if handed_in_from_below(session, [unit]):
        name = session.catalogue.units[unit].name
        raise UserError(
            "record.other_office", f"{name}的台账由{name}自己登记、上报。", "请把这一行退回，并写明要改什么。"
        )


def proposals(session: Session, until: Period) -> list[Proposal]:
    """Flows of sealed months up to ``until`` that the registers, as they are today, would give differently.

    Only flows: a register remembers today's stock, not that of a past month. An office below that hands in by itself
    corrects its own.
    """
    ws, catalogue = session.workspace, session.catalogue
    flows = {e.code for e in catalogue.elements.values() if e.derivation is not None and e.measure is Measure.FLOW}
    first = values.first_sealed(ws)
    if first is None:
        return []
    months = {}
    others = handed_in_from_below(session, session.codes)
    for month in period_range(first, until):
        sealed = values.sealed_units(ws, month) - others
        months[month] = [unit for unit in session.units if unit.code in sealed]
    live = derive.compute_months(ws, catalogue, months, flows)
    stored = values.observe(ws, catalogue, units=session.codes, elements=flows)
    found = []
    for code, unit, period, content in live.cells():
        before = stored.get(code, unit, period)
        if before != content:
            element, cell = catalogue.elements[code], CellRef(unit, code, period)
            sealed_value = None if before is None else to_value(element, before)
            found.append(Proposal(cell, sealed_value, to_value(element, content)))
    return sorted(found, key=lambda proposal: (proposal.cell.period.last_month, proposal.cell))


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
