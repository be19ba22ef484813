"""JSON as packages may carry it: less than the standard allows, so that two readers never disagree.

UTF-8 without a byte order mark; no name twice in an object, no NaN or infinity, no number with a fraction or an
exponent, integers within ``limits.INTEGER``, at most ``limits.JSON_DEPTH`` levels, no lone surrogates.
"""

from __future__ import annotations

import json
import re
from typing import Final

from xzdesk.core.errors import UserError
from xzdesk.exchange import limits
from xzdesk.exchange.header import COPY_AGAIN

_DIGITS: Final = len(str(limits.INTEGER)) + 1
# The closing quote is optional so that a string without end is passed over once, not once per character.
_STRING_OR_BRACKET: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)
UPDATE: Final = "请核实U盘的来源；如果对方的程序比本机新，请先升级本机的程序。"


def parse(data: bytes, place: str) -> object:
    """Read strict JSON. ``place`` says in Chinese what is being read (``清单``).

    Raises ``UserError`` ``package.json_encoding``, ``.json_depth``, ``.json_syntax``, ``.json_duplicate``,
    ``.json_number`` or ``.json_integer``.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise UserError("package.json_encoding", f"{place}不是 UTF-8 编码。", COPY_AGAIN) from None
    _check_depth(data, place)
    reader = _Reader(place)
    try:
        value: object = json.loads(
            text,
            object_pairs_hook=reader.members,
            parse_float=reader.fraction,
            parse_constant=reader.fraction,
            parse_int=reader.integer,
        )
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise UserError("package.json_encoding", f"{place}里有不成字的编码。", COPY_AGAIN) from None
    except json.JSONDecodeError:
        raise UserError("package.json_syntax", f"{place}的 JSON 写法不对。", COPY_AGAIN) from None
    return value


def _check_depth(data: bytes, place: str) -> None:
    """Counts brackets outside strings, so that the parser never recurses further than allowed."""
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(data):
        mark = match[0]
        if mark in (b"{", b"["):
            depth += 1
            if depth > limits.JSON_DEPTH:
                raise UserError("package.json_depth", f"{place}嵌套超过 {limits.JSON_DEPTH} 层，已拒绝。", UPDATE)
        elif mark in (b"}", b"]"):
            depth -= 1


class _Reader:
    def __init__(self, place: str) -> None:
        self._place = place

    def members(self, pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise UserError("package.json_duplicate", f"{self._place}里有重复的名称，已拒绝。", UPDATE)
        return found

    def fraction(self, text: str) -> object:
        raise UserError("package.json_number", f"{self._place}里有不允许的数字写法“{text[:20]}”。", UPDATE)

    def integer(self, text: str) -> int:
        # Length first: int() of a million digits takes seconds.
        if len(text) > _DIGITS or abs(int(text)) > limits.INTEGER:
            raise UserError("package.json_integer", f"{self._place}里的整数超出范围。", UPDATE)
        return int(text)
