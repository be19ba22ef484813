"""The demonstration's script: a TOML file beside the catalogues that says how each figure is invented.

So nothing about a district stands in code: another catalogue brings another script. Read strictly; what each kind
of figure means is in ``figures`` and ``entries``.
"""

from __future__ import annotations

import tomllib
from typing import Annotated, Any, Final, Literal

import msgspec

from xzdesk import paths
from xzdesk.core.errors import UserError

Share = Annotated[float, msgspec.Meta(ge=0, le=10)]


class Reach(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A choice that as many units have as the indicator wants; the last level is what the others have."""

    levels: list[tuple[str, str]]
    """(indicator, choice), the highest first."""
    others: list[tuple[str, float]]
    """(choice, share of the rest), shares adding up to 1."""
    like: str = ""
    """Indicator whose order of units this one follows; empty: that of the lowest level."""


class Follow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A figure whose sum over the units follows an indicator."""

    indicator: str
    share: Share = 1.0
    """Of the indicator, where several elements add up to it."""
    once: bool = False
    """No unit has it twice."""


class Level(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A stock of each unit for itself: between ``low`` and ``high`` in the first year, growing by ``growth`` a year."""

    low: float
    high: float
    growth: float = 0.0


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A flow that is a part of another element's, such that an indicator's share of units passes a threshold."""

    of: str
    indicator: str
    threshold: float
    """Sum in the year that a unit has to pass."""
    share: Share


class PerThousand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A numerator: the indicator times another element's figure."""

    indicator: str
    of: str


class Yearly(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One figure a year for every unit asked, the last one for all later years."""

    values: list[str]


class ElementScript(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one element is invented: exactly one of these."""

    reach: Reach | None = None
    follow: Follow | None = None
    level: Level | None = None
    part: Part | None = None
    per: PerThousand | None = None
    yearly: Yearly | None = None


class FieldScript(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one field of an entry is invented: exactly one of these, or empty."""

    choice: dict[str, float] | None = None
    """Content with its weight; an empty content leaves the field empty."""
    number: tuple[float, float] | None = None
    person: bool = False
    door: bool = False
    text: str = ""
    """``{unit}`` and ``{n}`` are filled in."""
    days_after: tuple[str, int, int] | None = None
    """A date so many days after another field's."""
    only: dict[str, list[str]] = {}
    """Filled only where the named field, which comes earlier, has one of these contents."""


class RegisterScript(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Entries of a register."""

    date: str
    """The field that says when an entry began to count."""
    fields: dict[str, FieldScript]
    indicator: str = ""
    """As many entries begin in each month as the indicator wants."""
    share_of: str = ""
    """Each unit's first entry begins so that this indicator's share of units is covered."""
    each: tuple[int, int] = (0, 0)
    """So many entries of each unit, dates before the plan, beside those of the indicator."""
    parent: str = ""
    """Register each entry belongs to; ``every`` months one for each of its entries."""
    parent_field: str = ""
    fields_of_parent: dict[str, list[str]] = {}
    """Only for entries of the parent with one of these contents."""
    every: int = 0
    kinds: list[str] = []
    """Kinds of units that have entries; empty: all of the village's level."""
    capped: tuple[str, str] | None = None
    """(number field, element): a unit's entries together stay within the element's figure."""


class Mistake(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A cell of the last month that is first recorded wrongly."""

    unit: str
    element: str
    value: str
    """What is recorded by mistake."""
    found_by: Literal["check", "district"]
    reason: str
    """What the district writes when it returns the cell, or what the mistake is."""


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole demonstration of one catalogue."""

    office_of_villages: str
    """Code of the town whose villages have workspaces of their own."""
    attain: dict[str, Share]
    """How much of the target each indicator reaches; ``default`` for the others."""
    start: dict[str, float]
    """Where an indicator stood when the plan began, as a share of its first target; ``default`` for the others."""
    pace: dict[str, Share]
    """Town by town: how fast, 1 being the district's; others lie between."""
    surnames: str
    given_names: str
    elements: dict[str, ElementScript]
    registers: dict[str, list[RegisterScript]]
    """Several kinds of entries of one register may be invented apart."""
    mistakes: list[Mistake]
    explanation: str
    """The reason given for soft findings of invented figures."""
    late: str
    """Code of the town that has not handed the last month in yet."""


DEFAULT: Final = "default"


def load(catalogue: str) -> Script:
    """Raises ``UserError`` ``demo.script`` when there is none for this catalogue or it is not of the form."""
    path = paths.demo_script(catalogue)
    try:
        content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        return msgspec.convert(content, Script)
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise UserError(
            "demo.script", f"演示脚本“{path.name}”缺少或写法不对。", "请重新安装程序，或检查改动过的脚本。"
        ) from error
