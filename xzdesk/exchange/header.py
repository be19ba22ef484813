"""The age header, checked before the age library sees the file.

The library caps neither the header's size nor the work of a passphrase stanza (a crafted 1 MB header costs it 12
seconds, a scrypt stanza 43), so nothing is handed to it that has not passed here. No decryption happens here.
Source: the age v1 specification (C2SP, age-encryption.org/v1), of which only the binary form is admitted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from xzdesk.core.errors import UserError
from xzdesk.exchange import limits

VERSION_LINE: Final = b"age-encryption.org/v1\n"
_ARMOR: Final = b"-----BEGIN AGE ENCRYPTED FILE-----"
_STANZA: Final = re.compile(rb"-> ([\x21-\x7e]+)((?: [\x21-\x7e]+)*)\Z")
_FULL_BODY_LINE: Final = re.compile(rb"[A-Za-z0-9+/]{64}\Z")
_LAST_BODY_LINE: Final = re.compile(rb"[A-Za-z0-9+/]{0,63}\Z")
_MAC: Final = re.compile(rb"--- [A-Za-z0-9+/]{43}\Z")
_NONCE_BYTES: Final = 16
_TAG_BYTES: Final = 16

COPY_AGAIN: Final = "请让对方重新写一份到U盘，再导入；不要用别的软件打开或转存数据包。"


@dataclass(frozen=True, slots=True)
class Header:
    """What the header says without any key."""

    length: int
    """Bytes up to the payload."""
    stanzas: tuple[str, ...]
    """Types in order (``X25519``; the noise that age adds has types of its own)."""


def check_header(data: bytes) -> Header:
    """Check size, form and stanzas of an age file's header.

    Raises ``UserError`` ``package.too_large``, ``package.armored``, ``package.not_package``, ``package.truncated``,
    ``package.header_too_large``, ``package.header_invalid``, ``package.passphrase`` or
    ``package.too_many_recipients``.
    """
    check_size(len(data))
    if data.startswith(_ARMOR):
        raise UserError("package.armored", "这是文本形式的加密文件，不是数据包。", COPY_AGAIN)
    if not data.startswith(VERSION_LINE):
        if VERSION_LINE.startswith(data):
            raise _truncated()
        raise UserError("package.not_package", "这个文件不是数据包。", "请选择扩展名为 .xzpkg 的文件。")
    window = data[: limits.HEADER_BYTES]
    stanzas: list[str] = []
    position = len(VERSION_LINE)
    while True:
        line, position = _line(window, position, len(data))
        if line.startswith(b"---"):
            if _MAC.match(line) is None or not stanzas:
                raise _invalid()
            break
        match = _STANZA.match(line)
        if match is None:
            raise _invalid()
        stanzas.append(_admit(match[1].decode("ascii"), len(stanzas)))
        position = _skip_body(window, position, len(data))
    if len(data) < position + _NONCE_BYTES + _TAG_BYTES:
        raise _truncated()
    return Header(position, tuple(stanzas))


def check_size(length: int) -> None:
    """Raises ``UserError`` ``package.too_large`` when a file of ``length`` bytes can be no package."""
    if length > limits.FILE_BYTES:
        size, most = length // limits.MIB, limits.FILE_BYTES // limits.MIB
        raise UserError(
            "package.too_large",
            f"文件有 {size} MB，超过数据包的上限 {most} MB。",
            "请让对方把照片分成几个数据包重新上报。",
        )


def _admit(kind: str, before: int) -> str:
    if before >= limits.HEADER_STANZAS:
        raise UserError(
            "package.too_many_recipients",
            f"数据包的收件密钥多于 {limits.HEADER_STANZAS} 个，已拒绝。",
            "正常的数据包不会这样，请核实U盘的来源。",
        )
    if kind == "scrypt":
        raise UserError("package.passphrase", "这个文件是用口令加密的，不是数据包。", COPY_AGAIN)
    return kind


def _line(window: bytes, start: int, file_length: int) -> tuple[bytes, int]:
    end = window.find(b"\n", start)
    if end >= 0:
        return window[start:end], end + 1
    if file_length > len(window):
        raise UserError(
            "package.header_too_large",
            f"数据包的加密头超过 {limits.HEADER_BYTES // limits.KIB} KB，已拒绝。",
            "正常的数据包不会这样，请核实U盘的来源。",
        )
    raise _truncated()


def _skip_body(window: bytes, position: int, file_length: int) -> int:
    while True:
        line, position = _line(window, position, file_length)
        if _FULL_BODY_LINE.match(line):
            continue
        if _LAST_BODY_LINE.match(line):
            return position
        raise _invalid()


def _truncated() -> UserError:
    return UserError("package.truncated", "数据包不完整，后面的内容丢失了。", COPY_AGAIN)


def _invalid() -> UserError:
    return UserError("package.header_invalid", "数据包的加密头已损坏。", COPY_AGAIN)
