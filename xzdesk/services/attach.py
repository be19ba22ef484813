"""Photographs and papers in packages: named with every submission, carried until a receipt has confirmed them."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from xzdesk.core.errors import UserError
from xzdesk.core.model import RowRef
from xzdesk.exchange import limits, parts
from xzdesk.exchange.manifest import MediaType
from xzdesk.exchange.parts import Part
from xzdesk.exchange.unpack import Opened
from xzdesk.services.incoming import ATTACHMENTS_PART, BadRow, table
from xzdesk.services.session import Session
from xzdesk.store import attachments, registers
from xzdesk.store.attachments import Use

ROOM: Final = 48
"""Attachments that one package carries beside its tables; the others go with the next ones."""
ROOM_BYTES: Final = 128 * limits.MIB
_DIGEST: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Attached:
    """What a submission says of attachments. ``parts`` holds the list and then the files it carries."""

    parts: tuple[Part, ...] = field(repr=False)
    in_scope: tuple[str, ...]
    """Hashes of every file that belongs to a row in scope."""
    carried: tuple[str, ...]
    left: int
    """Files that had no room and go with the next package."""


def outgoing_parts(session: Session, units: Collection[str]) -> Attached:
    """The list of attachments of the units' rows, and the files that no receipt has confirmed yet."""
    ws = session.workspace
    uses: list[Use] = []
    for code, schema in session.catalogue.registers.items():
        of_register = attachments.uses(ws, code)
        if of_register:
            rows = registers.ids(ws, schema, units)
            uses += [use for use in of_register if use.place.row in rows]
    if not uses:
        return Attached((), (), (), 0)
    in_scope = sorted({use.digest for use in uses})
    carried: list[Part] = []
    sent: list[str] = []
    size = 0
    unsent = attachments.to_send(ws, in_scope)
    for digest in unsent[:ROOM]:
        found = attachments.find(ws, digest)
        if found is None or size + len(found.content) > ROOM_BYTES:
            continue
        size += len(found.content)
        sent.append(digest)
        carried.append(parts.attachment_part(found.content, MediaType(found.media_type)))
    listed = [(use.place.register, use.place.row, use.digest, use.title) for use in uses]
    table_part = parts.csv_part(ATTACHMENTS_PART, parts.ATTACHMENTS, listed)
    return Attached((table_part, *carried), tuple(in_scope), tuple(sent), len(unsent) - len(sent))


def take(session: Session, opened: Opened, units: Collection[str]) -> list[BadRow]:
    """Keep the files that a submission of ``units`` (codes) brings and note where they belong; the rows of its list
    that are no place of theirs are returned.

    Raises ``UserError`` ``package.attachment`` for a file that is not what its name says, ``attachment.*``.
    """
    ws, listed = session.workspace, opened.parts.get(ATTACHMENTS_PART)
    if listed is None:
        return []
    for part in opened.parts.values():
        if not part.media_type.compressed and attachments.keep(ws, part.content) not in part.name:
            raise UserError(
                "package.attachment", "数据包里有一张照片与它的编号不符，已拒绝。", "请让对方重新封装上报。"
            )
    rows = {code: registers.ids(ws, schema, units) for code, schema in session.catalogue.registers.items()}
    uses: list[Use] = []
    bad: list[BadRow] = []
    for line, (register, row, digest, title) in enumerate(table(listed, parts.ATTACHMENTS), 2):
        if row not in rows.get(register, ()):
            bad.append(BadRow(listed.name, line, (register, row, digest, title), "照片不在上报单位的台账里"))
        elif not _DIGEST.fullmatch(digest):
            bad.append(BadRow(listed.name, line, (register, row, digest, title), "照片的编号不对"))
        else:
            uses.append(Use(RowRef(register, row), digest, title))
    attachments.use(ws, uses)
    return bad
