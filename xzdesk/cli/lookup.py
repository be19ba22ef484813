"""Finding what a person names on the command line: elements, registers, fields and rows, by name or code."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from xzdesk.core.errors import UserError
from xzdesk.core.model import CellRef, DataElement, FieldValue, OrgUnit, RegisterField, RegisterSchema
from xzdesk.core.periods import Period
from xzdesk.services import rows
from xzdesk.services.session import Session
from xzdesk.tables.content import read_field

_QUOTED = 30


def units(session: Session, names: Iterable[str]) -> list[OrgUnit]:
    """Raises ``UserError`` as ``Session.unit``."""
    return [session.unit(name) for name in names]


def element(session: Session, name: str, unit: OrgUnit | None = None) -> DataElement:
    """The element of this code or name; of several with one name, the one that ``unit`` is asked.

    Raises ``UserError`` ``element.unknown``, ``element.ambiguous``.
    """
    elements = session.catalogue.elements
    if name in elements:
        return elements[name]
    found = [each for each in elements.values() if each.name == name]
    if len(found) > 1 and unit is not None:
        found = [each for each in found if each.asks(unit)] or found
    if not found:
        close = get_close_matches(name, [each.name for each in elements.values()], 3, 0.4)
        hint = f"相近的有：{'、'.join(close)}。" if close else "请写采集项的全名或代码。"
        raise UserError("element.unknown", f"没有采集项“{name[:_QUOTED]}”。", hint)
    if len(found) > 1:
        codes = "、".join(each.code for each in found)
        raise UserError("element.ambiguous", f"叫“{name[:_QUOTED]}”的采集项不止一个。", f"请写代码：{codes}。")
    return found[0]


def cell(session: Session, unit: str, name: str, period: str) -> CellRef:
    """The place that three words name. Raises ``UserError`` ``unit.*``, ``element.*``, ``period.unreadable``."""
    office = session.unit(unit)
    return CellRef(office.code, element(session, name, office).code, Period.parse(period))


def register(session: Session, name: str) -> RegisterSchema:
    """The register of this code or title. Raises ``UserError`` ``register.unknown``."""
    for schema in session.catalogue.registers.values():
        if name in (schema.code, schema.title):
            return schema
    titles = "、".join(f"{schema.title}（{schema.code}）" for schema in session.catalogue.registers.values())
    raise UserError("register.unknown", f"没有台账“{name[:_QUOTED]}”。", f"现有台账：{titles}。")


def field(schema: RegisterSchema, name: str) -> RegisterField:
    """The field of this name or title. Raises ``UserError`` ``register.unknown_field``."""
    for candidate in schema.fields:
        if name in (candidate.name, candidate.title):
            return candidate
    titles = "、".join(f"{each.title}（{each.name}）" for each in schema.fields if not each.hidden)
    raise UserError("register.unknown_field", f"台账“{schema.title}”没有字段“{name[:_QUOTED]}”。", f"可填：{titles}。")


def fields(
    session: Session, schema: RegisterSchema, unit: str, words: Iterable[str]
) -> tuple[dict[str, FieldValue], list[str]]:
    """What ``字段=值`` words say, and how each value was understood where that needs saying.

    Raises ``UserError`` ``usage``, ``register.unknown_field``, ``row.*``, or a content's own code.
    """
    contents: dict[str, FieldValue] = {}
    told: list[str] = []
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise UserError("usage", "台账的内容要写成“字段=值”。", "例如 name=一号站 state=正常；清空写成 name= 。")
        target = field(schema, name)
        if target.references and text:
            contents[target.name] = rows.find(session, target.references, text, unit).id
            continue
        reading = read_field(text, target)
        if reading.problem is not None:
            raise UserError(
                reading.problem.code,
                f"台账“{schema.title}”的“{target.title}”：{reading.problem.message}",
                reading.problem.hint,
            )
        contents[target.name] = reading.value
        told += [f"{target.title}：{conversion}" for conversion in reading.conversions]
    return contents, told
