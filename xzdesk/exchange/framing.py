"""What stands inside the envelope: first line, signature line, manifest line, the bytes of the parts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from xzdesk.core.errors import UserError
from xzdesk.exchange import base64_text, limits
from xzdesk.exchange.header import COPY_AGAIN
from xzdesk.exchange.manifest import check_manifest_size

FIRST_LINE: Final = b"xzdesk-package/1\n"
SIGNATURE_BYTES: Final = 64
_ANY_FIRST_LINE: Final = re.compile(rb"xzdesk-package/[1-9][0-9]{0,5}\n")
_SIGNATURE_LINE: Final = re.compile(rb"[A-Za-z0-9+/]{86}==\n")
_SIGNATURE_LENGTH: Final = 89


@dataclass(frozen=True, slots=True)
class Frame:
    signature: bytes
    manifest_bytes: bytes
    """Without its line end."""
    start: int
    """Of the first part's bytes in the plaintext."""


def signed_bytes(manifest_bytes: bytes) -> bytes:
    """What the signature is of: the first line with its line end, then the manifest without."""
    return FIRST_LINE + manifest_bytes


def build(signature: bytes, manifest_bytes: bytes, stored: Sequence[bytes]) -> bytes:
    line = base64_text.encode(signature).encode("ascii") + b"\n"
    return b"".join([FIRST_LINE, line, manifest_bytes, b"\n", *stored])


def split(plain: bytes) -> Frame:
    """Find the three lines. Nothing in them is believed yet.

    Raises ``UserError`` ``package.frame``, ``package.format_newer``, ``package.signature_form`` or
    ``package.manifest_too_large``.
    """
    if not plain.startswith(FIRST_LINE):
        if _ANY_FIRST_LINE.match(plain):
            raise UserError(
                "package.format_newer", "数据包的格式比本机的程序新。", "请把本机的程序升级到最新版后再导入。"
            )
        raise _bad_frame("开头")
    line = _SIGNATURE_LINE.match(plain, len(FIRST_LINE))
    if line is None:
        raise _bad_signature_line()
    try:
        signature = base64_text.decode(line[0][:-1].decode("ascii"))
    except ValueError:
        raise _bad_signature_line() from None
    start = len(FIRST_LINE) + _SIGNATURE_LENGTH
    end = plain.find(b"\n", start, start + limits.MANIFEST_BYTES + 1)
    if end < 0:
        check_manifest_size(len(plain) - start)
        raise _bad_frame("清单")
    return Frame(signature, plain[start:end], end + 1)


def _bad_frame(where: str) -> UserError:
    return UserError("package.frame", f"数据包内部的{where}不合规定，已拒绝。", COPY_AGAIN)


def _bad_signature_line() -> UserError:
    return UserError("package.signature_form", "数据包的签名写法不合规定，已拒绝。", COPY_AGAIN)
