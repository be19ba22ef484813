"""What people have said about figures: reasons for soft findings, 更正 of sealed cells, and what came back (退回).

Texts are the writers' own and may name people: they are stored and carried, never put into messages or logs.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from xzdesk.core.errors import UserError
from xzdesk.core.model import CellRef, CellState, DataValue, Finding, RowRef
from xzdesk.core.periods import Period
from xzdesk.store.writing import demand_transaction

if TYPE_CHECKING:
    from xzdesk.store.connect import Workspace


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a soft finding stands as it is."""

    fingerprint: str
    rule: str
    unit: str
    period: Period
    reason: str
    given_at: str
    given_by: str


@dataclass(frozen=True, slots=True)
class Correction:
    """更正: one change of a cell in a sealed period. ``package`` is the first that carried it; empty: none yet."""

    ref: CellRef
    before: DataValue | None
    after: DataValue | None
    reason: str
    corrected_at: str
    corrected_by: str
    package: str


class ReturnStatus(StrEnum):
    """Open until a receipt has carried it, then sent, until a later package mends it; or withdrawn."""

    OPEN = "open"
    SENT = "sent"
    MENDED = "mended"
    WITHDRAWN = "withdrawn"


STANDING: Final = frozenset({ReturnStatus.OPEN, ReturnStatus.SENT})
"""Still to be mended."""


@dataclass(frozen=True, slots=True)
class Returned:
    """退回: a verdict on one cell or register row. ``office`` handed it in and has to mend it."""

    id: str
    office: str
    unit: str
    period: Period
    """The cell's period; for a row the month that was handed in."""
    place: CellRef | RowRef
    field: str
    """The register field meant; empty for a cell or a whole row."""
    reason: str
    package: str
    """The package in which it was found."""
    status: ReturnStatus
    returned_at: str
    returned_by: str


_GIVE: Final = """
INSERT INTO finding_reason (fingerprint, rule, unit, period, reason, given_at, given_by) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (fingerprint, unit) DO UPDATE
SET reason = excluded.reason, given_at = excluded.given_at, given_by = excluded.given_by
"""

_REASONS: Final = """
SELECT fingerprint, reason FROM finding_reason
WHERE (fingerprint, unit) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))
"""

_ALL_REASONS: Final = """
SELECT fingerprint, rule, unit, period, reason, given_at, given_by FROM finding_reason
ORDER BY unit, period, rule, fingerprint
"""

_CORRECT: Final = """
INSERT INTO correction (element, unit, period, before, after, reason, corrected_at, corrected_by)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (element, unit, period, corrected_at) DO UPDATE SET after = excluded.after, reason = excluded.reason
"""

_CORRECTIONS: Final = """
SELECT element, unit, period, before, after, reason, corrected_at, corrected_by, package FROM correction
"""

_ORDER: Final = "ORDER BY corrected_at, unit, period, element"

_TAKE_CORRECTION: Final = """
INSERT INTO correction (element, unit, period, before, after, reason, corrected_at, corrected_by, package)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
"""

_RETURNED_COLUMNS: Final = (
    "id, office, unit, period, place, target, field, reason, package, status, returned_at, returned_by"
)

_UPSERT_RETURNED: Final = f"""
INSERT INTO returned ({_RETURNED_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET field = excluded.field, reason = excluded.reason, status = excluded.status
WHERE field <> excluded.field OR reason <> excluded.reason OR status <> excluded.status
"""  # noqa: S608 - constants

_LISTING: Final = f"""
SELECT {_RETURNED_COLUMNS} FROM returned
WHERE (:office IS NULL OR office = :office) AND (:status IS NULL OR status = :status)
  AND (:period IS NULL OR period = :period)
ORDER BY period DESC, office, unit, place, target, field, id
"""  # noqa: S608 - constants

_OPEN_FOR_CELL: Final = f"""
SELECT {_RETURNED_COLUMNS} FROM returned
WHERE place = 'cell' AND target = ? AND unit = ? AND period = ? AND status IN ('open', 'sent')
ORDER BY returned_at DESC, id LIMIT 1
"""  # noqa: S608 - constants


