"""Every package this office has written, received or holds back, the two chains with each office, and sealed files.

Nothing here reads a clock to order packages: within a sender the epoch and then the sequence decide. The sealed
files lie in a table of their own, so that a list of ten thousand packages never reads them. Undoing an import by the
journal takes record, file and chain head back together.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from xzdesk.core.periods import Period
from xzdesk.store.writing import demand_transaction

if TYPE_CHECKING:
    from xzdesk.store.connect import Workspace


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


class PackageKind(StrEnum):
    INVITATION = "invitation"
    ENROLMENT = "enrolment"
    TASK = "task"
    SUBMISSION = "submission"
    RECEIPT = "receipt"


class PackageStatus(StrEnum):
    """Outgoing: sealed, then acknowledged. Incoming: accepted or quarantined; accepted may be undone.
    Either may be superseded by a later package of the same scope."""

    SEALED = "sealed"
    ACKNOWLEDGED = "acknowledged"
    ACCEPTED = "accepted"
    QUARANTINED = "quarantined"
    UNDONE = "undone"
    SUPERSEDED = "superseded"


_BEGINS: Final[Mapping[Direction, frozenset[PackageStatus]]] = {
    Direction.OUT: frozenset({PackageStatus.SEALED}),
    Direction.IN: frozenset({PackageStatus.ACCEPTED, PackageStatus.QUARANTINED}),
}

_STEPS: Final[Mapping[Direction, Mapping[PackageStatus, frozenset[PackageStatus]]]] = {
    Direction.OUT: {
        PackageStatus.SEALED: frozenset({PackageStatus.ACKNOWLEDGED, PackageStatus.SUPERSEDED}),
        PackageStatus.ACKNOWLEDGED: frozenset({PackageStatus.SUPERSEDED}),
        PackageStatus.SUPERSEDED: frozenset({PackageStatus.ACKNOWLEDGED}),
    },
    Direction.IN: {
        PackageStatus.QUARANTINED: frozenset({PackageStatus.ACCEPTED, PackageStatus.SUPERSEDED}),
        PackageStatus.ACCEPTED: frozenset({PackageStatus.SUPERSEDED, PackageStatus.UNDONE}),
        PackageStatus.SUPERSEDED: frozenset({PackageStatus.ACCEPTED}),
        PackageStatus.UNDONE: frozenset({PackageStatus.ACCEPTED, PackageStatus.QUARANTINED}),
    },
}
"""Which status may follow which. A receipt may still arrive for what a later package superseded."""


@dataclass(frozen=True, slots=True)
class PackageRecord:
    """What is known of one package; its sealed file is read by ``content``."""

    id: str
    """SHA-256, hex, of the manifest."""
    direction: Direction
    kind: PackageKind
    unit: str
    """The other office: who sent it, or to whom it goes."""
    epoch: int
    sequence: int
    previous: str
    """Id of the package before it in the sender's chain; empty for the first."""
    period: Period | None
    status: PackageStatus
    cause: str
    """Why it waits, was refused or undone: a stable code or a sentence, as the service chose."""
    manifest: str
    counts: Mapping[str, int]
    """How many rows of what it brought (for lists)."""
    recorded_at: str
    recorded_by: str


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The newest package of one chain."""

    sequence: int
    id: str


_COLUMNS: Final = (
    "id, direction, kind, unit, epoch, sequence, previous, period, status, cause, manifest, counts,"
    " recorded_at, recorded_by"
)

_INSERT: Final = f"INSERT INTO package ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)"  # noqa: S608 - constants

_KEEP_FILE: Final = """
INSERT INTO package_content (id, content) VALUES (?, ?)
ON CONFLICT (id) DO UPDATE SET content = excluded.content
"""

_CONTENT: Final = """
SELECT content FROM package_content WHERE id = ? AND EXISTS (SELECT 1 FROM package WHERE package.id = ?)
"""

_ADVANCE: Final = """
INSERT INTO chain (unit, direction, epoch, sequence, package) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (unit, direction, epoch) DO UPDATE SET sequence = excluded.sequence, package = excluded.package
"""

_FIND: Final = f"SELECT {_COLUMNS} FROM package WHERE id = ?"  # noqa: S608 - constants

_LISTING: Final = f"""
SELECT {_COLUMNS} FROM package
WHERE (:direction IS NULL OR direction = :direction) AND (:unit IS NULL OR unit = :unit)
  AND (:kind IS NULL OR kind = :kind) AND (:status IS NULL OR status = :status)
