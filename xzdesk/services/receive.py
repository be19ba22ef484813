"""接收: any number of packages, each judged, compared, checked and taken in one transaction, or rolled back (dry run).

A dry run does exactly what an import does and then rolls back, so what it says is what will happen. A file that
cannot be used is one line of the answer and stops no other. What the kinds mean is in ``receive_submission`` and
``receive_from_above``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

from xzdesk.core import chain
from xzdesk.core.chain import Action, KeyStatus
from xzdesk.core.errors import UserError
from xzdesk.core.periods import Period
from xzdesk.core.progress import SILENT, Progress
from xzdesk.exchange import trust, unpack
from xzdesk.exchange.manifest import Kind
from xzdesk.exchange.unpack import Opened
from xzdesk.services import enrol, receive_from_above, receive_submission, stick
from xzdesk.services.effects import Effects
from xzdesk.services.session import Session
from xzdesk.store import catalogues, journal, packages, partners, verdicts
from xzdesk.store.packages import Direction, PackageKind, PackageStatus
from xzdesk.store.partners import Partner, PartnerRole
from xzdesk.store.verdicts import ReturnStatus

KINDS: Final = {
    PartnerRole.UPPER: frozenset({Kind.TASK, Kind.RECEIPT}),
    PartnerRole.LOWER: frozenset({Kind.SUBMISSION, Kind.ENROLMENT}),
}


KEPT_BYTES: Final = 64 * 1024 * 1024
"""How much of opened packages is held between the two passes over a stick."""


class Status(StrEnum):
    ACCEPTED = "accepted"
    KNOWN = "known"
    QUARANTINED = "quarantined"
    REFUSED = "refused"
    OWN = "own"
    """Sealed by this office itself: it lies on the stick for somebody else."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """What became (or, in a dry run, would become) of one file."""

    file: str
    status: Status
    code: str
    """Stable: ``chain.normal``, ``chain.fork``, ``package.truncated`` ..."""
    message: str
    hint: str = ""
    kind: Kind | None = None
    id: str = ""
    unit: str = ""
    """Code of the sender."""
    period: Period | None = None
    sequence: int = 0
    missing: tuple[int, int] | None = None
    """First and last number of the sender's chain that have not arrived."""
    effects: Effects = field(default_factory=Effects)


class _DryRunError(Exception):
    """Rolls a dry run back; carries its result."""

    def __init__(self, arrived: Arrived) -> None:
        super().__init__()
        self.arrived = arrived


def receive(
    session: Session, paths: Sequence[Path], *, dry_run: bool = False, progress: Progress = SILENT
) -> list[Arrived]:
    """Take every package of ``paths`` (files, or folders of them), in the order of each sender's chain.

    Raises ``UserError`` only when there is no file at all, and ``Cancelled`` between two files; what was taken before
    stays taken.
    """
    files = stick.package_files(paths)
    results: dict[Path, Arrived] = {}
    order: list[tuple[str, int, int, Path]] = []
    kept = _Kept()
    for number, path in enumerate(files):
        progress.tick("正在读取", number, len(files))
        try:
            data = stick.read_file(path)
            opened = open_for(session, data)
            kept.put(path, data, opened)
            manifest = opened.manifest
            if manifest.sender.key_id in {key.key_id for key in partners.own_keys(session.workspace)}:
                results[path] = _own(path.name, opened)
            else:
                order.append((manifest.sender.unit, manifest.sender.epoch, manifest.sequence, path))
        except UserError as error:
            results[path] = _refused(path.name, error)
    with session.workspace.large_transactions():
        for number, (*_, path) in enumerate(sorted(order)):
            progress.tick("正在核对和接收", number, len(order))
            try:
                data, ready = kept.take(path) or (stick.read_file(path), None)
                results[path] = receive_bytes(session, path.name, data, dry_run=dry_run, opened=ready)
            except UserError as error:
                results[path] = _refused(path.name, error)
    if not dry_run and any(arrived.status is Status.ACCEPTED for arrived in results.values()):
        with session.workspace.transaction("清理不再需要的数据包原件"):
            packages.prune(session.workspace)
    return [results[path] for path in files]


class _Kept:
    """Packages that were opened to see their order and need not be opened again, as far as memory allows.

    One that brought its own key is: by its turn the key may have been trusted.
    """

    def __init__(self) -> None:
        self._room = KEPT_BYTES
        self._packages: dict[Path, tuple[bytes, Opened]] = {}

    def put(self, path: Path, data: bytes, opened: Opened) -> None:
        size = len(data) + sum(len(part.content) for part in opened.parts.values())
        if size <= self._room and opened.signed_by != unpack.CARRIED:
            self._room -= size
            self._packages[path] = data, opened

    def take(self, path: Path) -> tuple[bytes, Opened] | None:
        return self._packages.pop(path, None)


