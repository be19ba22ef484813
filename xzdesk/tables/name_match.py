"""Finding units, elements and fields by the names that people write. One answer, or several, or none: never a guess."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from typing import Final, Generic, TypeVar

from xzdesk.core.model import DataElement, OrgUnit, RegisterField
from xzdesk.tables.numbers import fold, same_measure, same_unit
from xzdesk.tables.table import Raw

T = TypeVar("T", bound=Hashable)

LONGEST: Final = 80
"""Characters; a longer text is no name."""
_COMMITTEE: Final = re.compile(r"(?:村民委员会|村委会|社区居民委员会|社区居委会|居民委员会|居委会|委会)\Z")
_ENDING: Final = re.compile(r"(?:村|社区)\Z")
_NUMBERED: Final = re.compile(r"(?:\d{1,2}[.、)]|\(\d{1,2}\)|[一二三四五六七八九十]{1,2}、)")
_UNIT_IS: Final = "单位:"
_GENERAL: Final = re.compile(r"单位:([^():,，、;]{1,12})")
_BRACKET: Final = re.compile(r"\(([^()]{1,12})\)\Z")


def key(raw: Raw) -> str:
    """What is compared: half-width, lower case, without blanks and stars. Empty for what is no short text."""
    if not isinstance(raw, str) or not raw or len(raw) > LONGEST:
        return ""
    return "".join(fold(raw).lower().split()).strip("*:")


class Names(Generic[T]):
    """Things by name, tried from the strictest to the loosest spelling; the first that finds anything answers."""

    def __init__(self, named: Iterable[tuple[str, T]], *looser: Callable[[str], str]) -> None:
        named = list(named)
        self._spellings: tuple[Callable[[str], str], ...] = (lambda text: text, *looser)
        self._found: list[dict[str, list[T]]] = []
        for spelling in self._spellings:
            found: defaultdict[str, list[T]] = defaultdict(list)
            for name, thing in named:
                spelt = spelling(key(name))
                if spelt and thing not in found[spelt]:
                    found[spelt].append(thing)
            self._found.append(found)

    def find(self, raw: Raw) -> list[T]:
        """All that the text may mean."""
        text = key(raw)
        if not text:
            return []
        for spelling, found in zip(self._spellings, self._found, strict=True):
            things = found.get(spelling(text))
            if things:
                return things
        return []

    def exact(self, raw: Raw) -> list[T]:
        """All that bear exactly this name."""
        return self._found[0].get(key(raw), [])


def unit_names(units: Iterable[OrgUnit]) -> Names[str]:
    """Codes by name, by code, by ``name（code）``; for 石桥村委会 also 石桥村 and 石桥, where only one fits."""
    named = [(text, unit.code) for unit in units for text in (unit.name, unit.code, f"{unit.name}（{unit.code}）")]
    return Names(named, _without_committee, lambda text: _ENDING.sub("", _without_committee(text)))


def _without_committee(text: str) -> str:
    """石桥村委会, 石桥村民委员会 and 石桥村 are one."""
    if not _COMMITTEE.search(text):
        return text
    stem = _COMMITTEE.sub("", text)
    ending = "社区" if text.endswith(("社区居民委员会", "社区居委会")) else "村" if "村" in text[len(stem) :] else ""
    return stem if stem.endswith(("村", "社区")) else stem + ending


def element_names(elements: Iterable[DataElement]) -> Names[str]:
    """Codes by name; numbering in front and a unit in brackets behind do not count."""
    return Names(((element.name, element.code) for element in elements), without_numbering, bare)


def field_names(fields: Iterable[RegisterField]) -> Names[str]:
    """Field names by title."""
    return Names(((field.title, field.name) for field in fields), without_numbering, bare)


def without_numbering(text: str) -> str:
    """``text`` (a key) without ``1.``, ``（2）`` or ``三、`` in front."""
    return _NUMBERED.sub("", text, count=1) if _NUMBERED.match(text) else text


def bare(text: str) -> str:
    """``text`` (a key) without numbering and without what stands in brackets behind."""
    return _BRACKET.sub("", without_numbering(text))


def stated_units(raw: Raw) -> list[str]:
    """What a head may state as unit of measurement: its whole text, and what stands in brackets behind."""
    text = key(raw)
    if not text:
        return []
    bracket = _BRACKET.search(text)
    return [text, *([bracket[1].removeprefix(_UNIT_IS)] if bracket else [])]


def general_units(raws: Iterable[Raw]) -> list[str]:
    """Units stated for the whole sheet: ``单位：万元``, ``（单位：元）``."""
    return [match[1] for raw in raws if (match := _GENERAL.search(key(raw)))]


def other_unit(heads: Iterable[Raw], unit: str, known_units: Iterable[str], general: Iterable[str] = ()) -> str:
    """The unit that ``heads`` state where it is not ``unit``; empty when they state ``unit`` or none that is known.

    Where they state none, what is stated for the whole sheet (``general``) counts, if it measures the same thing.
    """
    if not unit:
        return ""
    stated = [text for head in heads for text in stated_units(head)]
    if any(same_unit(text, unit) for text in stated):
        return ""
    words = list(known_units)
    for text in stated:
        if any(same_unit(text, word) for word in words):
            return text
    scales = [text for text in general if same_measure(text, unit)]
    return scales[0] if scales and not any(same_unit(text, unit) for text in scales) else ""
