"""Keys: this office's own, those of the offices above and below, and the trust list that makes decisions known.

A key of another office begins as pending and is trusted by a decision (after the 30-digit number was compared by
phone) or by a newer trust list of the office above. The private halves of our own keys never leave the workspace
and never show in a ``repr``. The numbers read by phone are computed in ``exchange``; here they are text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from xzdesk.core.errors import UserError
from xzdesk.store.settings import read_meta, write_meta
from xzdesk.store.writing import demand_transaction

if TYPE_CHECKING:
    from xzdesk.store.connect import Workspace


class PartnerRole(StrEnum):
    UPPER = "upper"
    LOWER = "lower"


class PartnerStatus(StrEnum):
    PENDING = "pending"
    TRUSTED = "trusted"
    REVOKED = "revoked"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class OwnKey:
    """One key pair of this office for signing and one for receiving; the highest epoch is in use."""

    epoch: int
    key_id: str
    sign_seed: bytes = field(repr=False)
    sign_public: bytes
    box_secret: str = field(repr=False)
    box_public: str
    created_at: str


@dataclass(frozen=True, slots=True)
class Partner:
    """One key of another office."""

    key_id: str
    unit: str
    epoch: int
    suite: int
    sign_public: bytes
    box_publics: tuple[str, ...]
    """To whom packages for this office are encrypted: its own recipient and, at the district, its deputies'."""
    role: PartnerRole
    status: PartnerStatus
    number: str
    """The 30-digit number to compare; empty when the key came by a trust list."""
    trusted_at: str | None
    """When it was first trusted; None: never."""
    decided_at: str | None
    decided_by: str | None


@dataclass(frozen=True, slots=True)
class TrustEntry:
    """One line of the trust list that an office sends to those below it."""

    unit: str
    key_id: str
    epoch: int
    suite: int
    sign_public: bytes
    box_publics: tuple[str, ...]
    status: PartnerStatus
    """Never pending."""


@dataclass(frozen=True, slots=True)
class TrustApplied:
    """What a trust list of the office above has changed here."""

    version: int
    """The version now held."""
    changed: tuple[Partner, ...]
    """Keys of the office above that were added or changed, as they now stand."""
    about_us: tuple[TrustEntry, ...]
    """What the list says of this office's own keys, for the service to show."""


TRUST_VERSION: Final = "trust.version"
"""Meta key: version of the list that this office issues."""

UPPER_TRUST_VERSION: Final = "trust.upper_version"
"""Meta key: version of the newest list applied from the office above."""

EXTRA_RECIPIENTS: Final = "recipients.extra"
"""Meta key: JSON list of further recipients of packages to this office (chief, deputy)."""

RECOVERY_RECIPIENT: Final = "recipients.recovery"
"""Meta key: the recipient whose secret exists on paper only."""

SUITE: Final = 1
"""Of this office's own keys."""

RECIPIENTS_MAX: Final = 7
"""Of one office. With the sender's own and the recovery recipient a header stays below its 16 stanzas."""

_OWN_COLUMNS: Final = "epoch, key_id, sign_seed, sign_public, box_secret, box_public, created_at"
_COLUMNS: Final = (
    "key_id, unit, epoch, suite, sign_public, box_publics, role, status, number, trusted_at, decided_at, decided_by"
)

_ADD_OWN: Final = f"INSERT INTO own_key ({_OWN_COLUMNS}) VALUES (?,?,?,?,?,?,?)"  # noqa: S608 - constants
_OWN_KEYS: Final = f"SELECT {_OWN_COLUMNS} FROM own_key ORDER BY epoch DESC"  # noqa: S608 - constants
_ADD: Final = f"INSERT INTO partner ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"  # noqa: S608 - constants
_IS_TRUSTED: Final = "SELECT 1 FROM partner WHERE unit = ? AND status = 'trusted'"
_FIND: Final = f"SELECT {_COLUMNS} FROM partner WHERE key_id = ?"  # noqa: S608 - constants

_LISTING: Final = f"""
SELECT {_COLUMNS} FROM partner
WHERE (:role IS NULL OR role = :role) AND (:status IS NULL OR status = :status) AND (:unit IS NULL OR unit = :unit)
ORDER BY unit, epoch DESC, key_id
"""  # noqa: S608 - constants

_CHANGE: Final = """
UPDATE partner SET box_publics = ?, status = ?, number = ?, trusted_at = ?, decided_at = ?, decided_by = ?
WHERE key_id = ?
"""

_NEWEST_TRUSTED: Final = "SELECT max(epoch) FROM partner WHERE unit = ? AND role = ? AND trusted_at IS NOT NULL"


def own_keys(ws: Workspace) -> tuple[OwnKey, ...]:
    """Newest first; empty before the office has made its first."""
    return tuple(
        OwnKey(epoch, key_id, seed, public, secret.decode(), box_public, created_at)
        for epoch, key_id, seed, public, secret, box_public, created_at in ws.db.execute(_OWN_KEYS)
    )


