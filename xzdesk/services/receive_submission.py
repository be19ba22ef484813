"""Taking a submission: values, corrections, registers, reasons and photographs of the sender's units, then the checks.

Runs within the transaction of ``receive``; the sender's key and place in the chain have been judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

from xzdesk.core import chain, checks
from xzdesk.core.changes import CellDifference, differences
from xzdesk.core.errors import UserError
from xzdesk.core.findings import describe
from xzdesk.core.model import CellRef, DataValue, Finding, Level, OrgUnit, RowRef, Severity
from xzdesk.core.observations import Content, Observations, to_content, to_value
from xzdesk.core.periods import Period
from xzdesk.exchange.parts import read_joined
from xzdesk.exchange.unpack import Opened
from xzdesk.services import attach
from xzdesk.services.effects import Effects, RowCounts
from xzdesk.services.incoming import (
    CORRECTIONS_PART,
    FINDINGS_PART,
    REGISTER_PREFIX,
    VALUES_PART,
    BadRow,
    Values,
    read_corrections,
    read_reasons,
    read_values,
)
from xzdesk.services.session import Session
from xzdesk.store import (
    derive,
    own_edits,
    packages,
    quarantine,
    register_staging,
    register_texts,
    revisions,
    rules,
    values,
    verdicts,
)
from xzdesk.store.packages import Direction, PackageKind, PackageStatus
from xzdesk.store.verdicts import ReturnStatus

SHOWN_ODDITIES: Final = 50
AFTER_RETURN: Final = "下级按退回改正：{}"
HANDED_IN_AGAIN: Final = "本单位上报以后，下级重新上报改变了这一格"
"""Reasons of 更正 that follow from what an office below handed in."""


@dataclass(frozen=True, slots=True)
class _Submission:
    """The package with what its manifest says of the sender's scope."""

    opened: Opened
    office: OrgUnit
    period: Period
    units: tuple[OrgUnit, ...]
    codes: frozenset[str]
    older: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Rows:
    """What the registers' parts brought."""

    counts: Mapping[str, RowCounts]
    bad: list[BadRow]
    moved: set[RowRef]


def apply(session: Session, opened: Opened) -> Effects:
    """Take the submission over. Raises ``UserError`` ``package.*`` when a part as a whole cannot be used."""
    submission = _scope(session, opened)
    ws, catalogue = session.workspace, session.catalogue
    corrections, bad = read_corrections(
        catalogue, opened.parts.get(CORRECTIONS_PART), submission.codes, submission.period, opened.id
    )
    values_part = opened.parts.get(VALUES_PART)
    if values_part is None:
        raise UserError("package.part_missing", "上报包里没有数据值，不能接收。", "请让对方重新封装上报。")
    brought = read_values(
        catalogue, values_part, submission.codes, submission.period, [correction.ref for correction in corrections]
    )
    cells = _take_values(session, submission, brought, [correction.ref for correction in corrections])
    if session.level is Level.TOWN:
        # They go on to the office above with the next package.
        corrections = [replace(correction, package="") for correction in corrections]
    verdicts.take_corrections(ws, corrections)
    _correct(session, cells)
    rows = _take_registers(session, submission)
    bad += [*brought.bad, *rows.bad, *attach.take(session, opened, submission.codes)]
    quarantine.add(ws, opened.id, [(row.part, row.line, row.content, row.cause) for row in bad])
    explained = _take_reasons(session, submission)
    revisions.raise_to(ws, revisions.credible(ws, _revisions(opened), submission.codes))
    _accept_months(session, submission, brought.cells)
    mended = _mend(session, submission, {cell.ref for cell in cells} | rows.moved)
    findings = _check(session, submission)
    return Effects(
        cells=tuple(cells),
        unchanged_cells=brought.count - sum(cell.incoming is not None for cell in cells),
        rows=rows.counts,
        corrections=len(corrections),
        bad_rows=dict(Counter(row.cause for row in bad)),
        findings=tuple(findings),
        explained=frozenset(explained),
        oddities=tuple(_oddities(session, submission, findings, explained)),
        older_units=tuple(sorted(submission.older)),
        mended=mended,
    )


def _scope(session: Session, opened: Opened) -> _Submission:
    catalogue, manifest = session.catalogue, opened.manifest
    office = catalogue.units[manifest.sender.unit]
    period = session.month(manifest.period)
    units = (office, *catalogue.children(office.code))
    codes = frozenset(unit.code for unit in units)
    held = revisions.held(session.workspace, codes)
    incoming = _revisions(opened)
    if any(incoming.get(code, 0) > held[code] + revisions.GAP for code in codes):
        raise UserError(
            "package.revision_leap", "数据包里单位的修订号跳得太多，已拒绝。", "请用通讯录上的号码向对方核实。"
        )
    older = frozenset(
        code for code in codes if chain.judge_revision(held[code], incoming.get(code, 0)) is chain.Precedence.OLDER
    )
    return _Submission(opened, office, period, units, codes, older)