ORDER BY unit, direction, epoch DESC, sequence DESC, id
"""  # noqa: S608 - constants

_LATEST_OF_UNIT: Final = f"""
SELECT {_COLUMNS} FROM package
WHERE unit = :unit AND direction = 'in' AND kind = 'submission' AND status = 'accepted'
  AND (:period IS NULL OR period = :period)
ORDER BY epoch DESC, sequence DESC LIMIT 1
"""  # noqa: S608 - constants

_LATEST_OF_PERIOD: Final = f"""
SELECT {_COLUMNS} FROM package
WHERE period BETWEEN ? AND ? AND direction = 'in' AND kind = 'submission' AND status = 'accepted'
ORDER BY period DESC, epoch, sequence
"""  # noqa: S608 - constants

_NUMBER_TAKEN: Final = """
SELECT 1 FROM package WHERE unit = ? AND direction = ? AND epoch = ? AND sequence = ? AND status IN (?, ?) LIMIT 1
"""

_PRUNE: Final = """
DELETE FROM package_content WHERE id NOT IN (
  SELECT id FROM package WHERE status IN ('sealed', 'quarantined')
  UNION ALL
  SELECT id FROM (
    SELECT id, row_number() OVER (
      PARTITION BY unit, kind, substr(coalesce(period, ''), 1, 4) ORDER BY epoch DESC, sequence DESC
    ) AS rank
    FROM package WHERE direction = 'in' AND status IN ('accepted', 'superseded')
  ) WHERE rank <= :kept
)
"""

KEPT_PER_YEAR: Final = 2
"""Accepted files kept per sender, kind and year: the latest, and the one before it in case the latest is undone."""


def record(
    ws: Workspace,
    *,
    id: str,
    direction: Direction,
    kind: PackageKind,
    unit: str,
    epoch: int,
    sequence: int,
    previous: str,
    period: Period | None,
    status: PackageStatus,
    manifest: str,
    content: bytes,
    cause: str = "",
    counts: Mapping[str, int] | None = None,
) -> PackageRecord:
    """Write down a package and keep its sealed file; the chain is advanced apart (``advance``).

    A known id is a fault of the caller, who has asked ``find`` before, and so is a first status that does not
    suit the direction: ``RuntimeError``, also outside a transaction.
    """
    demand_transaction(ws)
    if status not in _BEGINS[direction]:
        raise RuntimeError(f"a package cannot begin as {direction}/{status}")
    if find(ws, id) is not None:
        raise RuntimeError(f"package {id} is recorded already")
    made = PackageRecord(
        id=id,
        direction=direction,
        kind=kind,
        unit=unit,
        epoch=epoch,
        sequence=sequence,
        previous=previous,
        period=period,
        status=status,
        cause=cause,
        manifest=manifest,
        counts=dict(counts or {}),
        recorded_at=ws.now(),
        recorded_by=ws.user,
    )
    ws.db.execute(_INSERT, _to_row(made))
    ws.db.execute(_KEEP_FILE, (id, content))
    return made


def find(ws: Workspace, id: str) -> PackageRecord | None:
    row = ws.db.execute(_FIND, (id,)).fetchone()
    return None if row is None else _of_row(row)


def content(ws: Workspace, id: str) -> bytes | None:
    """The sealed file, or None when the package is not known or its file has been pruned."""
    row = ws.db.execute(_CONTENT, (id, id)).fetchone()
    return None if row is None or row[0] is None else bytes(row[0])


def listing(
    ws: Workspace,
    *,
    direction: Direction | None = None,
    unit: str | None = None,
    kind: PackageKind | None = None,
    status: PackageStatus | None = None,
) -> tuple[PackageRecord, ...]:
    """Packages by office and direction, the newest of a chain first."""
    wanted = {"direction": direction, "unit": unit, "kind": kind, "status": status}
    return tuple(_of_row(row) for row in ws.db.execute(_LISTING, wanted))


def set_status(ws: Workspace, id: str, status: PackageStatus, cause: str = "") -> PackageRecord:
    """Move a package on and return it as it now stands; to set the status it has changes its cause alone.

    ``RuntimeError`` for an unknown package or a step that cannot be (acknowledged back to sealed).
    """
    demand_transaction(ws)
    held = find(ws, id)
    if held is None:
        raise RuntimeError(f"package {id} is not recorded")
    if status is not held.status and status not in _STEPS[held.direction][held.status]:
        raise RuntimeError(f"package {id} ({held.direction}) cannot go from {held.status} to {status}")
    ws.db.execute("UPDATE package SET status = ?, cause = ? WHERE id = ?", (status, cause, id))
    return replace(held, status=status, cause=cause)


def number_taken(ws: Workspace, unit: str, epoch: int, sequence: int) -> bool:
    """Whether some package with this number has been taken from ``unit`` in this epoch (waiting does not count)."""
    wanted = (unit, Direction.IN, epoch, sequence, PackageStatus.ACCEPTED, PackageStatus.SUPERSEDED)
    return ws.db.execute(_NUMBER_TAKEN, wanted).fetchone() is not None


def chain_head(ws: Workspace, unit: str, direction: Direction, epoch: int) -> ChainHead | None:
    """The newest package sent to (or accepted from) ``unit`` under the sender's key of ``epoch``."""
    row = ws.db.execute(
        "SELECT sequence, package FROM chain WHERE unit = ? AND direction = ? AND epoch = ?", (unit, direction, epoch)
    ).fetchone()
    return None if row is None else ChainHead(sequence=row[0], id=row[1])


