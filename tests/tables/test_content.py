"""One cell of a file as a value of an element or the content of a field."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xzdesk.core.model import (
    NOT_APPLICABLE,
    NOT_STARTED,
    YES_NO,
    DataElement,
    DataValue,
    ElementType,
    FieldType,
    Level,
    Measure,
    RegisterField,
)
from xzdesk.core.periods import PeriodKind
from xzdesk.tables.content import read_field, read_value, shown
from xzdesk.tables.table import Broken, Raw


def element(
    kind: ElementType = ElementType.INTEGER,
    unit: str = "户",
    decimals: int = 0,
    choices: tuple[tuple[str, str], ...] = (),
    minimum: Decimal | None = Decimal(0),
    maximum: Decimal | None = None,
) -> DataElement:
    return DataElement(
        "x", "某项", unit, kind, decimals, Measure.FLOW, Level.VILLAGE, PeriodKind.MONTH, "t", "口径", choices,
        minimum, maximum,
    )  # fmt: skip


HOUSEHOLDS = element()
INCOME = element(ElementType.DECIMAL, "万元", 2)
SHARE = element(ElementType.DECIMAL, "%", 1, maximum=Decimal(100))
BUILT = element(ElementType.BOOLEAN, "", choices=YES_NO)
GRADE = element(ElementType.CHOICE, "", choices=(("none", "无"), ("2a", "2A级"), ("3a", "3A级")))


@pytest.mark.parametrize(
    ("raw", "item", "value"),
    [
        (598, HOUSEHOLDS, 598),
        (598.0, HOUSEHOLDS, 598),
        ("５９８", HOUSEHOLDS, 598),
        ("1,234", HOUSEHOLDS, 1234),
        ("2.5万", HOUSEHOLDS, 25000),
        ("0", HOUSEHOLDS, 0),
        (0.1 + 0.2, INCOME, Decimal("0.3")),
        ("90%", SHARE, 90),
        ("是", BUILT, "yes"),
        ("√", BUILT, "yes"),
        (True, BUILT, "yes"),
        (1, BUILT, "yes"),
        ("×", BUILT, "no"),
        (False, BUILT, "no"),
        ("3A级", GRADE, "3a"),
        ("３a", GRADE, "3a"),
        (" 3A 级 ", GRADE, "3a"),
        ("2a", GRADE, "2a"),
        ("无", GRADE, "none"),
    ],
)
def test_the_value_that_was_meant(raw: Raw, item: DataElement, value: Decimal | int | str) -> None:
    reading = read_value(raw, item)
    assert reading.problem is None
    assert reading.value == DataValue.of(value)


@pytest.mark.parametrize("item", [HOUSEHOLDS, BUILT, GRADE])
def test_the_stated_absences(item: DataElement) -> None:
    for text in ("/", "／", "不适用", "N/A"):
        assert read_value(text, item).value == NOT_APPLICABLE
    for text in ("-", "－", "——", "—", "未开展"):
        assert read_value(text, item).value == NOT_STARTED


@pytest.mark.parametrize("raw", ["", "  ", "\u3000", "\n"])
def test_an_empty_cell_says_nothing(raw: str) -> None:
    reading = read_value(raw, HOUSEHOLDS)
    assert (reading.value, reading.conversions, reading.problem) == (None, (), None)


@pytest.mark.parametrize(
    ("raw", "item", "code"),
    [
        ("不少", HOUSEHOLDS, "number.unreadable"),
        (12.5, HOUSEHOLDS, "number.not_whole"),
        (-1, HOUSEHOLDS, "number.out_of_range"),
        (101, SHARE, "number.out_of_range"),
        (True, HOUSEHOLDS, "number.other_type"),
        (dt.date(2026, 10, 1), HOUSEHOLDS, "number.other_type"),
        (float("inf"), HOUSEHOLDS, "number.too_large"),
        (1e15, INCOME, "number.too_large"),
        (Broken("#DIV/0!"), HOUSEHOLDS, "content.broken"),
        ("也许", BUILT, "choice.unknown"),
        ("4A级", GRADE, "choice.unknown"),
    ],
)
def test_what_cannot_be_taken_is_a_problem(raw: Raw, item: DataElement, code: str) -> None:
    reading = read_value(raw, item)
    assert reading.value is None
    assert reading.problem is not None
    assert reading.problem.code == code


def test_rounding_is_told() -> None:
    reading = read_value("12.345", INCOME)
    assert reading.value == DataValue.of(Decimal("12.35"))
    assert reading.conversions == ("“12.345”读作 12.35（四舍五入到2位小数）",)


OWNER = RegisterField("owner", "户主", FieldType.STRING, max_length=5, personal=True)
PLOT = RegisterField("plot", "占地", FieldType.DECIMAL, unit="平方米", decimals=1)
SINCE = RegisterField("since", "闲置起", FieldType.DATE, minimum=dt.date(1990, 1, 1))
STATE = RegisterField("state", "状态", FieldType.STRING, choices=("闲置", "已激活"))
FIT = RegisterField("fit", "达标", FieldType.BOOLEAN)


def test_fields_of_a_register() -> None:
    assert read_field(" 张三 ", OWNER).value == "张三"
    assert read_field(12, OWNER).value == "12"
    assert read_field("=1+1", OWNER).value == "=1+1"
    assert read_field("80㎡", PLOT).value == Decimal("80.0")
    assert read_field("2020.3.5", SINCE).value == dt.date(2020, 3, 5)
    assert read_field("闲 置", STATE).value == "闲置"
    assert read_field("是", FIT).value == "yes"
    assert read_field("", FIT).value is None


@pytest.mark.parametrize(
    ("raw", "field", "code"),
    [
        ("这是六个字的", OWNER, "text.too_long"),
        ("张\x01三", OWNER, "text.control"),
        (dt.date(1989, 12, 31), SINCE, "date.out_of_range"),
        ("拆了", STATE, "choice.unknown"),
        ("80亩", PLOT, "number.wrong_unit"),
        (Broken("#REF!"), OWNER, "content.broken"),
    ],
)
def test_a_field_that_cannot_be_taken(raw: Raw, field: RegisterField, code: str) -> None:
    problem = read_field(raw, field).problem
    assert problem is not None
    assert problem.code == code


@given(st.text(min_size=1, max_size=20))
def test_personal_contents_are_never_quoted(text: str) -> None:
    secret = f"王{text}王"
    for kind in (FieldType.INTEGER, FieldType.DATE, FieldType.BOOLEAN, FieldType.STRING):
        field = RegisterField("owner", "户主", kind, max_length=1, personal=True)
        reading = read_field(secret, field)
        told = "".join(reading.conversions)
        if reading.problem is not None:
            told += reading.problem.message + reading.problem.hint
        assert secret.strip() not in told


@pytest.mark.parametrize("kind", [FieldType.INTEGER, FieldType.DECIMAL, FieldType.DATE, FieldType.BOOLEAN])
def test_what_a_register_refuses_is_never_quoted(kind: FieldType) -> None:
    """Where the columns of a sheet have slipped, names stand under every heading."""
    problem = read_field("欧阳某某", RegisterField("members", "人口", kind)).problem
    assert problem is not None
    assert "欧阳某某" not in problem.message + problem.hint


RAW = (
    st.text(max_size=30) | st.floats() | st.integers() | st.booleans() | st.dates() | st.datetimes() | st.times()
    | st.timedeltas() | st.builds(Broken, st.text(max_size=5))
)  # fmt: skip


@given(RAW, st.sampled_from([HOUSEHOLDS, INCOME, SHARE, BUILT, GRADE]))
def test_no_content_raises(raw: Raw, item: DataElement) -> None:
    reading = read_value(raw, item)
    assert reading.value is None or reading.problem is None
    assert len(shown(raw)) <= 400


@given(RAW, st.sampled_from([OWNER, PLOT, SINCE, STATE, FIT]))
def test_no_field_raises(raw: Raw, field: RegisterField) -> None:
    reading = read_field(raw, field)
    assert reading.value is None or reading.problem is None


@given(st.decimals(min_value=0, max_value=10**12, places=2))
def test_a_number_of_a_spreadsheet_is_read_exactly(number: Decimal) -> None:
    assert read_value(float(number), INCOME).value == DataValue.of(number)
