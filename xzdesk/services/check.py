"""审核： every finding of a month at once, with the reasons that have been given for the soft ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xzdesk.core import checks, reasons
from xzdesk.core.errors import UserError
from xzdesk.core.model import CellRef, DataValue, Finding, OrgUnit, Severity
from xzdesk.core.periods import Period
from xzdesk.services.session import Session
from xzdesk.store import derive, rules, verdicts

HISTORY_MONTHS = 60
"""How far back rules may look: over the whole plan, for sums to date."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """All findings of one month, hard ones first, and what stands in the way of handing it in."""

    period: Period
    findings: tuple[Finding, ...]
    reasons: Mapping[str, str]
    """Reason by fingerprint, for the findings that have one."""
    filled: int
    """Cells asked of the units this month that hold a value or a stated absence."""
    asked: int

    @property
    def hard(self) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.severity is Severity.HARD)

    @property
    def unexplained(self) -> tuple[Finding, ...]:
        """Soft findings that still lack a reason."""
        return tuple(f for f in self.findings if f.severity is Severity.SOFT and f.fingerprint not in self.reasons)

    @property
    def ready(self) -> bool:
        return not self.hard and not self.unexplained


def check(session: Session, period: Period, units: Sequence[OrgUnit] | None = None) -> CheckResult:
    """Run every rule that is due at the month ``period`` over ``units`` (default: all the office fills in)."""
    ws, catalogue = session.workspace, session.catalogue
    units = session.units if units is None else tuple(units)
    values = derive.effective(ws, catalogue, units, period, HISTORY_MONTHS)
    findings = checks.check_values(catalogue, values, units, period, session.lineage)
    findings += rules.violations(ws, catalogue, units, period)
    findings.sort(key=lambda f: (f.severity is Severity.SOFT, f.unit, f.rule, str(f.place)))
    given = verdicts.reasons_for(ws, {f.fingerprint for f in findings})
    asked = asked_cells(session, units, period)
    return CheckResult(period, tuple(findings), given, sum(ref in values for ref in asked), len(asked))


def asked_cells(session: Session, units: Sequence[OrgUnit], period: Period) -> list[CellRef]:
    """The cells due at the month ``period``: monthly ones, and quarterly or yearly ones when one ends."""
    return [
        CellRef(unit.code, element.code, due)
        for unit in units
        for element in session.catalogue.elements.values()
        if element.asks(unit) and (due := period.latest(element.frequency)).last_month == period.last_month
    ]


def give_reason(session: Session, finding: Finding, reason: str) -> None:
    """Explain a soft finding. Raises ``UserError`` ``reason.hard``, ``reason.refused``."""
    if finding.severity is Severity.HARD:
        raise UserError("reason.hard", "这一条必须改正，不能用说明代替。", finding.hint)
    if refused := reasons.refuse_reason(reason, finding.message):
        raise UserError("reason.refused", f"说明不够具体：{refused}", "请写清原因，例如“6户整体拆迁，见镇拆迁办名单”。")
    with session.workspace.transaction("说明"):
        verdicts.give_reason(session.workspace, finding, reason)


def value_text(session: Session, ref: CellRef, value: DataValue | None) -> str:
    """How a cell reads in a sentence: figure with unit, label of a choice, or the stated absence."""
    if value is None:
        return "未填"
    return checks.describe(session.catalogue.elements[ref.element], value)
