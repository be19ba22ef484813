"""Reading the JSON of a catalogue strictly: no name twice, no NaN, bounded depth and numbers, decimals exact.

What the members mean is for ``catalogue_parse_registers``.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Final

from xzdesk.core.catalogue_parse import Faults, Place, show

MAX_CHARACTERS: Final = 200_000
MAX_DEPTH: Final = 12
MAX_DIGITS: Final = 22
_STRING_OR_BRACKET: Final = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)


class _RefusedError(ValueError):
    """What the JSON standard, or Python's reader, would let pass."""


def read_json(faults: Faults, file: str, text: str) -> object:
    """The document, with ``Decimal`` for fractions; a fault and None when it is not strict JSON."""
    if len(text) > MAX_CHARACTERS:
        faults.add(file, 0, f"文件过大（最多 {MAX_CHARACTERS} 字）")
        return None
    if line := _too_deep(text):
        faults.add(file, line, f"嵌套超过 {MAX_DEPTH} 层")
        return None
    try:
        document: object = json.loads(
            text,
            object_pairs_hook=_members,
            parse_int=_integer,
            parse_float=_fraction,
            parse_constant=_fraction,
        )
        if "\\u" in text:
            json.dumps(document, ensure_ascii=False, default=str).encode()
    except json.JSONDecodeError as error:
        faults.add(file, error.lineno, "JSON 写法不对（括号、引号或逗号）")
    except UnicodeEncodeError:
        faults.add(file, 0, "里有不成字的编码（\\ud800 至 \\udfff）")
    except _RefusedError as error:
        faults.add(file, 0, str(error))
    else:
        return document
    return None


def _too_deep(text: str) -> int:
    """The line of the bracket that is one level too deep; 0 if none is. Saves the reader from recursing."""
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        if match[0] in ("{", "["):
            depth += 1
            if depth > MAX_DEPTH:
                return text.count("\n", 0, match.start()) + 1
        elif match[0] in ("}", "]"):
            depth -= 1
    return 0


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise _RefusedError(f"名称“{show(name)}”在同一个括号里重复")
        found[name] = value
    return found


def _integer(text: str) -> int:
    # Length first: int() of many digits is slow, or refused by Python.
    if len(text) > MAX_DIGITS:
        raise _RefusedError(f"数“{show(text)}”过长")
    return int(text)


def _fraction(text: str) -> Decimal:
    if len(text) > MAX_DIGITS or not re.fullmatch(r"-?[0-9]+\.[0-9]+", text, re.ASCII):
        raise _RefusedError(f"数“{show(text)}”的写法不许用")
    return Decimal(text)


class Members:
    """One JSON object, read by name. Every reader notes a fault at ``place`` and answers a harmless stand-in."""

    def __init__(self, place: Place, what: str, value: object, known: frozenset[str]) -> None:
        self.place = place
        self.what = what
        self._values: dict[str, object] = {}
        if not isinstance(value, dict):
            place.fault(f"{what}应为花括号括起的对象")
            return
        self._values = value
        if unknown := [show(name) for name in value if name not in known]:
            place.fault(f"{what}里有不认识的名称 {'、'.join(unknown[:10])}")

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def get(self, name: str) -> object:
        return self._values.get(name)

    def text(self, name: str, default: str = "") -> str:
        value = self._values.get(name, default)
        if isinstance(value, str):
            return value
        self.place.fault(f"{self.what}的 {name} 应为文字")
        return default

    def flag(self, name: str) -> bool:
        value = self._values.get(name, False)
        if isinstance(value, bool):
            return value
        self.place.fault(f"{self.what}的 {name} 应为 true 或 false")
        return False

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        value = self._values.get(name, default)
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self.place.fault(f"{self.what}的 {name} 应为 {low} 到 {high} 的整数")
        return default

    def number(self, name: str) -> Decimal | None:
        """None when it is not there."""
        value = self._values.get(name)
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return Decimal(value)
        if value is not None or name in self._values:
            self.place.fault(f"{self.what}的 {name} 应为数")
        return None

    def texts(self, name: str) -> tuple[str, ...]:
        value = self._values.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.place.fault(f"{self.what}的 {name} 应为方括号括起的若干文字")
            return ()
        if len(set(value)) < len(value):
            self.place.fault(f"{self.what}的 {name} 里有重复的一项")
        return tuple(dict.fromkeys(value))

    def objects(self, name: str) -> list[object]:
        value = self._values.get(name, [])
        if isinstance(value, list):
            return value
        self.place.fault(f"{self.what}的 {name} 应为方括号括起的若干项")
        return []
