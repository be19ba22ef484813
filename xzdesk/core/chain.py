"""The judge of arriving packages: what may be done with one, given what was known before it came.

Pure: no files, keys or clock, and nothing is changed here. Signatures have been checked before (exchange/unpack.py);
what the verdict asks for is done by the services, in one transaction. Clocks decide nothing.
The table is that of docs/package-format.md, section 8.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from xzdesk.core.errors import UserError

SEQUENCE_GAP: Final = 1_000
"""So many packages may be missing between the head and the next one."""

UNCHAINED: Final = frozenset({"invitation", "enrolment"})
"""Kinds outside the chain: they are answered by a phone call, not by an order."""

TASKED: Final = frozenset({"submission"})
"""Kinds that answer a task and have to say which."""


class KeyStatus(StrEnum):
    """What has been decided of the key that signed."""

    UNKNOWN = "unknown"
    PENDING = "pending"
    TRUSTED = "trusted"
    REPLACED = "replaced"
    REVOKED = "revoked"


class Action(StrEnum):
    TAKE = "take"
    """Apply it and write a receipt."""
    REPEAT = "repeat"
    """Change nothing; write the same receipt again."""
    QUARANTINE = "quarantine"
    """Keep it, apply nothing, show it until somebody decides."""
    REFUSE = "refuse"
    """Keep nothing."""


class Outcome(StrEnum):
    """A row of the table; also the last part of a ``UserError``'s code (``chain.fork``)."""

    KNOWN = "known"
    NORMAL = "normal"
    GAP = "gap"
    LEAP = "leap"
    FORK = "fork"
    LATE = "late"
    INCONSISTENT = "inconsistent"
    KEY_UNKNOWN = "key_unknown"
    KEY_PENDING = "key_pending"
    KEY_REPLACED = "key_replaced"
    KEY_REVOKED = "key_revoked"
    WRONG_SENDER = "wrong_sender"
    WRONG_KIND = "wrong_kind"
    WRONG_RECEIVER = "wrong_receiver"
    WRONG_RECEIVER_KEY = "wrong_receiver_key"
    WRONG_TASK = "wrong_task"


