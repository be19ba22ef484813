"""Numbers as people type them: the right value, or a problem with a reason, and never a guess."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xzdesk.tables.numbers import LARGEST, plain, read_number, same_unit


@pytest.mark.parametrize(
    ("text", "unit", "value", "conversions"),
    [
        ("1234", "", "1234", ()),
        (" 12.50 ", "", "12.5", ()),
        ("-3", "", "-3", ()),
        ("０", "", "0", ("全角改半角",)),
        ("１２３．５", "", "123.5", ("全角改半角",)),
        ("－４２", "", "-42", ("全角改半角",)),
        ("1,234", "", "1234", ("去掉千分位",)),
        ("1，234，567", "", "1234567", ("全角改半角", "去掉千分位")),
        ("12 345", "", "12345", ("去掉空格",)),
        ("2.5万", "户", "25000", ("按“万”换算",)),
        ("2.5万户", "户", "25000", ("按“万户”换算为“户”",)),
        ("3亿元", "万元", "30000", ("按“亿元”换算为“万元”",)),
        ("50000元", "万元", "5", ("按“元”换算为“万元”",)),
        ("12亩", "亩", "12", ("去掉单位“亩”",)),
        ("12㎡", "平方米", "12", ("去掉单位“㎡”",)),
        ("90%", "%", "90", ("去掉单位“%”",)),
        ("９０％", "%", "90", ("全角改半角", "去掉单位“%”")),
        ("¥1,200", "元", "1200", ("去掉千分位", "去掉单位“元”")),
        ("￥3", "元", "3", ("全角改半角", "去掉单位“元”")),
        ("(15)", "", "-15", ("括号表示负数",)),
        ("（15）", "", "-15", ("全角改半角", "括号表示负数")),
        ("负2", "", "-2", ()),
        ("1.2e3", "", "1200", ("科学记数",)),
        ("3。5", "", "3.5", ("句号作小数点",)),
        (".5", "", "0.5", ()),
        ("-0", "", "0", ()),
    ],
)
def test_the_value_that_was_meant(text: str, unit: str, value: str, conversions: tuple[str, ...]) -> None:
    reading = read_number(text, unit)
    assert reading.problem is None
    assert reading.value == Decimal(value)
    assert reading.conversions == conversions


@pytest.mark.parametrize(
    ("text", "unit", "code"),
    [
        ("abc", "", "number.unreadable"),
        ("", "", "number.unreadable"),
        ("1,23", "", "number.unreadable"),
        ("1.2.3", "", "number.unreadable"),
        ("三十", "", "number.unreadable"),
        ("约30", "", "number.unreadable"),
        ("10-12", "", "number.unreadable"),
        ("(5", "", "number.unreadable"),
        ("1" * 61, "", "number.unreadable"),
        ("12亩", "户", "number.wrong_unit"),
        ("12亩", "", "number.wrong_unit"),
        ("90%", "户", "number.wrong_unit"),
        ("2.5万", "万元", "number.ambiguous_scale"),
        ("1e300", "", "number.too_large"),
        ("1000000000000001", "", "number.too_large"),
        ("9999万亿", "元", "number.too_large"),
    ],
)
def test_what_can_be_meant_in_two_ways_is_a_problem(text: str, unit: str, code: str) -> None:
    reading = read_number(text, unit)
    assert reading.value is None
    assert reading.problem is not None
    assert reading.problem.code == code
    assert reading.problem.message
    assert reading.problem.hint


@pytest.mark.parametrize(
    ("written", "unit", "same"),
    [
        ("万元", "万元", True),
        ("元", "万元", False),
        ("m²", "平方米", True),
        ("㎡", "平方米", True),
        ("t/d", "吨/日", True),
        ("％", "%", True),
        ("亿元", "万元", False),
    ],
)
def test_units_are_the_same_only_with_the_same_scale(written: str, unit: str, same: bool) -> None:
    assert same_unit(written, unit) is same


def test_a_plain_number_has_no_exponent_and_no_trailing_zeros() -> None:
    assert [plain(Decimal(text)) for text in ("25000", "2.50", "1E+3", "0.0", "-0.10")] == [
        "25000", "2.5", "1000", "0", "-0.1",
    ]  # fmt: skip


NUMBERS = st.decimals(min_value=-LARGEST, max_value=LARGEST, places=2, allow_nan=False)
FULL_WIDTH = str.maketrans("0123456789.,-+", "０１２３４５６７８９．，－＋")


@given(NUMBERS, st.booleans(), st.booleans())
def test_a_number_written_out_reads_as_itself(number: Decimal, grouped: bool, full_width: bool) -> None:
    text = format(number, ",f" if grouped else "f")
    reading = read_number(text.translate(FULL_WIDTH) if full_width else text)
    assert reading.value == number


@given(st.text(max_size=70), st.sampled_from(["", "户", "万元", "%"]))
def test_no_text_raises(text: str, unit: str) -> None:
    reading = read_number(text, unit)
    assert (reading.value is None) != (reading.problem is None)
    assert reading.value is None or abs(reading.value) <= LARGEST
