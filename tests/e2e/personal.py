"""Personal texts of the privacy test, and how they are looked for in texts and in the bytes of files."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

HEAD, NEIGHBOUR = "欧阳翠翠翠", "上官岚岚岚"
ADDRESS = "油车浜路1987弄66号"
PHONE = "13900001987"
KEEPER = "慕容柏柏柏"


def _personal(name: str, title: str, **constraints: object) -> dict[str, object]:
    marked = {"personal": True}
    return {"name": name, "title": title, "type": "string", "constraints": constraints, "xzdesk": marked}


PERSONAL = (HEAD, NEIGHBOUR, ADDRESS, PHONE, KEEPER)
HOUSEHOLD = {
    "fields": [
        _personal("head", "户主", required=True, maxLength=10),
        _personal("address", "住址", maxLength=30),
        _personal("phone", "电话", maxLength=11),
        {"name": "members", "title": "人口", "type": "integer", "constraints": {"minimum": 0, "maximum": 20}},
        {"name": "since", "title": "入户日期", "type": "date"},
        {"name": "kind", "title": "类别", "type": "string", "constraints": {"enum": ["常住", "外出"]}},
    ],
    "xzdesk": {"code": "household", "title": "农户", "duplicate_key": ["head", "address"], "label": ["head"]},
}
"""A register of people, as a catalogue has it."""

_GZIP = b"\x1f\x8b\x08"


def named_in(text: str) -> list[str]:
    """The personal texts that stand in ``text``, as they are or as Python and JSON escape them."""
    forms = {word: (word, word.encode("unicode_escape").decode(), quote(word)) for word in PERSONAL}
    return [word for word, written in forms.items() if any(form in text for form in written)]


def patterns() -> dict[bytes, str]:
    """Every form of the personal texts in bytes, and whose it is."""
    found: dict[bytes, str] = {}
    for word in PERSONAL:
        for encoding in ("utf-8", "gb18030", "utf-16-le", "utf-16-be"):
            found[word.encode(encoding)] = word
        utf8 = word.encode()
        found[word.encode("unicode_escape")] = word
        found[quote(word).encode()] = word
        found[utf8.hex().encode()] = word
        for shift in range(3):
            # Without the characters at either end, which depend on what stands beside it.
            found[base64.b64encode(bytes(shift) + utf8)[4:-4]] = word
    return found


_PATTERNS = patterns()


def named_in_bytes(data: bytes) -> set[str]:
    """The personal texts that can be read in ``data`` without a key, packed or not."""
    found = {word for pattern, word in _PATTERNS.items() if pattern in data}
    start = data.find(_GZIP)
    while start >= 0:
        try:
            unpacked = zlib.decompressobj(31).decompress(data[start:], 1_000_000)
        except zlib.error:
            unpacked = b""
        found |= {word for pattern, word in _PATTERNS.items() if pattern in unpacked}
        start = data.find(_GZIP, start + 1)
    return found


def files_that_name(*folders: Path) -> Iterator[tuple[str, set[str]]]:
    """Files below ``folders`` whose name or bytes name somebody."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            found = set(named_in(path.name))
            if path.is_file():
                found |= named_in_bytes(path.read_bytes())
            if found:
                yield path.name, found
