"""The key slots beside a workspace: its random data key, wrapped once for everyone who may unlock it.

A passphrase slot wraps with Argon2id (64 MiB, t=3) and XSalsa20-Poly1305; a recipient slot is an age file to an X25519
recipient (the paper recovery key, or the district's escrow). The file is replaced as a whole, atomically. Failed
tries are counted in it, so that guessing waits longer and longer across restarts too; an attacker with a copy of the
file is held off by Argon2id alone.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import math
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pyrage
from nacl import exceptions, pwhash, secret, utils

from xzdesk.core.errors import UserError
from xzdesk.store.atomic_file import replace_file

FORMAT: Final = 1
MEMORY: Final = 64 * 1024 * 1024
PASSES: Final = 3
MOST_MEMORY: Final = 1024 * 1024 * 1024
"""That a slot may ask for; a file may come from an enemy."""
KEY_BYTES: Final = 32
SHORTEST: Final = 8
LONGEST_NAME: Final = 20
FREE_TRIES: Final = 3
LONGEST_WAIT: Final = 300.0
LARGEST_FILE: Final = 1024 * 1024
_COMMON: Final = frozenset(
    {"12345678", "123456789", "1234567890", "password", "88888888", "66666666", "00000000", "11111111", "abcd1234",
     "qwertyui", "a1234567", "woaini1314", "iloveyou", "1qaz2wsx", "admin123", "abc12345"}
)  # fmt: skip
_RESTORE: Final = "请用“恢复”从备份取回，或找回与工作库放在一起的 .keys 文件。"


@dataclass(slots=True)
class KeySlots:
    """The slots of one workspace, as read from or to be written to its file."""

    path: Path
    passphrases: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By user: ``salt``, ``memory``, ``passes``, ``box`` (base64)."""
    recipients: dict[str, str] = field(default_factory=dict)
    """By purpose (``recovery``, ``escrow``): base64 of an age file."""
    failures: int = 0
    last_failure: float = 0.0
    """Unix time; only ever used to wait."""


def slots_path(workspace: Path) -> Path:
    return workspace.with_name(workspace.name + ".keys")


def new_data_key() -> bytes:
    return utils.random(KEY_BYTES)


def check_passphrase(passphrase: str) -> None:
    """Raises ``UserError`` ``passphrase.weak``."""
    if len(passphrase) < SHORTEST:
        raise UserError(
            "passphrase.weak", f"口令太短，至少 {SHORTEST} 个字符。", "可以用几个词连起来，容易记也不易猜。"
        )
    if passphrase.lower() in _COMMON or len(set(passphrase)) < 4:
        raise UserError("passphrase.weak", "口令过于常见，容易被猜到。", "请换一个，可以用几个不相干的词连起来。")


def demand_name(user: str) -> None:
    """Raises ``UserError`` ``user.name`` unless a person may be called so."""
    if not 1 <= len(user) <= LONGEST_NAME or not user.isprintable() or user != user.strip():
        raise UserError("user.name", f"用户名应为 1 到 {LONGEST_NAME} 个字，前后没有空格。", "请用姓名作用户名。")


def put_passphrase(slots: KeySlots, user: str, passphrase: str, data_key: bytes) -> None:
    """Give ``user`` a slot, in place of one that it may have. The file is not yet written."""
    check_passphrase(passphrase)
    salt = utils.random(pwhash.argon2id.SALTBYTES)
    wrapped = secret.SecretBox(_stretch(passphrase, salt, MEMORY, PASSES)).encrypt(data_key)
    slots.passphrases[user] = {"salt": _text(salt), "memory": MEMORY, "passes": PASSES, "box": _text(bytes(wrapped))}


def put_recipient(slots: KeySlots, purpose: str, recipient: str, data_key: bytes) -> None:
    """Wrap the data key to an age recipient (``age1...``). Raises ``UserError`` ``recovery.recipient``."""
    try:
        to = pyrage.x25519.Recipient.from_str(recipient)
    except pyrage.RecipientError:
        raise UserError("recovery.recipient", "恢复公钥的写法不对。", "请重新生成恢复密钥。") from None
    slots.recipients[purpose] = _text(pyrage.encrypt(data_key, [to]))


