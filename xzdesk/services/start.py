"""Making a workspace: the district's from a catalogue, everybody else's from an invitation. Keys never leave it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from xzdesk.core.errors import UserError
from xzdesk.core.model import Catalogue
from xzdesk.exchange import keys
from xzdesk.exchange.keys import RecoveryPaper
from xzdesk.services.session import Session
from xzdesk.store import catalogues, connect, keyslots, partners, registers, settings
from xzdesk.store.connect import Clock, Role, Workspace, utc_now
from xzdesk.store.partners import OwnKey

RECOVERY_SLOT = "recovery"


@dataclass(frozen=True, slots=True)
class Started:
    """A new workspace, open, and the recovery key that now exists nowhere but in ``paper``."""

    session: Session
    paper: RecoveryPaper = field(repr=False)


def create(
    path: Path,
    *,
    unit: str,
    catalogue: Catalogue,
    user: str,
    passphrase: str,
    epoch: int = 1,
    clock: Clock = utc_now,
) -> Started:
    """Make the workspace of the office ``unit`` with its keys, its catalogue and its first user (负责人).

    On any failure nothing is left. Raises ``UserError`` as ``store.connect.create``, ``start.unit_unknown``.
    """
    if unit not in catalogue.units:
        raise UserError("start.unit_unknown", "指标目录里没有这个单位。", "请核对单位代码。")
    paper = keys.new_recovery_paper()
    workspace = connect.create(
        path, user=user, passphrase=passphrase, meta={settings.OFFICE.key: unit}, role=Role.HEAD, clock=clock
    )
    try:
        with workspace.transaction("建立单位"):
            catalogues.install(workspace, catalogue)
            partners.set_recovery_recipient(workspace, paper.recipient)
            make_keys(workspace, epoch)
        registers.ensure_tables(workspace, catalogue)
        slots = keyslots.read(keyslots.slots_path(path))
        keyslots.put_recipient(slots, RECOVERY_SLOT, paper.recipient, workspace.data_key)
        keyslots.write(slots)
        return Started(Session(workspace), paper)
    except BaseException:
        workspace.close()
        connect.remove(path)
        raise


def make_keys(ws: Workspace, epoch: int | None = None) -> OwnKey:
    """New keys of this office, in use from now on; ``epoch`` None: the next one. Call within a transaction."""
    pair = keys.new_keys()
    return partners.add_own_key(
        ws,
        key_id=pair.key_id,
        sign_seed=pair.sign_seed,
        sign_public=pair.sign_public,
        box_secret=pair.box_secret,
        box_public=pair.box_public,
        epoch=epoch,
    )


def prove_recovery(session: Session, typed: str) -> None:
    """The trial: what was typed from the paper opens this workspace's data key.

    Raises ``UserError`` ``recovery.*``. Before it, no package is sealed at the district (``demand_proved``).
    """
    secret = keys.read_paper(typed).secret
    slots = keyslots.read(keyslots.slots_path(session.workspace.path))
    if keyslots.unlock_with_identity(slots, secret) != session.workspace.data_key:
        raise UserError("recovery.wrong_key", "这张恢复密钥不是这个工作库的。", "请核对纸面上的单位名称和日期。")
    with session.workspace.transaction("恢复密钥已试用"):
        settings.put(session.workspace, settings.RECOVERY_PROVED, True)


def demand_proved(session: Session) -> None:
    """Raises ``UserError`` ``recovery.unproved``."""
    if not settings.get(session.workspace, settings.RECOVERY_PROVED):
        raise UserError(
            "recovery.unproved",
            "纸质恢复密钥还没有试用过，不能开出数据包。",
            "请照打印件把恢复密钥输入一遍（recover --prove），确认看得清、输得对。",
        )
