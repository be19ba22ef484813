"""收发记录: which packages have gone out and come in, for lists and for naming one by the beginning of its id."""

from __future__ import annotations

from typing import Final

from xzdesk.core.errors import UserError
from xzdesk.core.model import OrgUnit
from xzdesk.core.periods import Period
from xzdesk.services.session import Session
from xzdesk.store import packages
from xzdesk.store.packages import Direction, PackageKind, PackageRecord, PackageStatus

SHORTEST: Final = 8
"""Characters of an id's beginning that are taken for it."""

STATUS_WORDS: Final = {
    PackageStatus.SEALED: "已封装，未见回执",
    PackageStatus.ACKNOWLEDGED: "对方已收",
    PackageStatus.ACCEPTED: "已接收",
    PackageStatus.QUARANTINED: "在隔离区",
    PackageStatus.UNDONE: "已撤销",
    PackageStatus.SUPERSEDED: "已有更新的包",
}


def sent(session: Session, kind: PackageKind | None = None) -> tuple[PackageRecord, ...]:
    """By receiver, the newest first."""
    return packages.listing(session.workspace, direction=Direction.OUT, kind=kind)


def received(session: Session, status: PackageStatus | None = None) -> tuple[PackageRecord, ...]:
    """By sender, the newest first."""
    return packages.listing(session.workspace, direction=Direction.IN, status=status)


def waiting(session: Session, unit: str) -> int:
    """How many packages of ``unit`` lie in quarantine."""
    return sum(record.unit == unit for record in received(session, PackageStatus.QUARANTINED))


def handed_in(session: Session, month: Period) -> list[tuple[OrgUnit, PackageRecord | None]]:
    """谁没交: each office directly below that exists at the month's end, with the package it handed in, or None."""
    lineage = session.lineage
    below = [unit for unit in session.catalogue.children(session.office.code) if lineage.exists(unit.code, month)]
    found = packages.who_is_missing(session.workspace, [unit.code for unit in below], month)
    return [(unit, found[unit.code]) for unit in below]


def find_received(session: Session, id: str) -> PackageRecord:
    """A package that came in, by its id or the beginning of it. Raises ``UserError`` ``import.unknown``."""
    found = [record for record in received(session) if len(id) >= SHORTEST and record.id.startswith(id)]
    if len(found) != 1:
        raise UserError(
            "import.unknown", "没有接收过这个编号的数据包。", f"请用 import --list 查看，编号至少写前 {SHORTEST} 位。"
        )
    return found[0]
