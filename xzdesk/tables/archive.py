"""The zip around a workbook: inspected, inflated within limits, and built anew.

The office library never sees the zip that came from outside: lying sizes, overlapping or doubled members and bombs
end here. Only XML is taken over; pictures, macros and whatever else the file carries are left behind.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import Final

from xzdesk.tables.limits import (
    MAX_DIRECTORY,
    MAX_MEMBERS,
    MAX_RATIO,
    MAX_XML,
    RATIO_FROM,
    damaged,
    too_large,
)

_END: Final = struct.Struct("<4s4H2LH")
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_CHUNK: Final = 1024 * 1024
_LEFT_BEHIND: Final = (
    "xl/drawings/",
    "xl/media/",
    "xl/theme/",
    "xl/charts/",
    "xl/pivot",
    "xl/externallinks/",
    "xl/comments",
    "xl/threadedcomments",
    "xl/printersettings/",
    "xl/calcchain.xml",
    "customxml/",
    "docprops/",
    "thumbnails/",
    "configurations2/",
)


def member_names(data: bytes) -> list[str]:
    """Names in the order of the directory. Raises ``UserError`` ``table.damaged``, ``table.too_large``."""
    return [info.filename for info in _directory(data)]


def inflate(data: bytes) -> dict[str, bytes]:
    """The XML members by name. Raises ``UserError`` ``table.damaged``, ``table.too_large``, ``table.password``."""
    members: dict[str, bytes] = {}
    seen: set[str] = set()
    left = MAX_XML
    for info in _directory(data):
        name = info.filename.replace("\\", "/").lstrip("/")
        low = name.lower()
        if not (low.endswith((".xml", ".rels")) or low == "mimetype") or low.startswith(_LEFT_BEHIND):
            continue
        if low in seen:
            raise damaged("同名部件重复")
        seen.add(low)
        members[name] = _member(data, info, left)
        left -= len(members[name])
    return members


def rebuild(members: Mapping[str, bytes]) -> bytes:
    """A plain zip of ``members``, stored without packing."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(members.items(), key=lambda item: item[0] != "mimetype"):
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def _directory(data: bytes) -> list[zipfile.ZipInfo]:
    end = data.rfind(b"PK\x05\x06", max(0, len(data) - 65_557))
    if end < 0 or end + _END.size > len(data):
        raise damaged("文件不完整")
    _, _, _, _, count, size, _, _ = _END.unpack_from(data, end)
    if data[max(0, end - 20) :].startswith(b"PK\x06\x07"):
        raise damaged("用了超大压缩格式")
    if count > MAX_MEMBERS or size > MAX_DIRECTORY:
        raise too_large("里的部件过多")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, struct.error) as error:
        raise damaged("压缩结构不对") from error
    if len(infos) > MAX_MEMBERS:
        raise too_large("里的部件过多")
    return infos


def _member(data: bytes, info: zipfile.ZipInfo, left: int) -> bytes:
    start = info.header_offset + _LOCAL.size
    if info.header_offset < 0 or start > len(data):
        raise damaged("压缩结构不对")
    local = _LOCAL.unpack_from(data, info.header_offset)
    if local[0] != b"PK\x03\x04":
        raise damaged("压缩结构不对")
    if info.flag_bits & 1:
        raise damaged("部件加了密")
    start += local[9] + local[10]
    packed = data[start : start + info.compress_size]
    if len(packed) != info.compress_size:
        raise damaged("文件不完整")
    if info.compress_type == zipfile.ZIP_STORED:
        content = packed
        if len(content) > left:
            raise too_large("里的内容过大")
    elif info.compress_type == zipfile.ZIP_DEFLATED:
        content = _inflated(packed, left)
    else:
        raise damaged("压缩方式不认得")
    if len(content) != info.file_size or zlib.crc32(content) != info.CRC:
        raise damaged("校验不符")
    return content


def _inflated(packed: bytes, left: int) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    parts: list[bytes] = []
    total = 0
    rest = packed
    while not inflater.eof:
        try:
            part = inflater.decompress(rest, _CHUNK)
        except zlib.error as error:
            raise damaged("压缩内容损坏") from error
        rest = inflater.unconsumed_tail
        if not part and not rest and not inflater.eof:
            raise damaged("文件不完整")
        total += len(part)
        if total > left:
            raise too_large("里的内容过大")
        if total > RATIO_FROM and total > MAX_RATIO * len(packed):
            raise too_large("压缩得异常厉害")
        parts.append(part)
    return b"".join(parts)
