"""责任分解: the district's targets for its towns. That they add up to the plan is for ``core.targets`` to say."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from xzdesk.store.writing import demand_transaction

if TYPE_CHECKING:
    from xzdesk.store.connect import Workspace


@dataclass(frozen=True, slots=True, order=True)
class TargetSplit:
    """What one town is to reach in one year, in the indicator's unit."""

    indicator: str
    unit: str
    year: int
    value: Decimal
    by_hand: bool = False
    """Set by a person; a new proportional split leaves it as it is."""


_NUMBER: Final = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?", re.ASCII)
_PUT: Final = """
INSERT INTO target_split (indicator, unit, year, value, by_hand) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (indicator, unit, year) DO UPDATE SET value = excluded.value, by_hand = excluded.by_hand
WHERE value <> excluded.value OR by_hand <> excluded.by_hand
"""
_READ: Final = """
SELECT indicator, unit, year, value, by_hand FROM target_split
WHERE (:indicator IS NULL OR indicator = :indicator) AND (:year IS NULL OR year = :year)
  AND (:units IS NULL OR unit IN (SELECT value FROM json_each(:units)))
ORDER BY indicator, unit, year
"""


def write(ws: Workspace, splits: Iterable[TargetSplit]) -> None:
    """Set the given ones; others stay."""
    demand_transaction(ws)
    ws.db.conn.executemany(_PUT, [(s.indicator, s.unit, s.year, f"{s.value:f}", int(s.by_hand)) for s in splits])


def clear(ws: Workspace, indicator: str, year: int) -> int:
    """Take back the split of an indicator's year; how many towns had one."""
    demand_transaction(ws)
    done = ws.db.conn.execute("DELETE FROM target_split WHERE indicator = ? AND year = ?", (indicator, year))
    return int(done.rowcount)


def read(
    ws: Workspace, *, units: Collection[str] | None = None, indicator: str | None = None, year: int | None = None
) -> tuple[TargetSplit, ...]:
    """By indicator, unit and year; for some units (codes), one indicator or year only where given."""
    wanted = {"units": None if units is None else json.dumps(sorted(units)), "indicator": indicator, "year": year}
    return tuple(
        TargetSplit(code, town, of_year, Decimal(value), bool(by_hand))
        for code, town, of_year, value, by_hand in ws.db.conn.execute(_READ, wanted)
    )


def read_value(text: str) -> Decimal | None:
    """A target as ``write`` keeps it, from a package; None for what is not a plain number."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None