def _revisions(opened: Opened) -> dict[str, int]:
    """Raises ``UserError`` ``package.manifest_invalid``."""
    stated = opened.manifest.body.get("revisions")
    if not isinstance(stated, dict) or not all(type(number) is int and number >= 0 for number in stated.values()):
        raise UserError(
            "package.manifest_invalid", "数据包清单里没有各单位的修订号。", "请让对方升级程序后重新封装上报。"
        )
    return stated


def _take_values(
    session: Session, submission: _Submission, brought: Values, corrected: Collection[CellRef]
) -> list[CellDifference]:
    """Write what differs from the last accepted state; an own edit stays on top until it is agreed with.

    A cell whose row was set apart keeps what is held: it has not been handed in as blank. One of an earlier year is
    blank when it is ``corrected`` and does not come.
    """
    ws, catalogue, incoming = session.workspace, session.catalogue, brought.cells
    apart = {row.content[:3] for row in brought.bad}
    scope = frozenset(values.scope(catalogue, submission.period.year, submission.period))
    edits = own_edits.read(ws, catalogue, submission.codes)
    # 更正 may bring cells of earlier years too; of those years nothing else is compared.
    periods = scope | incoming.periods() | {ref.period for ref in (*edits, *corrected)}
    held = values.observe(ws, catalogue, units=submission.codes, periods=periods)
    mine: dict[CellRef, Content | None] = {}
    for ref, accepted in edits.items():
        mine[ref] = held.get(ref.element, ref.unit, ref.period)
        _put(held, session, ref, accepted)
    found = []
    changes: dict[CellRef, DataValue | None] = {}
    cleared = [
        CellDifference(ref, was, None)
        for ref in dict.fromkeys(corrected)
        if ref.period not in scope and ref.unit not in submission.older and ref not in incoming
        if (was := held.get(ref.element, ref.unit, ref.period)) is not None
    ]
    for difference in [*differences(incoming, held, scope, submission.older), *cleared]:
        ref = difference.ref
        content = difference.incoming
        if content is None and (ref.element, ref.unit, str(ref.period)) in apart:
            continue
        value = None if content is None else to_value(catalogue.elements[ref.element], content)
        if ref not in mine:
            changes[ref] = value
            found.append(difference)
            continue
        if mine[ref] == content:
            own_edits.drop(ws, ref)
        else:
            own_edits.set_accepted(ws, ref, value)
        found.append(CellDifference(ref, difference.accepted, content, mine[ref], edited=True))
    values.write(ws, catalogue, changes)
    return found


def _correct(session: Session, cells: Collection[CellDifference]) -> None:
    """What a package changes at a town in a month that the town has handed in itself is a 更正 of the town's."""
    if session.level is not Level.TOWN:
        return
    ws, elements = session.workspace, session.catalogue.elements
    told = {(correction.ref, correction.after) for correction in verdicts.pending_corrections(ws)}
    changed = [cell for cell in cells if not cell.edited]
    places = {(cell.ref.unit, cell.ref.period) for cell in changed}
    sealed = {place for place in places if values.is_sealed(ws, *place)}
    for cell in changed:
        ref, element = cell.ref, elements[cell.ref.element]
        before, after = (None if c is None else to_value(element, c) for c in (cell.accepted, cell.incoming))
        if (ref.unit, ref.period) in sealed and (ref, after) not in told:
            returned = verdicts.open_for_cell(ws, ref)
            reason = AFTER_RETURN.format(returned.reason) if returned else HANDED_IN_AGAIN
            verdicts.add_correction(ws, ref, before, after, reason)


def _put(observations: Observations, session: Session, ref: CellRef, value: DataValue | None) -> None:
    if value is None:
        observations.discard(ref.element, ref.unit, ref.period)
    else:
        content = to_content(session.catalogue.elements[ref.element], value)
        observations.put(ref.element, ref.unit, ref.period, content)


def _take_registers(session: Session, submission: _Submission) -> _Rows:
    ws, catalogue = session.workspace, session.catalogue
    counts: dict[str, RowCounts] = {}
    bad: list[BadRow] = []
    moved: set[RowRef] = set()
    allowed = submission.codes - submission.older
    for code, schema in catalogue.registers.items():
        name = f"{REGISTER_PREFIX}{code}.csv"
        part = submission.opened.parts.get(name)
        if part is None:
            continue
        header, rows = read_joined(part, register_texts.SEPARATOR)
        staged = register_staging.stage(ws, schema, header, rows, allowed)
        # The stage counts rows, the quarantine lines of the part.
        bad.extend(BadRow(name, row.line + 1, row.cells, row.cause) for row in staged.bad)
        # A deleted row travels as a deleted row; one that the sender does not know at all stays.
        register_staging.apply_staged(ws, staged, remove=False)
        counts[code] = RowCounts(len(staged.new), len(staged.changed), len(staged.removed), staged.unchanged)
        moved.update(RowRef(code, before[0]) for before, _ in staged.changed)
    return _Rows(counts, bad, moved)