def unlock(slots: KeySlots, user: str | None, passphrase: str) -> tuple[str, bytes]:
    """The user that ``passphrase`` unlocks, and the data key.

    Raises ``UserError`` ``workspace.wrong_passphrase``, ``workspace.unknown_user``, ``workspace.wait``. Writes the
    count of failures to the file, where it can.
    """
    _wait_over(slots)
    if user is not None and user not in slots.passphrases:
        raise UserError(
            "workspace.unknown_user", "这个工作库没有该用户。", f"现有用户：{'、'.join(sorted(slots.passphrases))}。"
        )
    for name in [user] if user is not None else sorted(slots.passphrases):
        slot = slots.passphrases[name]
        try:
            key = secret.SecretBox(_stretch(passphrase, _bytes(slot["salt"]), slot["memory"], slot["passes"])).decrypt(
                _bytes(slot["box"])
            )
        except exceptions.CryptoError:
            continue
        if slots.failures:
            _count(slots, 0)
        return name, key
    _count(slots, slots.failures + 1)
    raise UserError(
        "workspace.wrong_passphrase",
        "口令不对，工作库没有打开。",
        "请检查大小写和输入法；忘了口令可用纸质恢复密钥恢复。",
    )


def unlock_with_identity(slots: KeySlots, identity: str) -> bytes:
    """The data key, by the paper recovery (or escrow) secret ``AGE-SECRET-KEY-1...``.

    Raises ``UserError`` ``recovery.unreadable``, ``recovery.wrong_key``.
    """
    try:
        key = pyrage.x25519.Identity.from_str(identity.strip().upper())
    except pyrage.IdentityError:
        raise UserError(
            "recovery.unreadable", "恢复密钥有错字，校验没有通过。", "请对照纸面逐段核对，0和O、1和I容易看错。"
        ) from None
    for wrapped in slots.recipients.values():
        try:
            return pyrage.decrypt(_bytes(wrapped), [key])
        except pyrage.DecryptError:
            continue
    raise UserError("recovery.wrong_key", "这把恢复密钥不是这个工作库的。", "请核对纸面上的单位名称和日期。")


def read(path: Path) -> KeySlots:
    """Raises ``UserError`` ``workspace.keys_missing``, ``workspace.keys_damaged``."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise _damaged()
        content = json.loads(path.read_bytes())
        if content["format"] > FORMAT:
            raise UserError("workspace.newer", "这个工作库是更新版本的程序建立的。", "请升级本机的程序后再打开。")
        slots = KeySlots(
            path, content["passphrases"], content["recipients"], content["failures"], content["last_failure"]
        )
        _validate(slots)
    except FileNotFoundError:
        raise UserError("workspace.keys_missing", f"找不到密钥文件“{path.name}”，工作库打不开。", _RESTORE) from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError, binascii.Error):
        raise _damaged() from None
    return slots


def _validate(slots: KeySlots) -> None:
    for slot in slots.passphrases.values():
        if len(_bytes(slot["salt"])) != pwhash.argon2id.SALTBYTES or not _bytes(slot["box"]):
            raise ValueError("salt")
        if not (8192 <= slot["memory"] <= MOST_MEMORY and 1 <= slot["passes"] <= 16):
            raise ValueError("cost")
    for wrapped in slots.recipients.values():
        _bytes(wrapped)
    if type(slots.failures) is not int or slots.failures < 0 or not isinstance(slots.last_failure, int | float):
        raise ValueError("failures")


def write(slots: KeySlots) -> None:
    """Replace the file. Raises ``UserError`` ``workspace.keys_unwritable``."""
    content = {
        "format": FORMAT,
        "passphrases": slots.passphrases,
        "recipients": slots.recipients,
        "failures": slots.failures,
        "last_failure": slots.last_failure,
    }
    try:
        replace_file(slots.path, json.dumps(content, ensure_ascii=False, indent=1).encode())
    except OSError:
        raise UserError(
            "workspace.keys_unwritable", f"密钥文件“{slots.path.name}”写不进去。", "请检查磁盘空间和文件夹的写权限。"
        ) from None


def _count(slots: KeySlots, failures: int) -> None:
    slots.failures, slots.last_failure = failures, time.time()
    # A backup may lie where nothing can be written; who can copy it away is held off by Argon2id alone anyway.
    with contextlib.suppress(UserError):
        write(slots)


def _wait_over(slots: KeySlots) -> None:
    """After the free tries each failure doubles the wait: 1, 2, 4 ... 300 seconds."""
    if slots.failures < FREE_TRIES:
        return
    wait = min(LONGEST_WAIT, 2.0 ** (slots.failures - FREE_TRIES))
    elapsed = time.time() - slots.last_failure
    if 0 <= elapsed < wait:
        raise UserError(
            "workspace.wait", f"口令已输错 {slots.failures} 次。", f"请等 {math.ceil(wait - elapsed)} 秒后再试。"
        )


def _stretch(passphrase: str, salt: bytes, memory: int, passes: int) -> bytes:
    return bytes(pwhash.argon2id.kdf(KEY_BYTES, passphrase.encode(), salt, opslimit=passes, memlimit=memory))


def _damaged() -> UserError:
    return UserError("workspace.keys_damaged", "密钥文件已损坏，工作库打不开。", _RESTORE)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
