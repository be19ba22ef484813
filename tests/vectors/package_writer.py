"""Offices, manifests and packages for test vectors: always the same bytes, and as crooked as a vector needs.

Builds JSON, gzip and framing by hand, so that it can break any rule, and independently of the program's own writer.
Keys come from names and protect nothing.
"""

import base64
import hashlib
import json
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nacl import bindings, signing

from tests.vectors.age_writer import age_file, named_bytes
from xzdesk.exchange import bech32

FIRST_LINE = b"xzdesk-package/1\n"
CREATED = "2026-11-04T08:20:00Z"
CODE = "12345 67890 13579 24680"
Json = dict[str, Any]


def key_id(sign_public: bytes, box_public: str) -> str:
    return hashlib.sha256(b"xzdesk-key/1\n" + sign_public + box_public.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Office:
    """A made-up office with the keys that its name gives."""

    name: str
    unit: str

    @property
    def sign(self) -> signing.SigningKey:
        return signing.SigningKey(named_bytes(f"{self.name} sign"))

    @property
    def sign_public(self) -> bytes:
        return bytes(self.sign.verify_key)

    @property
    def box_secret(self) -> str:
        return bech32.encode("age-secret-key-", named_bytes(f"{self.name} box")).upper()

    @property
    def box_raw(self) -> bytes:
        return bindings.crypto_scalarmult_base(named_bytes(f"{self.name} box"))

    @property
    def box_public(self) -> str:
        return bech32.encode("age", self.box_raw)

    @property
    def key_id(self) -> str:
        return key_id(self.sign_public, self.box_public)

    def keys(self, **changes: Any) -> Json:
        return {
            "unit": self.unit,
            "key_id": self.key_id,
            "epoch": 1,
            "suite": 1,
            "sign_public": text64(self.sign_public),
            "box_publics": [self.box_public],
        } | changes


DISTRICT = Office("district", "990000000000")
TOWN = Office("town", "990000100000")
STRANGER = Office("stranger", "990000200000")


def text64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def gzip_stored(content: bytes, header: bytes = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff") -> bytes:
    """One gzip member that packs nothing, so that no compressor's version shows."""
    blocks = [content[start : start + 0xFFFF] for start in range(0, len(content), 0xFFFF)] or [b""]
    body = b"".join(
        struct.pack("<BHH", place == len(blocks) - 1, len(block), len(block) ^ 0xFFFF) + block
        for place, block in enumerate(blocks)
    )
    return header + body + struct.pack("<II", zlib.crc32(content), len(content))


def gzip_run(start: bytes, mark: bytes, matches: int, padding: int = 0) -> tuple[bytes, bytes]:
    """``start`` and then a run of ``mark``, packed 158:1 with the fixed code; ``padding`` empty blocks of 5 bytes.

    Returns content and gzip member.
    """
    bits = [1, 1, 0]
    for byte in start + mark:
        bits += [(0x30 + byte) >> place & 1 for place in reversed(range(8))]
    # Length 258 is code 285 (11000101), distance 1 is code 0 (00000).
    bits += [1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0] * matches + [0] * 7
    bits += [0] * (-len(bits) % 8)
    packed = sum(bit << place for place, bit in enumerate(bits)).to_bytes(len(bits) // 8, "little")
    content = start + mark + mark * 258 * matches
    blocks = struct.pack("<BHH", 0, 0, 0xFFFF) * padding
    end = struct.pack("<II", zlib.crc32(content), len(content))
    return content, b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" + blocks + packed + end


@dataclass(frozen=True)
class Stored:
    """A part's entry in the manifest and its bytes."""

    entry: Json
    data: bytes


def part(name: str, content: bytes, media_type: str = "text/csv", data: bytes | None = None, **changes: Any) -> Stored:
    """Right, unless ``data`` (as stored) or entries of ``changes`` say otherwise."""
    packed = media_type in ("text/csv", "application/json")
    if data is None:
        data = gzip_stored(content) if packed else content
    entry = {
        "name": name,
        "media_type": media_type,
        "schema": "vectors",
        "length": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": len(content),
        "rows": content.count(b"\r\n") - 1 if media_type == "text/csv" else 0,
    }
    return Stored(entry | changes, data)


TABLE = b"element,unit,period,state,content\r\nserved,990000100001,2026-10,value,598\r\n"
VALUES = part("values.csv", TABLE)


def manifest(parts: Sequence[Stored] = (VALUES,), office: Office = TOWN, **changes: Any) -> Json:
    """A submission of the town to the district; ``...`` as a change takes a name away."""
    content = {
        "suite": 1,
        "format": 1,
        "min_reader": "0.1.0",
        "kind": "submission",
        "sender": {"unit": office.unit, "key_id": office.key_id, "epoch": 1},
        "receiver": {"unit": DISTRICT.unit, "key_id": DISTRICT.key_id},
        "task": {"id": "vectors", "catalogue_digest": "ab" * 32, "catalogue_version": 1},
        "period": "2026-10",
        "sequence": 1,
        "previous": "",
        "created": CREATED,
        "parts": [each.entry for each in parts],
        "totals": {"values": 1},
        "journal_head": "cd" * 32,
        "trust_version": 0,
        "critical": [],
        "body": {},
    } | changes
    return {name: value for name, value in content.items() if value is not ...}


def line(content: Json) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def plain(
    manifest_line: bytes,
    parts: Sequence[Stored] = (VALUES,),
    *,
    signer: Office = TOWN,
    signature: bytes | None = None,
    signature_line: bytes | None = None,
    first_line: bytes = FIRST_LINE,
) -> bytes:
    """What stands in the envelope. ``signature`` and ``signature_line`` stand in place of the right ones."""
    if signature is None:
        signature = signer.sign.sign(FIRST_LINE + manifest_line).signature
    if signature_line is None:
        signature_line = text64(signature).encode() + b"\n"
    return b"".join([first_line, signature_line, manifest_line, b"\n", *(each.data for each in parts)])


def sealed(content: bytes, name: str, to: Sequence[Office] = (DISTRICT, TOWN)) -> bytes:
    return age_file(content, [office.box_raw for office in to], name)


def package(name: str, parts: Sequence[Stored] = (VALUES,), **changes: Any) -> bytes:
    """A package that is right but for ``changes`` of its manifest."""
    return sealed(plain(line(manifest(parts, **changes)), parts), name)


def raw_package(name: str, manifest_line: bytes, parts: Sequence[Stored] = (VALUES,)) -> bytes:
    """A package with this manifest, whatever it is, rightly signed."""
    return sealed(plain(manifest_line, parts), name)