class Head(Protocol):
    """The newest package taken from one sender in one epoch."""

    @property
    def sequence(self) -> int: ...

    @property
    def id(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a package says of itself, from its signed manifest."""

    id: str
    kind: str
    sender: str
    """Unit code."""
    epoch: int
    receiver: str
    """Unit code."""
    receiver_key: str
    """Key id, or empty."""
    sequence: int
    previous: str
    """Id of the package before it, or empty for the first."""
    task: str = ""
    """Task id, or empty."""
    catalogue_digest: str = ""


@dataclass(frozen=True, slots=True)
class Signer:
    """The key whose signature was found good. ``unit`` and ``epoch`` are those under which it is registered."""

    status: KeyStatus
    unit: str = ""
    epoch: int = 0
    kinds: Collection[str] = ()
    """What an office in its place may send us: ``task`` and ``receipt`` from above, ``submission`` from below."""


@dataclass(frozen=True, slots=True)
class Here:
    """The receiving office."""

    unit: str
    key_ids: Collection[str]
    """Of all its own keys, old ones too."""
    tasks: Mapping[str, Collection[str]] | None = None
    """Digests of the catalogues under which each task is answered, by task id; None: any task will do."""


@dataclass(frozen=True, slots=True)
class Verdict:
    outcome: Outcome
    action: Action
    message: str
    hint: str = ""
    missing: tuple[int, int] | None = None
    """First and last number that have not arrived."""

    @property
    def code(self) -> str:
        return f"chain.{self.outcome}"

    def error(self) -> UserError:
        """The verdict as something to raise; for a refusal."""
        return UserError(self.code, self.message, self.hint)


class Precedence(StrEnum):
    """Which of two states of the same unit or row is the newer one."""

    NEWER = "newer"
    SAME = "same"
    OLDER = "older"


def judge_revision(held: int | None, incoming: int) -> Precedence:
    """Compare the revisions of a village or row. ``OLDER`` never overwrites; ``held`` None: nothing is held."""
    if held is None or incoming > held:
        return Precedence.NEWER
    return Precedence.SAME if incoming == held else Precedence.OLDER


def judge(
    arrival: Arrival, signer: Signer, here: Here, *, known: bool, head: Head | None, number_taken: bool = True
) -> Verdict:
    """What to do with a package.

    ``known``: this id was taken before (what only waits in quarantine is judged anew). ``head``: of the chain of this
    sender and epoch, None before its first package. ``number_taken``: whether some package with this number was taken
    from this sender in this epoch; it only decides how an old number is explained.
    """
    if known:
        return Verdict(
            Outcome.KNOWN, Action.REPEAT, "这个数据包以前已经接收，本次没有改动任何数据。", "可以重新写出回执。"
        )
    return (
        _refused(arrival, signer, here)
        or _leap(arrival, head)
        or _waits(arrival, signer, here)
        or _in_order(arrival, head, number_taken)
    )


def _refused(arrival: Arrival, signer: Signer, here: Here) -> Verdict | None:
    if signer.status is KeyStatus.UNKNOWN:
        return _refuse(
            Outcome.KEY_UNKNOWN,
            "数据包的签名密钥没有在本机登记，已拒绝。",
            "请先给对方开具开通包，并用通讯录上的号码电话核对。",
        )
    if signer.unit != arrival.sender or signer.epoch != arrival.epoch:
        return _refuse(
            Outcome.WRONG_SENDER,
            "数据包写的上报单位与签名密钥登记的单位不一致，已拒绝。",
            "请不要使用这个文件，并用通讯录上的号码向对方核实。",
        )
    if signer.status is KeyStatus.REVOKED:
        return _refuse(
            Outcome.KEY_REVOKED,
            "数据包用已经作废的密钥签名，已拒绝。",
            "请对方换用新密钥后重新写一份；如果对方并不知情，请报告区专班办公室。",
        )
    if arrival.receiver != here.unit:
        return _refuse(
            Outcome.WRONG_RECEIVER, "这个数据包是发给别的单位的，已拒绝。", "请核对U盘，把数据包交给它写明的收件单位。"
        )
    if arrival.kind not in signer.kinds:
        return _refuse(
            Outcome.WRONG_KIND, "对方单位不能向本单位发送这一类数据包，已拒绝。", "请核对U盘里的文件是不是拿错了。"
        )
    first = arrival.sequence == 1
    if arrival.sequence < 1 or first != (arrival.previous == "") or (arrival.kind in UNCHAINED and not first):
        return _refuse(
            Outcome.INCONSISTENT, "数据包的编号与它写的上一包自相矛盾，已拒绝。", "请让对方升级程序后重新写一份。"
        )
    return None


def _leap(arrival: Arrival, head: Head | None) -> Verdict | None:
    last = head.sequence if head is not None else 0
    if arrival.kind in UNCHAINED or arrival.sequence - last - 1 <= SEQUENCE_GAP:
        return None
    return _refuse(
        Outcome.LEAP,
        f"数据包编号是第 {arrival.sequence} 包，而本机只收到第 {last} 包，跳过太多，已拒绝。",
        "请用通讯录上的号码向对方核实；正常的数据包不会跳过这么多编号。",
    )


def _waits(arrival: Arrival, signer: Signer, here: Here) -> Verdict | None:
    if signer.status is KeyStatus.PENDING:
        return _quarantine(
            Outcome.KEY_PENDING,
            "对方的密钥还没有经过电话核对，数据包先放在隔离区，没有采用。",
            "请用通讯录上的号码打给对方，输入对方读出的30位数字；核对后再接收。",
        )
    if signer.status is KeyStatus.REPLACED:
        return _quarantine(
            Outcome.KEY_REPLACED,
            "数据包用对方已经停用的旧密钥签名，先放在隔离区，没有采用。",
            "如果是换密钥之前写的，请让对方用新密钥重新写一份。",
        )
    if arrival.receiver_key not in here.key_ids and arrival.kind != "invitation":
        return _quarantine(
            Outcome.WRONG_RECEIVER_KEY,
            "数据包写明的收件密钥不是本单位的，先放在隔离区，没有采用。",
            "请把本单位最新的数据包交给对方，让对方更新密钥后重新写一份。",
        )
    if here.tasks is not None and (arrival.task or arrival.kind in TASKED):
        digests = here.tasks.get(arrival.task)
        if digests is None or arrival.catalogue_digest not in digests:
            return _quarantine(
                Outcome.WRONG_TASK,
                "数据包按另一个任务或另一版采集项目录填报，先放在隔离区，没有采用。",
                "请让对方先导入最新的任务包，再重新上报。",
            )
    return None


def _in_order(arrival: Arrival, head: Head | None, number_taken: bool) -> Verdict:
    if arrival.kind in UNCHAINED:
        return Verdict(Outcome.NORMAL, Action.TAKE, "数据包可以接收。")
    last, last_id = (head.sequence, head.id) if head is not None else (0, "")
    if arrival.sequence <= last:
        return _old_number(arrival.sequence, last, number_taken)
    if arrival.sequence > last + 1:
        first, final = last + 1, arrival.sequence - 1
        which = f"第 {first} 包" if first == final else f"第 {first} 至 {final} 包"
        return Verdict(
            Outcome.GAP,
            Action.TAKE,
            f"数据包可以接收；{which}未收到。",
            "每一包都含有当年到当期为止的全部数据，当年的不需要补交；请问清缺少的U盘文件去了哪里。",
            (first, final),
        )
    if arrival.previous != last_id:
        return _fork(f"第 {arrival.sequence} 包接续的上一包，与本机收到的第 {last} 包不是同一个文件。")
    return Verdict(Outcome.NORMAL, Action.TAKE, f"第 {arrival.sequence} 包，与上一包衔接，可以接收。")


def _old_number(sequence: int, last: int, number_taken: bool) -> Verdict:
    if not number_taken:
        return _quarantine(
            Outcome.LATE,
            f"第 {sequence} 包迟到了：本机已经收到更新的第 {last} 包，先放在隔离区，没有采用。",
            "较新的一包已含全部数据，一般不需要处理；如果对方恢复过旧备份，请按分叉电话核实。",
        )
    return _fork(f"本机已经收到另一个第 {sequence} 包，最新的是第 {last} 包。")


def _fork(what: str) -> Verdict:
    return _quarantine(
        Outcome.FORK,
        f"数据包分叉：{what}内容没有采用，先放在隔离区。",
        "可能的原因：对方用旧备份恢复了工作库，或把工作库复制到两台电脑上使用，或有人替换了文件。请电话核实后再决定。",
    )


def _quarantine(outcome: Outcome, message: str, hint: str) -> Verdict:
    return Verdict(outcome, Action.QUARANTINE, message, hint)


def _refuse(outcome: Outcome, message: str, hint: str) -> Verdict:
    return Verdict(outcome, Action.REFUSE, message, hint)
