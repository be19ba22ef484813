"""Where a finding is, in words: the unit, the month where asked, and the row of a register by its number."""

from __future__ import annotations

from xzdesk.core.model import Finding, RowRef
from xzdesk.services.session import Session

ROW_DIGITS = 8
"""Characters of a row's id that people are shown and may type."""


def where(session: Session, finding: Finding, *, month: bool = False) -> str:
    """``上溪村``, ``上溪村 2026年10月``, ``上溪村 行号 6bdab079``; never what the row holds."""
    unit = session.catalogue.units.get(finding.unit)
    words = [unit.name if unit else finding.unit]
    if month:
        words.append(finding.period.label())
    if isinstance(finding.place, RowRef):
        words.append(f"行号 {finding.place.row[:ROW_DIGITS]}")
    return " ".join(words)
