"""上报: check, second signature, seal. What is sealed is the whole state of the plan year, so no package needs another.

The month is sealed, the package built and recorded in one transaction; only then does anything go to a stick.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xzdesk.core.errors import UserError
from xzdesk.core.model import CellRef, DataValue, Finding, Level, OrgUnit
from xzdesk.core.periods import Period
from xzdesk.core.progress import SILENT, Progress
from xzdesk.exchange import parts
from xzdesk.exchange.manifest import Kind
from xzdesk.exchange.parts import Part
from xzdesk.services import attach, finding_text, outgoing, record
from xzdesk.services.attach import Attached
from xzdesk.services.check import CheckResult, check_months
from xzdesk.services.incoming import CORRECTIONS_PART, FINDINGS_PART, REGISTER_PREFIX, VALUES_PART
from xzdesk.services.outgoing import Draft, Outgoing
from xzdesk.services.session import Session
from xzdesk.store import attachments, derive, own_edits, register_texts, registers, revisions, users, values, verdicts
from xzdesk.store.connect import Role, Workspace

MONTHS_NAMED = 3
"""More are told by the first and the last."""
REVIEWING: frozenset[Role] = frozenset({Role.REVIEWER, Role.HEAD})


@dataclass(frozen=True, slots=True)
class Signature:
    """The second person, who has just typed the passphrase."""

    name: str
    role: Role


def sign(session: Session, name: str, passphrase: str) -> Signature:
    """Let the second person confirm.

    Raises ``UserError`` ``submit.same_person``, ``submit.not_reviewer``, or as ``keyslots.unlock`` does.
    """
    demand_other_person(session, name)
    try:
        role = users.authenticate(session.workspace, name, passphrase)
    except UserError as error:
        if error.code != "workspace.wrong_passphrase":
            raise
        raise UserError(error.code, f"{name}的口令不对，没有上报。", "请检查大小写和输入法，再试一次。") from None
    if role not in REVIEWING:
        raise UserError(
            "submit.not_reviewer",
            f"{name}的身份是填报人，不能复核。",
            "请由复核人或负责人输入口令；身份可在“用户”里改。",
        )
    return Signature(name, role)


def demand_other_person(session: Session, name: str) -> None:
    """Raises ``UserError`` ``submit.same_person`` when ``name`` is who has unlocked the workspace."""
    if name == session.workspace.user:
        raise UserError("submit.same_person", "填报人和复核人不能是同一个人。", "请由另一位复核人或负责人输入口令。")


def demand_upper(session: Session) -> None:
    """Raises ``UserError`` ``workspace.wrong_kind``, ``partner.not_trusted`` unless there is somebody to submit to."""
    session.require(Level.TOWN, Level.VILLAGE)
    outgoing.partner_of(session, session.office.parent)


def submit(session: Session, period: Period, signature: Signature, progress: Progress = SILENT) -> Outgoing:
    """Seal the month ``period`` for the office above.

    Months of the year that were never handed in are checked and sealed with it. Raises as ``demand_ready`` and
    ``seal_month`` do.
    """
    demand_upper(session)
    findings = demand_ready(session, period, progress)
    return seal_month(session, period, signature, findings, progress)


def demand_ready(session: Session, period: Period, progress: Progress = SILENT) -> list[Finding]:
    """The findings of everything that would be sealed with ``period``, all of them explained.

    Raises ``UserError`` ``submit.earlier_year``, ``submit.hard``, ``submit.unexplained``, ``submit.proposals``.
    """
    progress.tick("正在审核")
    _demand_no_gap(session, period)
    results = check_all(session, period)
    _demand_clean(session, period, results)
    _demand_no_proposals(session, period)
    return [finding for result in results for finding in result.findings]


def seal_month(
    session: Session,
    period: Period,
    signature: Signature,
    findings: Sequence[Finding],
    progress: Progress = SILENT,
) -> Outgoing:
    """From checked and signed to the sealed package recorded in the workspace; ``findings`` are ``demand_ready``'s.

    Raises ``UserError`` ``partner.not_trusted``, those of ``outgoing.seal`` and ``attach.outgoing_parts``.
    """
    ws, catalogue = session.workspace, session.catalogue
    upper = outgoing.partner_of(session, session.office.parent)
    progress.tick("正在封装")
    with ws.transaction(f"上报 {period}"):
        for month, units in unsealed_months(session, period):
            codes = [unit.code for unit in units]
            values.seal(ws, catalogue, codes, month, _derived(session, month, units))
        _settle_corrections(session)
        attached = attach.outgoing_parts(session, [unit.code for unit in session.units])
        draft = _draft(session, period, signature, findings, attached, progress)
        sealed = outgoing.seal(session, upper, draft, progress)
        verdicts.mark_carried(ws, sealed.id, period.year)
        attachments.mark_sent(ws, sealed.id, attached.carried)
    return sealed


def _derived(session: Session, month: Period, units: Sequence[OrgUnit]) -> dict[CellRef, DataValue]:
    """What the registers give for the month; what an office below has handed in of it stands as it said."""
    ws, catalogue = session.workspace, session.catalogue
    computed = derive.compute(ws, catalogue, month, units)
    others = record.handed_in_from_below(session, {unit.code for unit in units})
    said = values.read_cells(ws, catalogue, [ref for ref in computed if ref.unit in others])
    return {ref: value for ref, value in computed.items() if ref not in said}


def _settle_corrections(session: Session) -> None:
    """A month that came back was changed without more ado: a 更正 made before tells the content that now stands."""
    ws = session.workspace
    pending = verdicts.pending_corrections(ws)
    newest = {correction.ref: correction for correction in pending}
    sealed = {correction.ref: correction.before for correction in reversed(pending)}
    edited = own_edits.read(ws, session.catalogue, session.codes)
    refs = [ref for ref in newest if ref not in edited and ref.element in session.catalogue.elements]
    held = values.read_cells(ws, session.catalogue, refs)
    for ref in refs:
        correction, now = newest[ref], held.get(ref)
        if now != correction.after:
            verdicts.drop_pending(ws, ref)
            if now != sealed[ref]:
                verdicts.add_correction(ws, ref, sealed[ref], now, correction.reason)


def unsealed_months(session: Session, period: Period) -> list[tuple[Period, tuple[OrgUnit, ...]]]:
    """Months of ``period``'s year up to it with the units whose figures of that month are still open."""
    lineage, found = session.lineage, []
    for month in period.of_year_so_far():
        sealed = values.sealed_units(session.workspace, month)
        units = tuple(u for u in session.units if u.code not in sealed and lineage.exists(u.code, month))
        if units:
            found.append((month, units))
    return found