def give_reason(ws: Workspace, finding: Finding, reason: str) -> None:
    """Explain a finding; a later reason takes the place of an earlier one."""
    demand_transaction(ws)
    given = (reason, ws.now(), ws.user)
    ws.db.conn.execute(_GIVE, (finding.fingerprint, finding.rule, finding.unit, str(finding.period), *given))


def take_reasons(ws: Workspace, reasons: Collection[Reason]) -> None:
    """Keep the reasons that a package brought; they take the place of earlier ones for the same findings."""
    demand_transaction(ws)
    given = [(r.fingerprint, r.rule, r.unit, str(r.period), r.reason, r.given_at, r.given_by) for r in reasons]
    ws.db.conn.executemany(_GIVE, given)


def reasons_for(ws: Workspace, findings: Collection[Finding]) -> dict[str, str]:
    """The reasons given for these findings, by fingerprint. What was said for another unit counts for nothing."""
    wanted = {(finding.fingerprint, finding.unit) for finding in findings}
    return dict(ws.db.conn.execute(_REASONS, (json.dumps(sorted(wanted)),))) if wanted else {}


def all_reasons(ws: Workspace) -> tuple[Reason, ...]:
    """By unit, period and rule; also those whose finding has gone."""
    return tuple(
        Reason(fingerprint, rule, unit, Period.parse(period), *given)
        for fingerprint, rule, unit, period, *given in ws.db.conn.execute(_ALL_REASONS)
    )


def add_correction(
    ws: Workspace, ref: CellRef, before: DataValue | None, after: DataValue | None, reason: str
) -> Correction:
    """Note a 更正 made here. A second one of the cell within the same second is one change with the first."""
    demand_transaction(ws)
    made = Correction(ref, before, after, reason, ws.now(), ws.user, "")
    ws.db.conn.execute(_CORRECT, _correction_row(made)[:-1])
    return made


def drop_pending(ws: Workspace, ref: CellRef) -> None:
    """Forget the 更正 of a cell that no package has carried yet: a new one takes their place, or nothing changed."""
    demand_transaction(ws)
    ws.db.conn.execute(
        "DELETE FROM correction WHERE element = ? AND unit = ? AND period = ? AND package = ''",
        (ref.element, ref.unit, str(ref.period)),
    )


def take_corrections(ws: Workspace, corrections: Collection[Correction]) -> None:
    """Keep the 更正 that a package brought; those held already stay as they are."""
    demand_transaction(ws)
    ws.db.conn.executemany(_TAKE_CORRECTION, [_correction_row(each) for each in corrections])


def pending_corrections(ws: Workspace) -> tuple[Correction, ...]:
    """Those that no package has carried yet, oldest first."""
    return _corrections(ws, "WHERE package = ''", ())


def corrections_of_year(ws: Workspace, year: int) -> tuple[Correction, ...]:
    """What a package of ``year`` carries: those of the year's periods, and those of earlier ones not carried yet."""
    return _corrections(ws, "WHERE (period >= ? OR package = '') AND period < ?", (str(year), str(year + 1)))


def correction_texts(correction: Correction) -> tuple[str, str, str, str, str, str, str, str]:
    """As a package carries it: element, unit, period, before, after, reason, when and by whom."""
    c = correction
    before, after = content_code(c.before), content_code(c.after)
    return (c.ref.element, c.ref.unit, str(c.ref.period), before, after, c.reason, c.corrected_at, c.corrected_by)


def mark_carried(ws: Workspace, package: str, year: int) -> int:
    """Note that ``package``, one of ``year``, carries what was pending of it and earlier ones; how many these are."""
    demand_transaction(ws)
    carried = ws.db.conn.execute(
        "UPDATE correction SET package = ? WHERE package = '' AND period < ?", (package, str(year + 1))
    )
    return int(carried.rowcount)


def add(
    ws: Workspace, *, office: str, unit: str, period: Period, place: CellRef | RowRef, reason: str, package: str,
    field: str = "",
) -> Returned:  # fmt: skip
    """Return a cell or row to ``office``. Its random id stays with it through receipts and later packages."""
    demand_transaction(ws)
    made = Returned(
        str(uuid.uuid4()), office, unit, period, place, field, reason, package, ReturnStatus.OPEN, ws.now(), ws.user
    )
    ws.db.conn.execute(_UPSERT_RETURNED, _returned_row(made))
    return made