def receive_bytes(
    session: Session, name: str, data: bytes, *, dry_run: bool = False, opened: Opened | None = None
) -> Arrived:
    """Take one package, ``opened`` from ``data`` where that has been done.

    Raises ``UserError`` when it is refused; then nothing has changed.
    """
    opened = opened or open_for(session, data)
    try:
        arrived = _take(session, name, data, opened, dry_run)
    except _DryRunError as done:
        return done.arrived
    finally:
        # What was rolled back may have been a new catalogue.
        session.refresh()
    if arrived.status is Status.ACCEPTED and opened.manifest.kind in KINDS[PartnerRole.UPPER]:
        # Apart from the import: undoing it must not bring a revoked key back.
        receive_from_above.follow_trust_list(session, opened)
    return arrived


def open_for(session: Session, data: bytes) -> Opened:
    """Decrypt with this office's keys and check the signature. Raises ``UserError`` ``package.*``."""
    ws = session.workspace
    identities = [key.box_secret for key in partners.own_keys(ws)]
    if not identities:
        raise RuntimeError("a workspace without own keys")
    candidates = {partner.key_id: partner.sign_public for partner in partners.partners(ws)}
    return unpack.open_package(data, identities, candidates, allow_carried=True)


def release(session: Session, unit: str, *, dry_run: bool = False) -> list[Arrived]:
    """Judge what waits in quarantine from ``unit`` once more, after its key was trusted."""
    waiting = packages.listing(session.workspace, direction=Direction.IN, unit=unit, status=PackageStatus.QUARANTINED)
    results = []
    for record in sorted(waiting, key=lambda record: (record.epoch, record.sequence)):
        data = packages.content(session.workspace, record.id)
        if data is None:
            continue
        try:
            results.append(receive_bytes(session, f"第{record.sequence}包", data, dry_run=dry_run))
        except UserError as error:
            results.append(_refused(f"第{record.sequence}包", error))
    return results


def undo(session: Session, package_id: str) -> None:
    """Take back everything that importing a package changed, exactly; a return of what it brought is withdrawn.

    Raises ``UserError`` ``import.unknown``, ``journal.later_change``.
    """
    ws = session.workspace
    record = packages.find(ws, package_id)
    link = journal.link_that_added(ws, "package", package_id)
    if record is None or link is None or record.direction is not Direction.IN:
        raise UserError("import.unknown", "没有接收过这个数据包。", "请在接收记录里核对编号。")
    with ws.transaction(f"撤销接收 {package_id[:8]}"):
        journal.undo(ws, link)
        resting = [r.id for r in verdicts.listing(ws) if r.package == package_id and r.status in verdicts.STANDING]
        verdicts.set_status(ws, resting, ReturnStatus.WITHDRAWN)
    session.refresh()


def _take(session: Session, name: str, data: bytes, opened: Opened, dry_run: bool) -> Arrived:
    ws, manifest = session.workspace, opened.manifest
    with ws.transaction(f"接收 {manifest.sender.unit} {manifest.kind.label} {opened.id[:8]}"):
        signer = _signer(session, opened)
        held = packages.find(ws, opened.id)
        came = held if held is not None and held.direction is Direction.IN else None
        known = came is not None and came.status not in (PackageStatus.QUARANTINED, PackageStatus.UNDONE)
        head = packages.chain_head(ws, manifest.sender.unit, Direction.IN, manifest.sender.epoch)
        verdict = chain.judge(
            _arrival(opened),
            signer,
            _here(session),
            known=known,
            head=head,
            number_taken=packages.number_taken(ws, manifest.sender.unit, manifest.sender.epoch, manifest.sequence),
        )
        if verdict.action is Action.REFUSE:
            raise verdict.error()
        arrived = Arrived(
            file=name,
            status=_STATUS[verdict.action],
            code=verdict.code,
            message=verdict.message,
            hint=verdict.hint,
            kind=manifest.kind,
            id=opened.id,
            unit=manifest.sender.unit,
            period=Period.parse(manifest.period) if manifest.period else None,
            sequence=manifest.sequence,
            missing=verdict.missing,
        )
        if verdict.action is Action.QUARANTINE:
            _record(session, opened, data, PackageStatus.QUARANTINED, verdict.code)
        elif verdict.action is Action.TAKE:
            arrived = replace(arrived, effects=_apply(session, opened, data))
        if dry_run:
            raise _DryRunError(arrived)
    return arrived


_STATUS: Final = {
    Action.TAKE: Status.ACCEPTED,
    Action.REPEAT: Status.KNOWN,
    Action.QUARANTINE: Status.QUARANTINED,
    Action.REFUSE: Status.REFUSED,
}