def check_all(session: Session, period: Period) -> list[CheckResult]:
    """The checks of everything that would be sealed with ``period``, month by month."""
    months = _months_to_check(session, period)
    return check_months(session, months) if months else []


def _months_to_check(session: Session, period: Period) -> list[tuple[Period, tuple[OrgUnit, ...]]]:
    """The open months, and sealed ones in which something was corrected since they were handed in."""
    wanted = {(month, unit.code) for month, units in unsealed_months(session, period) for unit in units}
    for correction in verdicts.pending_corrections(session.workspace):
        month = correction.ref.period.end_month()
        if month.year >= session.catalogue.first_year:
            wanted.add((month, correction.ref.unit))
    return [
        (month, tuple(unit for unit in session.units if (month, unit.code) in wanted))
        for month in sorted({month for month, _ in wanted})
    ]


def _demand_no_gap(session: Session, period: Period) -> None:
    """A package carries one year: an earlier year that was begun has to be handed in to its end first."""
    first = values.first_sealed(session.workspace)
    if first is None:
        return
    for year in range(first.year, period.year):
        december = Period.month(year, 12)
        for month, _ in unsealed_months(session, december):
            if month >= first:
                raise UserError(
                    "submit.earlier_year",
                    f"{month.label()}还没有上报，或退回后还没有重新上报。",
                    f"一个上报包只含一个年度的数据，请先上报{december.label()}，再上报{period.label()}。",
                )


