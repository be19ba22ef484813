"""任务: handing down the catalogue in force, the unit's share of the targets and the trust list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from xzdesk.core.model import Level, OrgUnit
from xzdesk.exchange import parts
from xzdesk.exchange.manifest import Kind
from xzdesk.services import enrol, handover, outgoing, start
from xzdesk.services.outgoing import Draft, Outgoing
from xzdesk.services.session import Session
from xzdesk.store import packages, partners, target_splits
from xzdesk.store.partners import PartnerRole, PartnerStatus

TARGETS_PART: Final = "targets.csv"


def issue(session: Session, units: Sequence[OrgUnit]) -> list[Outgoing]:
    """Seal a task for each of ``units`` (directly below, trusted); one transaction.

    An office that has handed nothing in yet (under its key) is handed what is held of its units.

    Raises ``UserError`` ``partner.not_trusted``, ``recovery.unproved``.
    """
    session.require(Level.DISTRICT, Level.TOWN)
    if session.level is Level.DISTRICT:
        start.demand_proved(session)
    with session.workspace.transaction(f"下发任务 {len(units)} 份"):
        return [_issue(session, unit) for unit in units]


def _issue(session: Session, unit: OrgUnit) -> Outgoing:
    receivers = {unit.code, *(child.code for child in session.catalogue.children(unit.code))}
    split = target_splits.read(session.workspace, units=receivers)
    rows = [(t.indicator, t.unit, str(t.year), f"{t.value:f}", "yes" if t.by_hand else "no") for t in split]
    tables = [enrol.catalogue_part(session.catalogue), parts.csv_part(TARGETS_PART, parts.TARGETS, rows)]
    body = outgoing.trust_list(session).to_body()
    partner = outgoing.partner_of(session, unit.code)
    if not packages.has_taken(session.workspace, unit.code, partner.epoch):
        state, stated = handover.state_parts(session, receivers)
        tables, body = [*tables, *state], {**body, **stated}
    draft = Draft(Kind.TASK, tables, body, {"targets": len(rows)})
    return outgoing.seal(session, partner, draft)


def trusted_units(session: Session) -> list[OrgUnit]:
    """The offices directly below whose key is trusted, in the catalogue's order."""
    trusted = {p.unit for p in partners.partners(session.workspace, PartnerRole.LOWER, PartnerStatus.TRUSTED)}
    return [unit for unit in session.catalogue.children(session.office.code) if unit.code in trusted]