def _apply(session: Session, opened: Opened, data: bytes) -> Effects:
    """What the package's kind asks for; within the transaction."""
    manifest = opened.manifest
    if manifest.kind is Kind.ENROLMENT:
        body = trust.read_enrolment(manifest)
        enrol.check_answer(session, body)
        enrol.note_keys(session, body.keys)
        return Effects(notes=("公钥已登记，等待电话核对 30 位数字。",))
    if manifest.kind is Kind.SUBMISSION:
        # Recorded first: what follows refers to the package.
        _record(session, opened, data, PackageStatus.ACCEPTED)
        _advance(session, opened)
        return receive_submission.apply(session, opened)
    _record(session, opened, data, PackageStatus.ACCEPTED)
    _advance(session, opened)
    receive_from_above.check_trust_list(session, opened)
    if manifest.kind is Kind.TASK:
        return receive_from_above.apply_task(session, opened)
    return receive_from_above.apply_receipt(session, opened)


def _signer(session: Session, opened: Opened) -> chain.Signer:
    """The key that signed. One that the package itself carries is trusted when the old one vouches for it, and
    noted as pending when an office below sent it."""
    ws, manifest, record = session.workspace, opened.manifest, opened.carried
    if record is None:
        partner = partners.find_by_key_id(ws, opened.signed_by)
        if partner is None:
            raise RuntimeError("signed by a key that is not held")
        return _known_signer(partner, manifest.kind)
    rotation = trust.read_rotation(manifest)
    old = partners.trusted_key(ws, record.unit)
    if rotation is not None and old is not None and rotation.old_key_id == old.key_id:
        return _known_signer(enrol.follow_rotation(session, old, rotation), manifest.kind)
    unit = session.catalogue.units.get(record.unit)
    if unit is None or unit.parent != session.office.code:
        return chain.Signer(KeyStatus.UNKNOWN)
    if manifest.kind is Kind.ENROLMENT:
        # Taken as it is: noting the key is all that it asks for, and its invitation is checked when applied.
        return chain.Signer(KeyStatus.TRUSTED, record.unit, record.epoch, KINDS[PartnerRole.LOWER])
    if not enrol.expects_keys(session, record):
        return chain.Signer(KeyStatus.UNKNOWN)
    return _known_signer(enrol.note_keys(session, record), manifest.kind)


def _known_signer(partner: Partner, kind: Kind) -> chain.Signer:
    status = KeyStatus(partner.status)
    if kind is Kind.ENROLMENT and status is KeyStatus.PENDING:
        status = KeyStatus.TRUSTED
    return chain.Signer(status, partner.unit, partner.epoch, KINDS[partner.role])


def _arrival(opened: Opened) -> chain.Arrival:
    manifest = opened.manifest
    task = manifest.task if manifest.kind is Kind.SUBMISSION else None
    return chain.Arrival(
        id=opened.id,
        kind=manifest.kind,
        sender=manifest.sender.unit,
        epoch=manifest.sender.epoch,
        receiver=manifest.receiver.unit,
        receiver_key=manifest.receiver.key_id,
        sequence=manifest.sequence,
        previous=manifest.previous,
        task=task.id if task else "",
        catalogue_digest=task.catalogue_digest if task else "",
    )


def _here(session: Session) -> chain.Here:
    ws = session.workspace
    return chain.Here(
        unit=session.office.code,
        key_ids={key.key_id for key in partners.own_keys(ws)},
        tasks={session.catalogue.id: catalogues.digests(ws)},
    )


def _record(session: Session, opened: Opened, data: bytes, status: PackageStatus, cause: str = "") -> None:
    ws, manifest = session.workspace, opened.manifest
    if packages.find(ws, opened.id) is not None:
        packages.set_status(ws, opened.id, status, cause)
        return
    packages.record(
        ws,
        id=opened.id,
        direction=Direction.IN,
        kind=PackageKind(manifest.kind),
        unit=manifest.sender.unit,
        epoch=manifest.sender.epoch,
        sequence=manifest.sequence,
        previous=manifest.previous,
        period=Period.parse(manifest.period) if manifest.period else None,
        status=status,
        cause=cause,
        manifest=opened.manifest_bytes.decode(),
        content=data,
        counts=manifest.totals,
    )


def _advance(session: Session, opened: Opened) -> None:
    sender = opened.manifest.sender
    packages.advance(session.workspace, sender.unit, Direction.IN, sender.epoch, opened.manifest.sequence, opened.id)


def _own(name: str, opened: Opened) -> Arrived:
    return Arrived(
        file=name,
        status=Status.OWN,
        code="package.own",
        message="这是本单位封装的数据包，不用接收。",
        kind=opened.manifest.kind,
        id=opened.id,
        unit=opened.manifest.sender.unit,
        sequence=opened.manifest.sequence,
    )


def _refused(name: str, error: UserError) -> Arrived:
    return Arrived(file=name, status=Status.REFUSED, code=error.code, message=error.message, hint=error.hint)
