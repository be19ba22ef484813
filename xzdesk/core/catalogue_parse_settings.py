"""Reading ``catalogue.toml``: who the catalogue is for, the plan's years, tracks, how towns are ranked, settings.

A setting is a text that reports and the interface ask for by name; which there are is not decided here.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from xzdesk.core.catalogue_parse import MAX_CELL, Faults, Place, checked_name, checked_text, line_of, show

FILE: Final = "catalogue.toml"
MAX_CHARACTERS: Final = 50_000
MAX_SETTINGS: Final = 200
MAX_UNKNOWN: Final = 20
MAX_DOTS: Final = 40
"""In one line: the time that Python's reader takes for a dotted name grows with the square of its parts."""
RANKING_PARTS: Final = ("progress", "increment", "quality", "timeliness")
_COUNTS: Final = ("small_denominator", "red_flags", "snails")
_NAMES: Final = (
    "id",
    "title",
    "version",
    "plan_title",
    "baseline_year",
    "first_year",
    "last_year",
    "target_years",
    "due_day",
    "tracks",
    "ranking",
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the file says; see ``model.Catalogue`` and ``model.RankingRules`` for the fields."""

    id: str
    title: str
    version: int
    plan_title: str
    baseline_year: int
    first_year: int
    last_year: int
    target_years: tuple[int, ...]
    due_day: int
    tracks: tuple[str, ...]
    weights: Mapping[str, Decimal]
    small_denominator: int
    red_flags: int
    snails: int
    settings: Mapping[str, str]
    ranking_place: Place


def read_toml(faults: Faults, text: str) -> dict[str, object]:
    """The document with ``Decimal`` for fractions; a fault and nothing when it is not TOML."""
    if len(text) > MAX_CHARACTERS:
        faults.add(FILE, 0, f"文件过大（最多 {MAX_CHARACTERS} 字）")
        return {}
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > MAX_DOTS:
            faults.add(FILE, number, f"一行里的点号多于 {MAX_DOTS} 个")
            return {}
    try:
        return tomllib.loads(text, parse_float=_fraction)
    except (ValueError, RecursionError) as error:
        found = re.search(r"at line (\d+)", str(error))
        faults.add(FILE, int(found[1]) if found else 0, "TOML 写法不对，或有重复的名称")
        return {}


def _fraction(text: str) -> Decimal:
    if not re.fullmatch(r"-?[0-9]{1,15}\.[0-9]{1,6}", text, re.ASCII):
        raise ValueError("number")
    return Decimal(text)


def read_settings(faults: Faults, text: str, document: Mapping[str, object], files: Collection[str]) -> Settings:
    """What ``document`` (parsed from ``text``) says; ``files`` are the catalogue's files that sources may name."""
    reader = _Reader(faults, text, document)
    reader.check_names("", document, {*_NAMES, "settings", "sources"}, _NAMES)
    first, last = reader.integer("first_year", 2001, 2099), reader.integer("last_year", 2001, 2099)
    baseline = reader.integer("baseline_year", 2000, 2098)
    if first > last:
        reader.place("first_year").fault("first_year 晚于 last_year")
    if baseline != first - 1:
        reader.place("baseline_year").fault("baseline_year 应为 first_year 的前一年")
    ranking = reader.table("ranking")
    reader.check_names("ranking", ranking, {*RANKING_PARTS, *_COUNTS}, (*RANKING_PARTS, *_COUNTS))
    ranks = _Reader(faults, text, ranking)
    weights = {part: ranks.points(part) for part in RANKING_PARTS}
    if sum(weights.values()) != 100:
        reader.place("ranking").fault(f"四部分的分值合计应为 100，现在是 {sum(weights.values())}")
    reader.sources(files)
    return Settings(
        id=checked_name(reader.place("id"), "id ", reader.text("id")),
        title=reader.text("title"),
        version=reader.integer("version", 1, 1_000_000),
        plan_title=reader.text("plan_title"),
        baseline_year=baseline,
        first_year=first,
        last_year=last,
        target_years=reader.years(first, last),
        due_day=reader.integer("due_day", 1, 28),
        tracks=reader.tracks(),
        weights=weights,
        small_denominator=ranks.integer("small_denominator", 0, 1000),
        red_flags=ranks.integer("red_flags", 0, 1000),
        snails=ranks.integer("snails", 0, 1000),
        settings=reader.settings(),
        ranking_place=reader.place("ranking"),
    )


class _Reader:
    """Values by name. What is missing altogether has been said by ``check_names`` and is not said twice."""

    def __init__(self, faults: Faults, text: str, document: Mapping[str, object]) -> None:
        self._faults = faults
        self._text = text
        self._document = document

    def place(self, name: str) -> Place:
        line = line_of(self._text, rf"^[ \t]*(\[[ \t]*)?[\"']?{re.escape(name)}[\"']?[ \t]*[=\]]") if name else 0
        return Place(self._faults, FILE, line)

    def check_names(
        self, table: str, document: Mapping[str, object], known: Collection[str], required: Collection[str]
    ) -> None:
        where = f"[{table}] " if table else ""
        for name in required:
            if name not in document:
                self.place(table).fault(f"{where}缺少 {name}")
        unknown = [name for name in document if name not in known]
        for name in unknown[:MAX_UNKNOWN]:
            self.place(name).fault(f"{where}不认识的名称 {show(name)}")

    def table(self, name: str) -> Mapping[str, object]:
        value = self._document.get(name, {})
        if isinstance(value, dict):
            return value
        self.place(name).fault(f"{name} 应写成 [{name}] 一节")
        return {}

    def text(self, name: str) -> str:
        return self._checked(name, self._document.get(name, "x"))

    def _checked(self, name: str, value: object, limit: int = MAX_CELL) -> str:
        place = self.place(name)
        if not isinstance(value, str):
            place.fault(f"{show(name)} 应为文字")
            return ""
        if not value:
            place.fault(f"{show(name)} 没有填")
        return checked_text(place, f"{show(name)} ", value, limit)

    def integer(self, name: str, low: int, high: int) -> int:
        value = self._document.get(name, low)
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self.place(name).fault(f"{name} 应为 {low} 到 {high} 的整数")
        return low

    def points(self, name: str) -> Decimal:
        value = self._document.get(name, 0)
        if isinstance(value, int | Decimal) and not isinstance(value, bool) and 0 <= value <= 100:
            return Decimal(value)
        self.place(name).fault(f"{name} 应为 0 到 100 的数")
        return Decimal(0)

    def years(self, first: int, last: int) -> tuple[int, ...]:
        value = self._document.get("target_years", [first])
        if (
            isinstance(value, list)
            and value
            and all(type(year) is int and first <= year <= last for year in value)
            and value == sorted(set(value))
        ):
            return tuple(value)
        self.place("target_years").fault("target_years 应为规划期内由早到晚的若干年份，如 [2023, 2025]")
        return ()

    def tracks(self) -> tuple[str, ...]:
        value = self._document.get("tracks", ["x"])
        if not isinstance(value, list) or not value or not all(isinstance(track, str) for track in value):
            self.place("tracks").fault("tracks 应为方括号括起的若干文字")
            return ()
        if len(set(value)) < len(value):
            self.place("tracks").fault("tracks 里有重复的一项")
        return tuple(self._checked("tracks", track, 60) for track in dict.fromkeys(value))

    def settings(self) -> dict[str, str]:
        table = self.table("settings")
        if len(table) > MAX_SETTINGS:
            self.place("settings").fault(f"[settings] 超过 {MAX_SETTINGS} 项")
            return {}
        return {checked_name(self.place(name), "设置 ", name): self._checked(name, table[name]) for name in table}

    def sources(self, files: Collection[str]) -> None:
        for name, value in list(self.table("sources").items())[:MAX_SETTINGS]:
            if name not in files:
                self.place(name).fault(f"[sources] 里的 {show(name)} 不是目录里的文件")
            self._checked(name, value)