def add_own_key(
    ws: Workspace,
    *,
    key_id: str,
    sign_seed: bytes,
    sign_public: bytes,
    box_secret: str,
    box_public: str,
    epoch: int | None = None,
) -> OwnKey:
    """Take a new key pair into use and return it; the trust list's version rises.

    ``epoch``: what the invitation asks for (a replaced PC begins above its predecessor); None: the next one.
    ``RuntimeError`` when it does not rise.
    """
    demand_transaction(ws)
    held = own_keys(ws)
    newest = held[0].epoch if held else 0
    epoch = newest + 1 if epoch is None else epoch
    if epoch <= newest:
        raise RuntimeError(f"own keys are at epoch {newest}: {epoch} does not follow")
    key = OwnKey(epoch, key_id, sign_seed, sign_public, box_secret, box_public, ws.now())
    row = (epoch, key_id, sign_seed, sign_public, box_secret.encode(), box_public, key.created_at)
    ws.db.execute(_ADD_OWN, row)
    _raise_trust_version(ws)
    return key


def partners(
    ws: Workspace,
    role: PartnerRole | None = None,
    status: PartnerStatus | None = None,
    *,
    unit: str | None = None,
) -> tuple[Partner, ...]:
    """Keys of other offices by unit, the newest epoch first."""
    return tuple(_of_row(row) for row in ws.db.execute(_LISTING, {"role": role, "status": status, "unit": unit}))


def find_by_key_id(ws: Workspace, key_id: str) -> Partner | None:
    row = ws.db.execute(_FIND, (key_id,)).fetchone()
    return None if row is None else _of_row(row)


def trusted_key(ws: Workspace, unit: str) -> Partner | None:
    """The one key of ``unit`` that is trusted now: for checking its packages and sealing to it."""
    found = partners(ws, status=PartnerStatus.TRUSTED, unit=unit)
    return found[0] if found else None


def is_trusted(ws: Workspace, unit: str) -> bool:
    """Whether ``trusted_key`` would find one; asked at every saved cell."""
    return ws.db.conn.execute(_IS_TRUSTED, (unit,)).fetchone() is not None


def next_epoch(ws: Workspace, unit: str) -> int:
    """What an invitation asks ``unit`` to begin with: above every epoch ever seen of it."""
    seen = ws.db.execute("SELECT max(epoch) FROM partner WHERE unit = ?", (unit,)).fetchone()[0]
    return (seen or 0) + 1


def add_pending(
    ws: Workspace,
    *,
    key_id: str,
    unit: str,
    epoch: int,
    suite: int,
    sign_public: bytes,
    box_publics: Sequence[str],
    role: PartnerRole,
    number: str,
) -> Partner:
    """Note a key that waits for its number to be compared, beside whatever the unit has trusted so far.

    The same key again changes nothing, whatever has been decided of it; while it is pending, its recipients and
    number follow the newest file (the number covers them). ``UserError`` ``partner.key_conflict`` when the id is
    held with another unit, epoch or public key, or a decided one with other recipients.
    """
    demand_transaction(ws)
    offered = _undecided(key_id, unit, epoch, suite, sign_public, tuple(box_publics), role, number)
    held = find_by_key_id(ws, key_id)
    if held is None:
        ws.db.execute(_ADD, _to_row(offered))
        return offered
    if not _same_key(held, offered) or (
        held.status is not PartnerStatus.PENDING and held.box_publics != offered.box_publics
    ):
        raise _conflict(unit)
    if held.status is PartnerStatus.PENDING and held != offered:
        _change(ws, offered)
        return offered
    return held


def decide(ws: Workspace, key_id: str, status: PartnerStatus) -> Partner:
    """Trust or revoke a key; the trust list's version rises, unless the key has that status already.

    Trusting marks the unit's key trusted so far as replaced. ``UserError``: ``partner.unknown``;
    ``partner.revoked`` (revoked for good); ``partner.older_epoch`` (the unit has been trusted with this or a
    higher epoch). ``RuntimeError`` for a status that is not decided by hand (pending, replaced).
    """
    demand_transaction(ws)
    if status not in (PartnerStatus.TRUSTED, PartnerStatus.REVOKED):
        raise RuntimeError(f"{status} is not decided by hand")
    held = find_by_key_id(ws, key_id)
    if held is None:
        raise UserError("partner.unknown", "没有找到这把密钥。", "请先读入该单位的开通回复文件。")
    if held.status is status:
        return held
    if held.status is PartnerStatus.REVOKED:
        raise UserError(
            "partner.revoked",
            f"{held.unit}的这把密钥已经作废，不能再启用。",
            "请重新给该单位开具开通包，换用新密钥后再电话核对。",
        )
    if status is PartnerStatus.REVOKED:
        decided = _settle(ws, held, status)
    else:
        # Packages of one epoch form one chain: a second key may never share it, nor may an old one come back.
        newest = _newest_trusted(ws, held)
        if held.epoch <= newest:
            raise UserError(
                "partner.older_epoch",
                f"{held.unit}已启用过第{newest}代密钥，不能再启用第{held.epoch}代。",
                "请重新给该单位开具开通包，由它换用新一代密钥。",
            )
        decided = _trust(ws, held)[-1]
    _raise_trust_version(ws)
    return decided


