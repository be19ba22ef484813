"""审核: every finding of a month at once, with the reasons that have been given for the soft ones."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from xzdesk.core import checks, reasons
from xzdesk.core.errors import UserError
from xzdesk.core.model import CellRef, DataValue, Finding, Level, OrgUnit, Severity
from xzdesk.core.observations import Observations
from xzdesk.core.periods import Period
from xzdesk.services import record
from xzdesk.services.session import Session
from xzdesk.store import derive, rules, values, verdicts


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
    return check_months(session, [(period, session.units if units is None else units)])[0]


def check_months(session: Session, months: Sequence[tuple[Period, Sequence[OrgUnit]]]) -> list[CheckResult]:
    """``check`` of several months (in order, at least one) with the units meant in each; everything is read once.

    Register rows are what they are today: they are checked with the last of the months, where it is still open.
    """
    last, catalogue, lineage = months[-1][0], session.catalogue, session.lineage
    # A rule reads what stood before in merged units too, and a town's may read its villages.
    everyone = {code for month, units in months for unit in units for code in lineage.predecessors(unit.code, month)}
    if session.office.code in everyone:
        everyone |= session.codes
    known = observe(session, [unit for unit in catalogue.units.values() if unit.code in everyone], last)
    results = []
    for month, units in months:
        living = tuple(unit for unit in units if lineage.exists(unit.code, month))
        findings = checks.check_values(catalogue, known, living, month, lineage)
        if month is last:
            sealed = values.sealed_units(session.workspace, month)
            still_open = [unit for unit in living if unit.code not in sealed]
            findings += rules.violations(session.workspace, catalogue, still_open, month)
        findings.sort(key=lambda f: (f.severity is Severity.SOFT, f.unit, f.rule, str(f.place)))
        given = verdicts.reasons_for(session.workspace, findings)
        asked = asked_cells(session, living, month)
        filled = sum(ref in known for ref in asked)
        results.append(CheckResult(month, tuple(findings), given, filled, len(asked)))
    return results


def observe(session: Session, units: Sequence[OrgUnit], period: Period) -> Observations:
    """All that is known of ``units`` up to ``period``, derived figures of open months included.

    The district has its towns' figures as they handed them in, and computes none of them again.
    """
    ws, catalogue = session.workspace, session.catalogue
    history = (period.year - catalogue.baseline_year) * 12 + period.index
    known = derive.effective(ws, catalogue, units, period, history)
    if session.level is Level.DISTRICT:
        below = {unit.code for unit in catalogue.units.values()} - {unit.code for unit in units}
        for element, columns in values.observe(ws, catalogue, units=below, until=period).by_element():
            for unit, column in columns.items():
                known.put_column(element, unit, dict(column))
        return known
    # What an office below has handed in of an open month stands as it said.
    if others := record.handed_in_from_below(session, [unit.code for unit in units]):
        derived = {element.code for element in catalogue.elements.values() if element.derivation is not None}
        for code, unit, month, content in values.observe(
            ws, catalogue, units=others, until=period, elements=derived
        ).cells():
            known.put(code, unit, month, content)
    return known


def asked_cells(session: Session, units: Sequence[OrgUnit], period: Period) -> list[CellRef]:
    """The cells that have to be filled at the month ``period``: monthly ones, quarterly or yearly ones when one ends,
    期初数 at the plan's first month. Optional and derived ones are not asked."""
    catalogue = session.catalogue
    first = period is Period.month(catalogue.first_year, 1)
    asked = []
    for unit in units:
        for element in catalogue.elements.values():
            if not element.required or not element.asks(unit):
                continue
            due = period.latest(element.frequency)
            if element.derivation is None and due.last_month == period.last_month:
                asked.append(CellRef(unit.code, element.code, due))
            if first and element.baseline:
                asked.append(CellRef(unit.code, element.code, Period.of_year(catalogue.baseline_year)))
    return asked


def give_reason(session: Session, finding: Finding, reason: str) -> None:
    """Explain a soft finding. Raises ``UserError`` ``reason.hard``, ``reason.refused``."""
    give_reasons(session, [finding], reason)


def give_reasons(session: Session, findings: Collection[Finding], reason: str) -> None:
    """Explain several soft findings alike, all or none. Raises as ``give_reason``."""
    for finding in findings:
        if finding.severity is Severity.HARD:
            raise UserError("reason.hard", "这一条必须改正，不能用说明代替。", finding.hint)
        if refused := reasons.refuse_reason(reason, finding.message):
            raise UserError(
                "reason.refused", f"说明不够具体：{refused}", "请写清原因，例如“6户整体拆迁，见镇拆迁办名单”。"
            )
    with session.workspace.transaction("说明"):
        for finding in findings:
            verdicts.give_reason(session.workspace, finding, reason)


def value_text(session: Session, ref: CellRef, value: DataValue | None) -> str:
    """How a cell reads in a sentence: figure with unit, label of a choice, or the stated absence."""
    if value is None:
        return "未填"
    return checks.describe(session.catalogue.elements[ref.element], value)
