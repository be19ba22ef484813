"""The outer envelope: age v1, binary, to X25519 recipients. In memory only: plaintext never touches a disk."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Final

import pyrage

from xzdesk.core.errors import UserError
from xzdesk.exchange import limits
from xzdesk.exchange.header import COPY_AGAIN, check_header

_NO_MATCH: Final = "No matching keys found"


class _OverflowError(Exception):
    """The plaintext outgrew its cap."""


class _CappedBuffer(io.BytesIO):
    """Takes plaintext and raises as soon as it would grow beyond ``most`` bytes."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def write(self, data: object) -> int:
        if self.tell() + len(memoryview(data)) > self._most:  # type: ignore[arg-type]
            raise _OverflowError
        return super().write(data)  # type: ignore[arg-type]


def encrypt(plain: bytes, recipients: Sequence[str]) -> bytes:
    """Encrypt to all ``recipients`` (``age1...``, at least one, doubles count once).

    Raises ``UserError`` ``key.recipient_invalid`` or ``key.too_many_recipients``.
    """
    unique = dict.fromkeys(recipients)
    if not 1 <= len(unique) <= limits.RECIPIENTS:
        raise UserError(
            "key.too_many_recipients",
            f"收件密钥应有 1 至 {limits.RECIPIENTS} 个，现在是 {len(unique)} 个。",
            "请在“单位与密钥”里核对收件人。",
        )
    sealed = io.BytesIO()
    pyrage.encrypt_io(io.BytesIO(plain), sealed, [_recipient(text) for text in unique])
    return sealed.getvalue()


def decrypt(data: bytes, identities: Sequence[str], most: int = limits.FILE_BYTES) -> bytes:
    """Check the header, then decrypt with whichever of ``identities`` (``AGE-SECRET-KEY-1...``) fits.

    ``most`` caps the plaintext. Raises ``UserError``: those of ``check_header``, ``package.not_for_us``,
    ``package.damaged``, ``package.too_large``, ``key.identity_invalid``.
    """
    check_header(data)
    buffer = _CappedBuffer(most)
    try:
        pyrage.decrypt_io(io.BytesIO(data), buffer, [_identity(text) for text in identities])
    except _OverflowError:
        raise UserError("package.too_large", "数据包解开后超过上限，已拒绝。", COPY_AGAIN) from None
    except pyrage.DecryptError as error:
        if str(error) == _NO_MATCH:
            raise UserError(
                "package.not_for_us",
                "这个数据包不是发给本单位的，或者它的加密头已损坏，现有密钥打不开。",
                "请核对U盘是不是拿错了；如果没有拿错，请让对方更新收件单位的密钥后重新写一份。",
            ) from None
        raise _damaged() from None
    except OSError:
        # The library reports a failed authentication of the payload as a plain OSError.
        raise _damaged() from None
    return buffer.getvalue()


def _damaged() -> UserError:
    return UserError("package.damaged", "数据包已损坏或被改动，不能使用。", COPY_AGAIN)


def _recipient(text: str) -> pyrage.x25519.Recipient:
    try:
        return pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        raise UserError("key.recipient_invalid", "收件密钥的写法不对。", "请重新导入对方的开通包。") from None


def _identity(text: str) -> pyrage.x25519.Identity:
    try:
        return pyrage.x25519.Identity.from_str(text)
    except pyrage.IdentityError:
        raise UserError("key.identity_invalid", "本单位的解密密钥写法不对。", "请用备份恢复工作库。") from None
