"""Numbers as people type them: 全角, ``1,234``, ``2.5万``, ``12亩``, ``90%``. Reads, never guesses.

What can be meant in two ways is a problem, not a number. Nothing here raises on any text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from xzdesk.tables.table import Problem

LARGEST: Final = Decimal(10) ** 15
"""Scaled integers of the store and of packages stay within this."""
_LONGEST: Final = 60

_FOLD: Final[dict[int, str]] = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {
    0x3000: " ",
    0x00A0: " ",
    0x2007: " ",
    0x2009: " ",
    0x202F: " ",
    0xFEFF: "",
    0x200B: "",
    0xFFE5: "¥",
    0x2212: "-",
}
_SCALES: Final = {
    "": 1,
    "千": 10**3,
    "万": 10**4,
    "十万": 10**5,
    "百万": 10**6,
    "千万": 10**7,
    "亿": 10**8,
    "十亿": 10**9,
    "百亿": 10**10,
    "千亿": 10**11,
    "万亿": 10**12,
}
_SCALE: Final = "|".join(sorted((s for s in _SCALES if s), key=len, reverse=True))
_NUMBER: Final = re.compile(
    r"(?P<open>\()?\s*(?P<sign>[-+]|负)?\s*(?P<money>¥)?\s*"
    r"(?P<digits>\d{1,3}(?:,\d{3})+|\d{1,3}(?: \d{3})+|\d+|(?=[.]\d))(?:[.](?P<fraction>\d*))?"
    r"(?P<exponent>[eE][-+]?\d{1,3})?\s*(?P<close>\))?\s*"
    rf"(?P<scale>{_SCALE})?\s*(?P<unit>[^\s\d,.:~+-].*)?\Z",
    re.ASCII,
)
_UNIT: Final = re.compile(rf"(?P<scale>{_SCALE})?(?P<base>.*)\Z", re.DOTALL)
_ALIASES: Final = {
    "㎡": "平方米",
    "m2": "平方米",
    "m²": "平方米",
    "平米": "平方米",
    "平方": "平方米",
    "t/d": "吨/日",
    "吨/天": "吨/日",
    "吨/d": "吨/日",
    "千米": "公里",
    "km": "公里",
    "mg/l": "毫克/升",
    "圆": "元",
    "块": "元",
    "元/年": "元",
    "元每年": "元",
    "亩地": "亩",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """``value`` or ``problem``, never both; ``conversions`` says what was done besides reading plain digits."""

    value: Decimal | None
    conversions: tuple[str, ...] = ()
    problem: Problem | None = None


def fold(text: str) -> str:
    """Full-width letters, digits and signs as their half-width twins; odd spaces as plain ones; ends stripped."""
    return text.translate(_FOLD).strip()


def plain(value: Decimal) -> str:
    """Without exponent and trailing zeros: ``25000``, ``0.5``."""
    text = format(value, "f")
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


def read_number(text: str, unit: str = "") -> Reading:
    """Read ``text`` as a number of ``unit`` (``户``, ``万元``, ``%``; empty: none).

    A unit in the text must be that unit, or the same one times 万 or 亿, which is converted. ``2.5万`` of 户 is
    25000; of 万元 it might be 2.5 万元 or 25000, which is a problem.
    """
    folded = fold(text)
    if len(folded) > _LONGEST:
        return _refuse("number.unreadable", "内容过长，不是数。", "请只填一个数。")
    conversions = ["全角改半角"] if folded != text.strip() else []
    if re.fullmatch(r"[-+]?\d+。\d+", folded):
        folded = folded.replace("。", ".")
        conversions.append("句号作小数点")
    match = _NUMBER.fullmatch(folded)
    if match is None or bool(match["open"]) != bool(match["close"]):
        return _refuse("number.unreadable", "不是一个数。", "请只填数字，例如 1234 或 12.5；没有就填 0，不适用填 /。")
    value = _value(match, conversions)
    reading = _apply_unit(value, match, unit, conversions)
    if reading.value is not None and abs(reading.value) > LARGEST:
        return _refuse("number.too_large", "数太大。", "请检查是否多打了几个零，或单位填错。")
    return reading


def _value(match: re.Match[str], conversions: list[str]) -> Decimal:
    digits = match["digits"]
    if "," in digits:
        conversions.append("去掉千分位")
    if " " in digits:
        conversions.append("去掉空格")
    digits = digits.replace(",", "").replace(" ", "") or "0"
    value = Decimal(f"{digits}.{match['fraction'] or '0'}{match['exponent'] or ''}")
    if match["exponent"]:
        conversions.append("科学记数")
    if match["open"]:
        conversions.append("括号表示负数")
        value = -value
    if match["sign"] in ("-", "负"):
        value = -value
    return value if value else Decimal(0)


def _apply_unit(value: Decimal, match: re.Match[str], unit: str, conversions: list[str]) -> Reading:
    expected = _split_unit(unit)
    scale, word = match["scale"] or "", (match["unit"] or "").strip()
    if match["money"] and not word:
        word = "元"
    written = _split_unit(scale + word)
    if not scale and not word:
        return Reading(value, tuple(conversions))
    if word and written[1] != expected[1]:
        return _wrong_unit(unit)
    if not word and expected[0] != 1:
        return _refuse(
            "number.ambiguous_scale",
            f"这里的单位已是“{unit}”，后面又写了“{scale}”，看不出是哪个意思。",
            f"请只填以“{unit}”为单位的数字。",
        )
    factor = Decimal(written[0]) / (expected[0] if word else 1)
    if factor != 1:
        conversions.append(f"按“{scale + word}”换算" + (f"为“{unit}”" if unit and word else ""))
    elif word:
        conversions.append(f"去掉单位“{scale + word}”")
    return Reading(value * factor, tuple(conversions))


def same_unit(written: str, unit: str) -> bool:
    """Whether a unit that a header states is ``unit``, scale included."""
    return _split_unit(fold(written)) == _split_unit(fold(unit))


def same_measure(written: str, unit: str) -> bool:
    """Whether both measure the same thing, whatever the scale: 元 and 万元."""
    return _split_unit(fold(written))[1] == _split_unit(fold(unit))[1]


def _split_unit(unit: str) -> tuple[int, str]:
    """(multiplier, base word): (10000, 元) for 万元."""
    word = _ALIASES.get(unit.lower(), unit)
    match = _UNIT.match(word)
    if match is None:  # pragma: no cover - the pattern matches every text
        return 1, word
    base = match["base"].strip()
    return _SCALES[match["scale"] or ""], _ALIASES.get(base.lower(), base)


def _wrong_unit(unit: str) -> Reading:
    if unit:
        return _refuse("number.wrong_unit", f"后面写的不是这一项的单位“{unit}”。", f"请只填以“{unit}”为单位的数字。")
    return _refuse("number.wrong_unit", "数字后面有文字。", "请只填数字。")


def _refuse(code: str, message: str, hint: str) -> Reading:
    return Reading(None, (), Problem(code, message, hint))
