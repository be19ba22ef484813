"""Seal a package: parts, manifest, signature, envelope. In memory; writing it to a stick is the caller's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
from nacl import signing

from xzdesk.core.progress import SILENT, Progress
from xzdesk.exchange import envelope, framing, manifest
from xzdesk.exchange.header import check_size
from xzdesk.exchange.manifest import Manifest
from xzdesk.exchange.parts import Part, store


@dataclass(frozen=True, slots=True)
class Sealed:
    id: str
    manifest: Manifest
    """The draft with its parts."""
    manifest_bytes: bytes = field(repr=False)
    """As signed."""
    data: bytes = field(repr=False)
    """The file."""


def seal(
    draft: Manifest,
    parts: Sequence[Part],
    sign_seed: bytes,
    recipients: Sequence[str],
    progress: Progress = SILENT,
) -> Sealed:
    """Make a package of ``draft`` (without parts) and ``parts``, signed with the Ed25519 ``sign_seed``.

    ``recipients``: age recipients of the receiver, the recovery key and the sender; doubles count once. Nothing is
    written that a reader refuses: raises ``UserError`` like ``manifest.decode`` and ``envelope.encrypt``, and
    ``package.too_large``; ``Cancelled`` when ``progress`` says so; ``ValueError`` when the draft names parts.
    """
    if draft.parts:
        raise ValueError("a draft names no parts")
    entries, stored = [], []
    for done, part in enumerate(parts):
        progress.tick("正在压缩", done, len(parts))
        entry, data = store(part)
        entries.append(entry)
        stored.append(data)
    complete = msgspec.structs.replace(draft, parts=tuple(entries))
    manifest_bytes = manifest.encode(complete)
    signature = signing.SigningKey(sign_seed).sign(framing.signed_bytes(manifest_bytes)).signature
    progress.tick("正在加密", len(parts), len(parts))
    sealed = envelope.encrypt(framing.build(signature, manifest_bytes, stored), recipients)
    check_size(len(sealed))
    return Sealed(manifest.package_id(manifest_bytes), complete, manifest_bytes, sealed)
