"""Files without identifiers: read by the names of units, elements and fields."""

from decimal import Decimal

import pytest

from tests.tables.conftest import (
    LOWER,
    TOWN,
    UPPER,
    Office,
    codes,
    values,
)
from xzdesk.core.model import DataValue


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_is_read_by_names(office: Office, encoding: str) -> None:
    text = (
        "2026年12月报表,,,\n村名,1.户籍户数（户）,培训人次,备注\n"
        '上溪,６００,-,好\n下溪村委会,"1,500",25,\n合计,2100,25,\n'
    )
    done = office.plan(text.encode(encoding), "月报.csv")
    assert values(done) == {
        (UPPER, "households"): DataValue.of(600),
        (LOWER, "households"): DataValue.of(1500),
        (LOWER, "trainees"): DataValue.of(25),
    }
    assert done.findings == []
    assert [change.cell for change in done.cells] == ["B3", "B4", "C4"]


def test_a_csv_lying_on_its_side_is_read_by_names(office: Office) -> None:
    done = office.plan("采集项,上溪村,下溪村\n户籍户数,600,1402\n培训人次,,25\n".encode())
    assert values(done) == {(UPPER, "households"): DataValue.of(600), (LOWER, "trainees"): DataValue.of(25)}


def test_the_list_of_one_unit_is_read_by_names(office: Office) -> None:
    done = office.plan("上溪村 2026年12月,\n采集项,本期数\n户籍户数,600\n经营性收入,9.5\n".encode())
    assert values(done) == {(UPPER, "households"): DataValue.of(600), (UPPER, "income"): DataValue.of(Decimal("9.5"))}


def test_a_list_of_one_line_is_read_by_names(office: Office) -> None:
    done = office.plan("临溪镇 镇月报,,\n采集项,计量单位,2026年12月\n数字工厂,家,4\n".encode())
    assert values(done) == {(TOWN, "factories"): DataValue.of(4)}
    assert done.findings == []


def test_a_title_of_another_month_stops_a_csv(office: Office) -> None:
    done = office.plan("2026年11月报表\n村名,户籍户数\n上溪村,600\n".encode())
    assert codes(done) == [("import.other_period", "表", "A1")]
    assert done.cells == []


def test_another_unit_in_a_csv_is_not_taken(office: Office) -> None:
    done = office.plan("村名,经营性收入（元）,户籍户数\n上溪村,95000,600\n".encode())
    assert codes(done) == [("import.other_measure", "表", "B1")]
    assert values(done) == {(UPPER, "households"): DataValue.of(600)}


def test_a_unit_stated_for_the_whole_csv_counts(office: Office) -> None:
    done = office.plan("2026年12月,,单位：元\n村名,经营性收入,户籍户数\n上溪村,95000,600\n".encode())
    assert codes(done) == [("import.other_measure", "表", "B2")]
    assert values(done) == {(UPPER, "households"): DataValue.of(600)}


def test_findings_are_counted_to_a_limit(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xzdesk.tables.reading.MAX_FINDINGS", 1)
    done = office.plan("村名,户籍户数\n上溪村,一\n下溪村,二\n石桥村,三\n".encode())
    assert codes(done) == [("number.unreadable", "表", "B2"), ("import.too_many", "", "")]


def test_a_csv_of_something_else_is_a_finding(office: Office) -> None:
    assert codes(office.plan("姓名,电话\n甲,1\n".encode())) == [("import.not_understood", "表", "")]
