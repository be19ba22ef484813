"""Splitting the plan's targets to towns: the parts add up, never fall, and hand-made ones have to meet the plan."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xzdesk.core.errors import UserError
from xzdesk.core.model import Catalogue, Target
from xzdesk.core.target_split import demand_meets_plan, largest_remainder, split, total_of

DISTRICT = "990101"


def weights(*numbers: int) -> dict[str, Fraction]:
    return {f"town{n}": Fraction(number) for n, number in enumerate(numbers)}


def test_left_over_units_go_to_the_largest_remainders() -> None:
    # Due: 2.857, 2.143, 5.0: the one unit left goes to the first.
    assert list(largest_remainder(Decimal(10), weights(4, 3, 7), 0).values()) == [3, 2, 5]


def test_equal_remainders_go_to_the_larger_then_to_the_first() -> None:
    assert list(largest_remainder(Decimal(5), weights(1, 1), 0).values()) == [3, 2]
    # Due 1.5 and 4.5: the larger weight comes first.
    assert list(largest_remainder(Decimal(6), weights(1, 3), 0).values()) == [1, 5]


def test_splits_at_the_indicators_decimals() -> None:
    parts = largest_remainder(Decimal("0.26"), weights(1, 1, 1), 4)
    assert list(parts.values()) == [Decimal("0.0867"), Decimal("0.0867"), Decimal("0.0866")]


@pytest.mark.parametrize("numbers", [(0, 0), (3, -1)])
def test_refuses_a_base_of_nothing(numbers: tuple[int, ...]) -> None:
    with pytest.raises(UserError) as refused:
        largest_remainder(Decimal(3), weights(*numbers), 0)
    assert refused.value.code == "split.no_base"


def test_refuses_a_total_finer_than_the_indicator() -> None:
    with pytest.raises(UserError) as refused:
        largest_remainder(Decimal("0.5"), weights(1), 0)
    assert refused.value.code == "split.decimals"


@given(
    total=st.decimals(0, 10**6, places=2),
    numbers=st.lists(st.integers(0, 1000), min_size=1, max_size=12).filter(any),
)
def test_parts_always_add_up_within_one_unit_of_their_due(total: Decimal, numbers: list[int]) -> None:
    parts = largest_remainder(total, weights(*numbers), 2)
    assert sum(parts.values()) == total
    for part, number in zip(parts.values(), numbers, strict=True):
        assert abs(Fraction(part) - Fraction(total) * number / sum(numbers)) < Fraction(1, 100)


def plan(catalogue: Catalogue, code: str, *values: int | None) -> list[Target]:
    return [
        Target(code, DISTRICT, year, None if value is None else Decimal(value), "-" if value is None else str(value))
        for year, value in zip(catalogue.target_years, values, strict=True)
    ]


def test_what_builds_up_never_falls_for_a_town(tiny: Catalogue) -> None:
    # Split each by itself, 10 and 11 over 6:6:2 give 4 4 2 and then 5 5 1: the third town would have to fall.
    made = split(tiny.indicators["8"], plan(tiny, "8", 10, 11, None), weights(6, 6, 2))
    by_year = {year: [t.value for t in made if t.year == year] for year in (2024, 2026)}
    assert by_year == {2024: [4, 4, 2], 2026: [5, 4, 2]}


def test_yearly_flows_are_split_year_by_year(tiny: Catalogue) -> None:
    made = split(tiny.indicators["7"], plan(tiny, "7", 300, 360, None), weights(1, 2))
    assert [(t.year, t.value) for t in made] == [(2024, 100), (2024, 200), (2026, 120), (2026, 240)]


def test_shares_ask_the_same_of_every_town(tiny: Catalogue) -> None:
    made = split(tiny.indicators["1"], plan(tiny, "1", 40, 70, 100), weights(4, 1))
    assert {t.value for t in made if t.year == 2026} == {70}
    values = {t.unit: Decimal(70) for t in made}
    assert total_of(tiny.indicators["1"], values, weights(4, 1)) == Decimal("70.0")


def test_a_hand_made_sum_has_to_meet_the_plan_exactly(tiny: Catalogue) -> None:
    wells, target = tiny.indicators["8"], plan(tiny, "8", 10, 15, 20)[1]
    demand_meets_plan(wells, target, {"town0": Decimal(9), "town1": Decimal(6)}, {})
    for numbers, words in (((9, 5), "少 1 处"), ((9, 8), "多 2 处")):
        values = {f"town{n}": Decimal(number) for n, number in enumerate(numbers)}
        with pytest.raises(UserError) as refused:
            demand_meets_plan(wells, target, values, {})
        assert refused.value.code == "split.sum"
        assert words in refused.value.message


def test_hand_made_shares_are_weighted_and_may_exceed_the_plan(tiny: Catalogue) -> None:
    share, target = tiny.indicators["1"], plan(tiny, "1", 40, 70, 100)[1]
    # (60 x 4 + 100 x 1) / 5 = 68, (75 x 4 + 50) / 5 = 70, the plain mean of both would pass and fail.
    demand_meets_plan(share, target, {"town0": Decimal(75), "town1": Decimal(50)}, weights(4, 1))
    demand_meets_plan(share, target, {"town0": Decimal(90), "town1": Decimal(50)}, weights(4, 1))
    with pytest.raises(UserError) as refused:
        demand_meets_plan(share, target, {"town0": Decimal(60), "town1": Decimal(100)}, weights(4, 1))
    assert "少 2.0 %" in refused.value.message