def upsert(ws: Workspace, returned: Collection[Returned]) -> None:
    """Take over what a receipt says; known ids get its reason, field and status.

    What has been mended here stays so until the receipt withdraws it: the office above may not have seen it yet.
    """
    demand_transaction(ws)
    known = {each.id: each for each in listing(ws)}
    rows = []
    for each in returned:
        held = known.get(each.id)
        if held and held.status is ReturnStatus.MENDED and each.status in STANDING:
            each = replace(each, status=held.status)
        rows.append(_returned_row(each))
    ws.db.conn.executemany(_UPSERT_RETURNED, rows)


def listing(
    ws: Workspace, office: str | None = None, status: ReturnStatus | None = None, period: Period | None = None
) -> tuple[Returned, ...]:
    """Newest period first, then by office and place."""
    wanted = {"office": office, "status": status, "period": None if period is None else str(period)}
    return tuple(_of_returned(row) for row in ws.db.conn.execute(_LISTING, wanted))


def open_for_cell(ws: Workspace, ref: CellRef) -> Returned | None:
    """The newest verdict on a cell that is still to be mended."""
    row = ws.db.conn.execute(_OPEN_FOR_CELL, (ref.element, ref.unit, str(ref.period))).fetchone()
    return None if row is None else _of_returned(row)


def set_status(ws: Workspace, ids: Collection[str], status: ReturnStatus) -> int:
    """Move verdicts on; how many really changed."""
    demand_transaction(ws)
    moved = ws.db.conn.executemany(
        "UPDATE returned SET status = ? WHERE id = ? AND status <> ?", [(status, each, status) for each in sorted(ids)]
    )
    return int(moved.rowcount)


def content_code(value: DataValue | None) -> str:
    """A cell's content in one text: empty (未填), ``na``, ``none``, ``n:12.5`` or ``c:village``."""
    if value is None:
        return ""
    if value.state is not CellState.VALUE:
        return value.state.value
    return f"c:{value.choice}" if value.number is None else f"n:{value.number:f}"


def of_content_code(text: str) -> DataValue | None:
    """Raises ``UserError`` ``correction.unreadable``."""
    if not text:
        return None
    if text in ("na", "none"):
        return DataValue(CellState(text))
    kind, content = text[:2], text[2:]
    if kind == "c:" and content:
        return DataValue.of(content)
    digits = content.removeprefix("-").replace(".", "", 1)
    if kind == "n:" and content.isascii() and digits.isdecimal() and len(digits) <= 40:
        return DataValue.of(Decimal(content))
    raise UserError("correction.unreadable", "更正记录里的内容认不出来。", "请让对方重新生成数据包。")


def _corrections(ws: Workspace, where: str, wanted: tuple[str, ...]) -> tuple[Correction, ...]:
    rows = ws.db.conn.execute(f"{_CORRECTIONS} {where} {_ORDER}", wanted)
    return tuple(
        Correction(CellRef(unit, element, Period.parse(period)), of_content_code(before), of_content_code(after), *rest)
        for element, unit, period, before, after, *rest in rows
    )


def _correction_row(correction: Correction) -> tuple[Any, ...]:
    return (*correction_texts(correction), correction.package)


def _returned_row(returned: Returned) -> tuple[Any, ...]:
    r = returned
    if isinstance(r.place, CellRef):
        kind, target = "cell", r.place.element
    else:
        kind, target = "row", f"{r.place.register}/{r.place.row}"
    verdict = (r.field, r.reason, r.package, r.status, r.returned_at, r.returned_by)
    return (r.id, r.office, r.unit, str(r.period), kind, target, *verdict)


def _of_returned(row: tuple[Any, ...]) -> Returned:
    id, office, unit, text, kind, target, field, reason, package, status, *when = row
    period = Period.parse(text)
    place = CellRef(unit, target, period) if kind == "cell" else RowRef(*target.split("/", 1))
    return Returned(id, office, unit, period, place, field, reason, package, ReturnStatus(status), *when)
