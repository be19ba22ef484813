"""The language of rules: what it computes, what it refuses."""

import datetime as dt
from decimal import Decimal

import pytest

from xzdesk.core.expressions import ExpressionError, parse
from xzdesk.core.model import Scalar


class Place:
    """An environment of given names; series functions look up ``function name``."""

    def __init__(self, **known: Scalar) -> None:
        self.known = known

    def value(self, name: str) -> Scalar:
        return self.known.get(name)

    def series(self, function: str, name: str) -> Scalar:
        return self.known.get(f"{function}_{name}")


@pytest.mark.parametrize(
    ("text", "known", "outcome"),
    [
        ("served <= total", {"served": Decimal(3), "total": Decimal(4)}, True),
        ("served <= total", {"served": Decimal(3)}, None),
        ("1 < a < 3", {"a": Decimal(3)}, False),
        ("a / b", {"a": Decimal(1), "b": Decimal(0)}, None),
        ('grade in ("3A", "金3A")', {"grade": "金3A"}, True),
        ('grade not in ("3A", "金3A")', {"grade": "无"}, True),
        ("a == 1 or b == 1", {"a": Decimal(1)}, True),
        ("a == 1 and b == 1", {"a": Decimal(2)}, False),
        ("a == 1 and b == 1", {"a": Decimal(1)}, None),
        ("total >= prev(total)", {"total": Decimal(4), "prev_total": Decimal(5)}, False),
        ("days(b, a) > 30", {"a": dt.date(2026, 1, 1), "b": dt.date(2026, 2, 1)}, True),
        ("year(a) == 2026", {"a": dt.date(2026, 1, 1)}, True),
        ("0.1 + 0.2 == 0.3", {}, True),
    ],
)
def test_evaluates(text: str, known: dict[str, Scalar], outcome: Scalar) -> None:
    assert parse(text).evaluate(Place(**known)) == outcome


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "a.b",
        "a[0]",
        "lambda: 1",
        "[x for x in y]",
        "2 ** 99",
        "f'{a}'",
        "(a := 1)",
        "",
        "prev(1 + 1)",
        "a" * 501,
        "a if",
        "True",
        "b'x'",
        "1j",
        "x in y",
    ],
)
def test_refuses_what_is_not_of_the_language(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text)
