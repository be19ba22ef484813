"""The catalogues that have been in force in this workspace; the one with the highest version is.

What is stored are the catalogue's own texts. What they mean is for ``core.catalogue``; making the registers' tables
is for ``store.registers``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from xzdesk.core.catalogue import parse
from xzdesk.core.errors import UserError
from xzdesk.core.model import Catalogue
from xzdesk.store.writing import demand_transaction

if TYPE_CHECKING:
    from xzdesk.store.connect import Workspace

_NEWEST: Final = "SELECT version, digest, content FROM catalogue ORDER BY version DESC LIMIT 1"
_ADD: Final = "INSERT INTO catalogue (version, digest, content, installed_at) VALUES (?, ?, ?, ?)"


def current(ws: Workspace) -> Catalogue:
    """The catalogue in force; parsed once per process. Raises ``UserError`` ``catalogue.none``."""
    row = ws.db.conn.execute(_NEWEST).fetchone()
    if row is None:
        raise UserError("catalogue.none", "这个工作库里还没有指标目录。", "请先读入开通包或任务包。")
    return _parsed(row[2])


def digest(ws: Workspace) -> str:
    """SHA-256, hex, of the catalogue in force; empty when there is none."""
    row = ws.db.conn.execute(_NEWEST).fetchone()
    return str(row[1]) if row else ""


def digests(ws: Workspace) -> frozenset[str]:
    """Of every catalogue that is or was in force."""
    return frozenset(digest for (digest,) in ws.db.conn.execute("SELECT digest FROM catalogue"))


def install(ws: Workspace, catalogue: Catalogue) -> bool:
    """Put a catalogue in force; False when it already is.

    Raises ``UserError`` ``catalogue.older`` (its version must rise with every change), ``catalogue.decimals`` (what
    is stored is scaled by them), ``catalogue.other_district``.
    """
    demand_transaction(ws)
    row = ws.db.conn.execute(_NEWEST).fetchone()
    if row is not None:
        version, held_digest, content = row
        if held_digest == catalogue.digest:
            return False
        if catalogue.version <= version:
            raise UserError(
                "catalogue.older",
                f"指标目录第 {catalogue.version} 版不比现用的第 {version} 版新，没有启用。",
                "目录每改一次，版本号都要加一；请使用最新的任务包。",
            )
        _check_successor(_parsed(content), catalogue)
    content = json.dumps(dict(catalogue.files), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    ws.db.conn.execute(_ADD, (catalogue.version, catalogue.digest, content, ws.now()))
    return True


def _check_successor(held: Catalogue, new: Catalogue) -> None:
    if new.id != held.id:
        raise UserError(
            "catalogue.other_district",
            f"这是“{new.title}”的指标目录，本工作库用的是“{held.title}”，没有启用。",
            "请核对文件是不是发给本单位的。",
        )
    before = dict(_stored_shapes(held))
    for place, shape in _stored_shapes(new):
        if before.get(place, shape) != shape:
            raise UserError(
                "catalogue.decimals",
                f"指标目录改变了“{place}”的类型或小数位数，已有的数据会读错，没有启用。",
                "请给新的口径另起一个代码；目录随任务包来的，请联系区专班办公室重发。",
            )


def _stored_shapes(catalogue: Catalogue) -> Iterator[tuple[str, tuple[str, int]]]:
    """How the contents of elements and fields are kept, which must never change for a code."""
    for element in catalogue.elements.values():
        yield element.code, ("number" if element.numeric else "choice", element.decimals)
    for schema in catalogue.registers.values():
        for field in schema.fields:
            yield f"{schema.code}.{field.name}", (field.type.value, field.decimals)


@lru_cache(maxsize=4)
def _parsed(content: str) -> Catalogue:
    return parse(json.loads(content))
