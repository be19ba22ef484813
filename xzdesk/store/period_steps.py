"""How a condition over dates and the period changes from one period to the next.

A condition that uses the period only in comparisons (earlier, later, or the same day at most) with date fields changes
for a row at most where one of those dates falls. Counting over sixty months then needs one look at the rows instead of
sixty. What such comparisons are is told here; the SQL is made in ``sql_expressions`` and ``derive``.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Final, NamedTuple

from xzdesk.core.expressions import Expression
from xzdesk.core.model import FieldType, RegisterSchema
from xzdesk.core.periods import PeriodKind

PERIOD_NAMES: Final = ("period_start", "period_end")


class DateKey(NamedTuple):
    """The number of the period into which a date field falls, moved by so many days."""

    field: str
    days: int


class Step(NamedTuple):
    """A comparison of a date field with the period: ``key symbol number of the period``."""

    key: DateKey
    symbol: str
    after: bool
    """Whether the outcome changes in the period after the key's, else in the key's own."""


_STEPS: Final[Mapping[tuple[type[ast.cmpop], str], tuple[int, str, bool]]] = {
    (ast.LtE, "period_end"): (0, "<=", False),
    (ast.Gt, "period_end"): (0, ">", False),
    (ast.Lt, "period_end"): (1, "<=", False),
    (ast.GtE, "period_end"): (1, ">", False),
    (ast.GtE, "period_start"): (0, ">=", True),
    (ast.Lt, "period_start"): (0, "<", True),
    (ast.Gt, "period_start"): (-1, ">=", True),
    (ast.LtE, "period_start"): (-1, "<", True),
}
"""Days, symbol and ``after`` by comparison: a date before the period's end, moved by a day, is at most the end."""

_MIRRORED: Final[Mapping[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.LtE: ast.GtE,
    ast.GtE: ast.LtE,
    ast.Lt: ast.Gt,
    ast.Gt: ast.Lt,
}


def step_of(left: ast.expr, comparison: ast.cmpop, right: ast.expr) -> Step | None:
    """The step that a comparison of a name with one of the period's is; None for any other."""
    if not (isinstance(left, ast.Name) and isinstance(right, ast.Name)):
        return None
    operator = type(comparison)
    if left.id in PERIOD_NAMES and operator in _MIRRORED:
        left, right, operator = right, left, _MIRRORED[operator]
    found = _STEPS.get((operator, right.id))
    if found is None or left.id in PERIOD_NAMES:
        return None
    days, symbol, after = found
    return Step(DateKey(left.id, days), symbol, after)


def steps_of(expression: Expression, schema: RegisterSchema) -> frozenset[Step] | None:
    """Every step of an expression over the rows of ``schema``; None if it uses the period in any other way."""
    dates = {each.name for each in schema.fields if each.type is FieldType.DATE}
    found: set[Step] = set()
    accounted: set[int] = set()
    for node in ast.walk(expression.tree):
        if not isinstance(node, ast.Compare):
            continue
        terms = (node.left, *node.comparators)
        for left, comparison, right in zip(terms[:-1], node.ops, terms[1:], strict=True):
            bounds = {id(term) for term in (left, right) if _is_bound(term)}
            if not bounds:
                continue
            step = step_of(left, comparison, right)
            if step is None or step.key.field not in dates:
                return None
            found.add(step)
            accounted |= bounds
    bounds = {id(node) for node in ast.walk(expression.tree) if _is_bound(node)}
    return frozenset(found) if bounds <= accounted else None


def number_of(date: str, days: int, kind: PeriodKind) -> str:
    """SQL of the number of the period of ``kind`` into which a date (SQL) falls, moved by ``days``.

    The last day that SQLite knows cannot be moved on, and need not: no period is so late.
    """
    moved = f"date(min({date}, '9999-12-30'), '{days:+} day')" if days else date
    return f"(substr({moved}, 1, 4) * 12 + substr({moved}, 6, 2) - 1) / {kind.months}"


def _is_bound(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id in PERIOD_NAMES