def advance(ws: Workspace, unit: str, direction: Direction, epoch: int, sequence: int, id: str) -> ChainHead:
    """Set the chain's head. Gaps are the judge's matter; here the number only has to rise.

    The head itself again changes nothing. ``RuntimeError`` for any other number that is not above the head.
    """
    demand_transaction(ws)
    new = ChainHead(sequence, id)
    head = chain_head(ws, unit, direction, epoch)
    if head == new:
        return new
    if sequence < 1 or (head is not None and sequence <= head.sequence):
        raise RuntimeError(f"chain {direction}/{unit}/{epoch} is at {head}: {sequence} does not follow")
    ws.db.execute(_ADVANCE, (unit, direction, epoch, sequence, id))
    return new


def has_taken(ws: Workspace, unit: str, epoch: int) -> bool:
    """Whether a submission of ``unit`` under its key of ``epoch`` was ever accepted."""
    return any(
        record.epoch == epoch and record.status in (PackageStatus.ACCEPTED, PackageStatus.SUPERSEDED)
        for record in listing(ws, direction=Direction.IN, unit=unit, kind=PackageKind.SUBMISSION)
    )


def adopt_head(ws: Workspace, unit: str, epoch: int, sequence: int, id: str) -> ChainHead:
    """Go on from what the other office says it received last, though no such package was sent from this state.

    After a restored backup; the number may fall.
    """
    demand_transaction(ws)
    ws.db.execute(_ADVANCE, (unit, Direction.OUT, epoch, sequence, id))
    return ChainHead(sequence, id)


def latest_accepted(ws: Workspace, unit: str, period: Period | None = None) -> PackageRecord | None:
    """The newest accepted submission of ``unit``: of exactly ``period``, or of any."""
    wanted = {"unit": unit, "period": None if period is None else str(period)}
    row = ws.db.execute(_LATEST_OF_UNIT, wanted).fetchone()
    return None if row is None else _of_row(row)


def who_is_missing(ws: Workspace, units: Collection[str], period: Period) -> dict[str, PackageRecord | None]:
    """谁没交: for each unit, in the order given, its newest accepted submission of the month ``period``, or None.

    One of a later month of the year brings the month too where none of its own came.
    """
    year = str(period), str(Period.month(period.year, 12))
    handed_in = {row[3]: row for row in ws.db.execute(_LATEST_OF_PERIOD, year)}
    return {unit: _of_row(handed_in[unit]) if unit in handed_in else None for unit in units}


def prune(ws: Workspace) -> int:
    """Drop the sealed files that nothing can need any more and return how many; records stay for ever.

    Kept: outgoing that no receipt has acknowledged, incoming in quarantine, and of accepted incoming ones the
    newest ``KEPT_PER_YEAR`` per sender, kind and year.
    """
    demand_transaction(ws)
    return int(ws.db.execute(_PRUNE, {"kept": KEPT_PER_YEAR}).rowcount)


def _to_row(record: PackageRecord) -> tuple[Any, ...]:
    return (
        record.id,
        record.direction,
        record.kind,
        record.unit,
        record.epoch,
        record.sequence,
        record.previous,
        None if record.period is None else str(record.period),
        record.status,
        record.cause,
        record.manifest.encode(),
        json.dumps(record.counts, ensure_ascii=False, sort_keys=True),
        record.recorded_at,
        record.recorded_by,
    )


def _of_row(row: tuple[Any, ...]) -> PackageRecord:
    return PackageRecord(
        id=row[0],
        direction=Direction(row[1]),
        kind=PackageKind(row[2]),
        unit=row[3],
        epoch=row[4],
        sequence=row[5],
        previous=row[6],
        period=None if row[7] is None else Period.parse(row[7]),
        status=PackageStatus(row[8]),
        cause=row[9],
        manifest=row[10].decode(),
        counts=json.loads(row[11]),
        recorded_at=row[12],
        recorded_by=row[13],
    )