def _demand_clean(session: Session, period: Period, results: list[CheckResult]) -> None:
    hard = [finding for result in results for finding in result.hard]
    if hard:
        raise UserError(
            "submit.hard",
            f"还有 {len(hard)} 处必须改正的问题，不能上报。第一处：{_told(session, hard[0])}",
            f"请在“审核”里逐条改正后再上报。{_earlier(period, hard)}",
        )
    unexplained = [finding for result in results for finding in result.unexplained]
    if unexplained:
        raise UserError(
            "submit.unexplained",
            f"还有 {len(unexplained)} 处需要说明的问题没有写说明。第一处：{_told(session, unexplained[0])}",
            f"请在“审核”里逐条改正，或写明原因。{_earlier(period, unexplained)}",
        )


def _told(session: Session, finding: Finding) -> str:
    return f"{finding_text.where(session, finding, month=True)}：{finding.message}"


def _earlier(period: Period, findings: Sequence[Finding]) -> str:
    """That other months travel with ``period``, and which of them have something to mend."""
    months = sorted({finding.period for finding in findings if finding.period != period})
    if not months:
        return ""
    named = "、".join(month.label() for month in months)
    if len(months) > MONTHS_NAMED:
        named = f"{months[0].label()}至{months[-1].label()}中的 {len(months)} 个月"
    return f"没有上报过或更正过的月份一并上报，要审核的还有：{named}。"


def _demand_no_proposals(session: Session, period: Period) -> None:
    found = record.proposals(session, period)
    if found:
        cell = found[0].cell
        element, unit = session.catalogue.elements[cell.element], session.catalogue.units[cell.unit]
        raise UserError(
            "submit.proposals",
            f"台账与已上报月份有 {len(found)} 处不一致，例如{unit.name}{cell.period.label()}的“{element.name}”。",
            "请先办理更正并写明理由，或改回台账，再上报。",
        )


def _draft(
    session: Session,
    period: Period,
    signature: Signature,
    findings: Sequence[Finding],
    attached: Attached,
    progress: Progress,
) -> Draft:
    ws, catalogue = session.workspace, session.catalogue
    codes = [unit.code for unit in session.units]
    corrections = verdicts.corrections_of_year(ws, period.year)
    value_rows = values.export(ws, catalogue, codes, period, {c.ref for c in corrections})
    tables = [parts.csv_part(VALUES_PART, parts.VALUES, value_rows)]
    rows = 0
    for code, schema in catalogue.registers.items():
        progress.tick(f"正在封装台账 {schema.title}")
        header, content = registers.export_texts(ws, schema, codes)
        rows += len(content)
        tables.append(parts.joined_part(f"{REGISTER_PREFIX}{code}.csv", header, content, register_texts.SEPARATOR))
    tables.append(
        parts.csv_part(CORRECTIONS_PART, parts.CORRECTIONS, [verdicts.correction_texts(c) for c in corrections])
    )
    tables.append(parts.csv_part(FINDINGS_PART, parts.FINDINGS, _finding_rows(ws, findings)))
    body = {
        "signed_by": {"recorder": ws.user, "reviewer": signature.name, "role": str(signature.role), "at": ws.now()},
        "revisions": revisions.bump(ws, codes),
    }
    totals = {"values": len(value_rows), "rows": rows, "corrections": len(corrections), "findings": len(findings)}
    everything: tuple[Part, ...] = (*tables, *attached.parts)
    return Draft(Kind.SUBMISSION, everything, body, totals, period)


def _finding_rows(ws: Workspace, findings: Sequence[Finding]) -> list[tuple[str, ...]]:
    """The reasons given for the soft findings, for the reader above."""
    raised = {finding.fingerprint for finding in findings}
    return [
        (r.fingerprint, r.rule, r.unit, str(r.period), r.reason, r.given_at, r.given_by)
        for r in verdicts.all_reasons(ws)
        if r.fingerprint in raised
    ]