def trust_version(ws: Workspace) -> int:
    """Version of the list that this office issues; 0 before its first decision."""
    return int(read_meta(ws, TRUST_VERSION) or 0)


def upper_trust_version(ws: Workspace) -> int:
    """Version of the newest list applied from the office above; 0: none."""
    return int(read_meta(ws, UPPER_TRUST_VERSION) or 0)


def trust_list(ws: Workspace, own_unit: str) -> tuple[TrustEntry, ...]:
    """What this office's packages tell those below: its own keys, then every decided key of the offices below."""
    own = tuple(
        TrustEntry(
            unit=own_unit,
            key_id=key.key_id,
            epoch=key.epoch,
            suite=SUITE,
            sign_public=key.sign_public,
            box_publics=recipients(ws) if place == 0 else (key.box_public,),
            status=PartnerStatus.TRUSTED if place == 0 else PartnerStatus.REPLACED,
        )
        for place, key in enumerate(own_keys(ws))
    )
    lower = (p for p in partners(ws, PartnerRole.LOWER) if p.status is not PartnerStatus.PENDING)
    return own + tuple(
        TrustEntry(p.unit, p.key_id, p.epoch, p.suite, p.sign_public, p.box_publics, p.status) for p in lower
    )


def apply_trust_list(
    ws: Workspace, entries: Iterable[TrustEntry], version: int, *, upper_unit: str, own_unit: str
) -> TrustApplied:
    """Follow a trust list of ``upper_unit``, whose signature the caller has checked.

    Give it a transaction of its own: undoing an import must not bring a revoked key back. An older version than the
    held one changes nothing; the same again finds everything done. Only keys of the office above itself are changed:
    a higher epoch it trusts is trusted and replaces the one so far, what it revokes is revoked for good, its
    recipients are taken over. About the offices below us it has no say. ``UserError`` ``partner.key_conflict`` when
    an entry disagrees with a held key about its unit, epoch or public key.
    """
    demand_transaction(ws)
    held_version = upper_trust_version(ws)
    if version < held_version:
        return TrustApplied(held_version, (), ())
    listed = sorted(entries, key=lambda entry: entry.epoch)
    changed: dict[str, Partner] = {}
    for entry in listed:
        if entry.unit == upper_unit:
            changed |= {partner.key_id: partner for partner in _follow(ws, entry)}
    if version > held_version:
        write_meta(ws, UPPER_TRUST_VERSION, str(version))
    return TrustApplied(version, tuple(changed.values()), tuple(e for e in listed if e.unit == own_unit))


def check_trust_list(ws: Workspace, entries: Iterable[TrustEntry], *, upper_unit: str) -> None:
    """Raises ``UserError`` ``partner.key_conflict`` where ``apply_trust_list`` would."""
    for entry in entries:
        held = find_by_key_id(ws, entry.key_id) if entry.unit == upper_unit else None
        if held is not None and not _same_key(held, _listed(entry)):
            raise _conflict(entry.unit)


def _listed(entry: TrustEntry) -> Partner:
    e = entry
    return _undecided(e.key_id, e.unit, e.epoch, e.suite, e.sign_public, e.box_publics, PartnerRole.UPPER, "")


def _follow(ws: Workspace, entry: TrustEntry) -> list[Partner]:
    """The keys that one entry on the office above changes."""
    listed = _listed(entry)
    held = find_by_key_id(ws, entry.key_id)
    if held is None:
        if entry.status is not PartnerStatus.TRUSTED or entry.epoch <= _newest_trusted(ws, listed):
            return []
        ws.db.execute(_ADD, _to_row(listed))
        return _trust(ws, listed)
    if not _same_key(held, listed):
        raise _conflict(entry.unit)
    wanted = replace(held, box_publics=entry.box_publics)
    if held.status is PartnerStatus.REVOKED or held == replace(wanted, status=entry.status):
        return []
    if held.status is entry.status:
        _change(ws, wanted)
        return [wanted]
    if entry.status is not PartnerStatus.TRUSTED:
        return [_settle(ws, wanted, entry.status)]
    return [] if held.epoch <= _newest_trusted(ws, held) else _trust(ws, wanted)