def _take_reasons(session: Session, submission: _Submission) -> set[str]:
    reasons = read_reasons(submission.opened.parts.get(FINDINGS_PART), submission.codes)
    verdicts.take_reasons(session.workspace, reasons)
    return {reason.fingerprint for reason in reasons}


def _accept_months(session: Session, submission: _Submission, incoming: Observations) -> None:
    """At the district an accepted month is sealed: its figures move by packages and 更正 alone.

    A town's own submission seals its villages' months.
    """
    if session.level is not Level.DISTRICT:
        return
    present: dict[Period, set[str]] = {month: set() for month in submission.period.of_year_so_far()}
    for _, columns in incoming.by_element():
        for unit, column in columns.items():
            for period in column.keys() & present.keys():
                present[period].add(unit)
    for month, units in present.items():
        values.seal(session.workspace, session.catalogue, units - submission.older, month, {})


def _mend(session: Session, submission: _Submission, changed: Collection[CellRef | RowRef]) -> int:
    """Returns of places that the package changed count as mended; the others stand."""
    ws = session.workspace
    standing = [r for r in verdicts.listing(ws, submission.office.code) if r.status in verdicts.STANDING]
    mended = [r.id for r in standing if r.place in changed]
    return verdicts.set_status(ws, mended, ReturnStatus.MENDED)


def _check(session: Session, submission: _Submission) -> list[Finding]:
    ws, catalogue = session.workspace, session.catalogue
    history = values.observe(ws, catalogue, units=submission.codes, until=submission.period)
    lineage = session.lineage
    living = [unit for unit in submission.units if lineage.exists(unit.code, submission.period)]
    findings = checks.check_values(catalogue, history, living, submission.period, lineage)
    findings += rules.violations(ws, catalogue, living, submission.period)
    return sorted(findings, key=lambda f: (f.severity is Severity.SOFT, f.unit, f.rule, str(f.place)))


def _oddities(
    session: Session, submission: _Submission, findings: Collection[Finding], explained: Collection[str]
) -> list[str]:
    """What an honest program below cannot have sent, and derived figures that the registers do not give."""
    ws, catalogue, period = session.workspace, session.catalogue, submission.period
    odd = _year_left_open(session, submission)
    hard = sum(finding.severity is Severity.HARD for finding in findings)
    if hard:
        odd.append(f"有 {hard} 处必须改正的问题，对方的程序本应拦下。")
    unexplained = sum(
        finding.severity is Severity.SOFT and finding.fingerprint not in explained for finding in findings
    )
    if unexplained:
        odd.append(f"有 {unexplained} 处需要说明的问题没有说明。")
    units = [unit for unit in submission.units if unit.code not in submission.older]
    computed: Mapping[CellRef, DataValue] = derive.compute(ws, catalogue, period, units)
    stated = values.read(ws, catalogue, units=[u.code for u in units], periods={ref.period for ref in computed})
    for ref, value in sorted(computed.items()):
        told = stated.get(ref)
        if told is not None and told != value and told.state is value.state:
            element, unit = catalogue.elements[ref.element], catalogue.units[ref.unit]
            odd.append(
                f"{unit.name}{ref.period.label()}“{element.name}”报 {describe(element, told)}，"
                f"按随包台账应为 {describe(element, value)}。"
            )
    return odd[:SHOWN_ODDITIES]


def _year_left_open(session: Session, submission: _Submission) -> list[str]:
    """A package holds one year: with the last one of the year before, figures that no later one repeats are lost."""
    december = Period.month(submission.period.year - 1, 12)
    taken = packages.listing(
        session.workspace,
        direction=Direction.IN,
        unit=submission.office.code,
        kind=PackageKind.SUBMISSION,
        status=PackageStatus.ACCEPTED,
    )
    begun = {record.period for record in taken if record.period and record.period.year == december.year}
    earlier_ones_lost = len(taken) == 1 and submission.opened.manifest.sequence > 1
    if december in begun or december.year < session.catalogue.first_year or not (begun or earlier_ones_lost):
        return []
    month = december.label()
    return [
        f"没有收到过{submission.office.name}{month}的上报包，{december.year}年的数据可能不全，请让对方再上报一次{month}。"
    ]
