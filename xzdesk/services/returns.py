"""退回: sending single cells and register rows back with a reason, and taking a return back before it is mended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xzdesk.core import reasons
from xzdesk.core.errors import UserError
from xzdesk.core.model import CellRef, Level, RowRef
from xzdesk.core.periods import Period
from xzdesk.services.session import Session
from xzdesk.store import packages, registers, verdicts
from xzdesk.store.packages import Direction, PackageStatus
from xzdesk.store.verdicts import Returned, ReturnStatus


@dataclass(frozen=True, slots=True)
class ReturnRequest:
    """One place that the lower office has to mend. ``field`` only for a register row."""

    place: CellRef | RowRef
    reason: str
    field: str = ""


def return_places(session: Session, period: Period, requests: Sequence[ReturnRequest]) -> list[Returned]:
    """Note the returns; they travel with the next receipt of the office that handed the places in.

    Raises ``UserError`` ``return.*`` for the first request that cannot stand; then nothing is noted.
    """
    session.require(Level.DISTRICT, Level.TOWN)
    noted: list[Returned] = []
    with session.workspace.transaction(f"退回 {len(requests)} 处"):
        for request in requests:
            if refused := reasons.refuse_reason(request.reason):
                raise UserError(
                    "return.reason",
                    f"退回要写明原因：{refused}",
                    "请写清哪里不对、怎么改，例如“与台账相差 12 户，请逐户核对”。",
                )
            noted.append(_note(session, period, request))
    return noted


def _note(session: Session, period: Period, request: ReturnRequest) -> Returned:
    ws, place = session.workspace, request.place
    if isinstance(place, CellRef):
        unit, period = place.unit, place.period
        if place.element not in session.catalogue.elements:
            raise UserError("return.unknown", "没有这个采集项。", "请核对采集项名称。")
    else:
        schema = session.catalogue.registers.get(place.register)
        row = registers.get(ws, schema, place.row) if schema else None
        if row is None:
            raise UserError("return.unknown", "台账里没有这一行。", "请核对台账和行号。")
        unit = row.unit
    office = handed_in_by(session, unit)
    latest = packages.latest_accepted(ws, office)
    if latest is None:
        raise UserError(
            "return.not_submitted",
            f"{session.catalogue.units[unit].name}的数据不是从下级数据包接收的，不能退回。",
            "请直接在本工作库里改正。",
        )
    if isinstance(place, CellRef):
        _demand_handed_in(session, office, place)
    return verdicts.add(
        ws,
        office=office,
        unit=unit,
        period=period,
        place=place,
        field=request.field,
        reason=request.reason.strip(),
        package=latest.id,
    )


def _demand_handed_in(session: Session, office: str, ref: CellRef) -> None:
    """Of all that ``office`` handed in: the newest package may be an earlier month's, handed in once more."""
    taken = packages.listing(session.workspace, direction=Direction.IN, unit=office, status=PackageStatus.ACCEPTED)
    newest = max((record.period for record in taken if record.period), key=lambda period: period.last_month)
    if ref.period.last_month > newest.last_month:
        raise UserError(
            "return.not_submitted",
            f"{session.catalogue.units[ref.unit].name}还没有上报{ref.period.label()}的数据，不能退回。",
            f"最近一次上报的是{newest.label()}，请核对期别。",
        )


def handed_in_by(session: Session, unit: str) -> str:
    """Code of the office directly below this one that hands ``unit`` in."""
    while session.catalogue.units[unit].parent not in ("", session.office.code):
        unit = session.catalogue.units[unit].parent
    return unit


def standing(session: Session, office: str | None = None) -> list[Returned]:
    """The returns that still have to be mended (at the office below: by itself), newest period first."""
    return [r for r in verdicts.listing(session.workspace, office) if r.status in verdicts.STANDING]


def withdraw(session: Session, returned_id: str) -> None:
    """Take a return back that has not been mended. Raises ``UserError`` ``return.unknown``."""
    session.require(Level.DISTRICT, Level.TOWN)
    if returned_id not in {returned.id for returned in standing(session)}:
        raise UserError("return.unknown", "没有这条待改的退回。", "它可能已经改好或撤回，请刷新后再看。")
    with session.workspace.transaction("撤回退回"):
        verdicts.set_status(session.workspace, [returned_id], ReturnStatus.WITHDRAWN)