def recipients(ws: Workspace) -> tuple[str, ...]:
    """To whom packages for this office are encrypted: its key in use, chief and deputies, the paper recovery key.

    Empty without a key.
    """
    own = tuple(key.box_public for key in own_keys(ws)[:1])
    recovery = recovery_recipient(ws)
    return (*own, *json.loads(read_meta(ws, EXTRA_RECIPIENTS) or "[]"), *([recovery] if own and recovery else []))


def set_extra_recipients(ws: Workspace, extra: Sequence[str]) -> None:
    """Name the further recipients of packages to this office; the offices below learn it by the trust list.

    ``UserError`` ``recipients.too_many`` above ``RECIPIENTS_MAX`` with the office's own.
    """
    demand_transaction(ws)
    named = list(dict.fromkeys(extra))
    if len(named) + 2 > RECIPIENTS_MAX:
        raise UserError(
            "recipients.too_many",
            f"收件人最多 {RECIPIENTS_MAX} 个（含本单位密钥和恢复密钥），现有 {len(named) + 2} 个。",
            "请减少收件人后重试。",
        )
    write_meta(ws, EXTRA_RECIPIENTS, json.dumps(named))
    _raise_trust_version(ws)


def recovery_recipient(ws: Workspace) -> str | None:
    """The recipient whose secret exists on paper only; None before it has been set up."""
    return read_meta(ws, RECOVERY_RECIPIENT)


def set_recovery_recipient(ws: Workspace, recipient: str) -> None:
    demand_transaction(ws)
    write_meta(ws, RECOVERY_RECIPIENT, recipient)


def _newest_trusted(ws: Workspace, partner: Partner) -> int:
    """The highest epoch of the partner's office that was ever trusted; 0: none."""
    return int(ws.db.execute(_NEWEST_TRUSTED, (partner.unit, partner.role)).fetchone()[0] or 0)


def _trust(ws: Workspace, partner: Partner) -> list[Partner]:
    """Trust a key; what it replaces comes first in the answer."""
    former = partners(ws, partner.role, PartnerStatus.TRUSTED, unit=partner.unit)
    replaced = [_settle(ws, each, PartnerStatus.REPLACED) for each in former]
    return [*replaced, _settle(ws, partner, PartnerStatus.TRUSTED)]


def _settle(ws: Workspace, partner: Partner, status: PartnerStatus) -> Partner:
    now = ws.now()
    trusted_at = now if status is PartnerStatus.TRUSTED else partner.trusted_at
    settled = replace(partner, status=status, trusted_at=trusted_at, decided_at=now, decided_by=ws.user)
    _change(ws, settled)
    return settled


def _change(ws: Workspace, partner: Partner) -> None:
    p = partner
    decision = (p.trusted_at, p.decided_at, p.decided_by)
    ws.db.execute(_CHANGE, (json.dumps(p.box_publics), p.status, p.number, *decision, p.key_id))


def _undecided(
    key_id: str,
    unit: str,
    epoch: int,
    suite: int,
    sign_public: bytes,
    box_publics: tuple[str, ...],
    role: PartnerRole,
    number: str,
) -> Partner:
    pending = PartnerStatus.PENDING
    return Partner(key_id, unit, epoch, suite, sign_public, box_publics, role, pending, number, None, None, None)


def _same_key(held: Partner, offered: Partner) -> bool:
    def identity(partner: Partner) -> tuple[object, ...]:
        return partner.unit, partner.epoch, partner.suite, partner.sign_public, partner.role

    return identity(held) == identity(offered)


def _conflict(unit: str) -> UserError:
    return UserError(
        "partner.key_conflict",
        f"文件中{unit}的密钥与已登记的不一致，没有采用。",
        "请不要使用这个文件，用通讯录上的号码向对方核实；确需更换的，重新开具开通包。",
    )


def _raise_trust_version(ws: Workspace) -> None:
    write_meta(ws, TRUST_VERSION, str(trust_version(ws) + 1))


def _to_row(partner: Partner) -> tuple[Any, ...]:
    p = partner
    key = (p.key_id, p.unit, p.epoch, p.suite, p.sign_public, json.dumps(p.box_publics))
    return (*key, p.role, p.status, p.number, p.trusted_at, p.decided_at, p.decided_by)


def _of_row(row: tuple[Any, ...]) -> Partner:
    key_id, unit, epoch, suite, sign_public, box_publics, role, status, number, *decision = row
    trusted_at, decided_at, decided_by = decision
    return Partner(
        key_id=key_id,
        unit=unit,
        epoch=epoch,
        suite=suite,
        sign_public=sign_public,
        box_publics=tuple(json.loads(box_publics)),
        role=PartnerRole(role),
        status=PartnerStatus(status),
        number=number,
        trusted_at=trusted_at,
        decided_at=decided_at,
        decided_by=decided_by,
    )
