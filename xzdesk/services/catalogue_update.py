"""Putting a newer catalogue in force at the district, from where it travels down with the next tasks."""

from __future__ import annotations

from xzdesk.core.errors import UserError
from xzdesk.core.model import Catalogue, Level
from xzdesk.services.session import Session
from xzdesk.store import catalogues, registers


def put_in_force(session: Session, catalogue: Catalogue) -> bool:
    """Use ``catalogue`` from now on; False when it already is in force.

    Raises ``UserError`` ``catalogue.older``, ``catalogue.decimals``, ``catalogue.other_district``,
    ``catalogue.office_gone`` (this office is not in it).
    """
    session.require(Level.DISTRICT)
    if session.office.code not in catalogue.units and catalogue.id == session.catalogue.id:
        raise UserError(
            "catalogue.office_gone", f"新的指标目录里没有{session.office.name}，没有启用。", "请核对目录里的单位代码。"
        )
    with session.workspace.transaction(f"启用指标目录第 {catalogue.version} 版"):
        changed = catalogues.install(session.workspace, catalogue)
        if changed:
            registers.ensure_tables(session.workspace, catalogue)
    session.refresh()
    return changed
