"""Names as people write them: one answer, several, or none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xzdesk.core.model import Catalogue, OrgUnit, UnitKind
from xzdesk.tables.layout import read_marker
from xzdesk.tables.name_match import element_names, general_units, other_unit, unit_names


def unit(code: str, name: str) -> OrgUnit:
    return OrgUnit(code, name, UnitKind.VILLAGE, "1")


VILLAGES = unit_names(
    [unit("1", "木桥港村委会"), unit("2", "义庄村委会"), unit("3", "义庄社区"), unit("4", "九里"), unit("5", "九里")]
)


@pytest.mark.parametrize(
    ("written", "codes"),
    [
        ("木桥港村委会", ["1"]),
        (" 木桥港 村委会 ", ["1"]),
        ("木桥港村", ["1"]),
        ("木桥港村民委员会", ["1"]),
        ("木桥港", ["1"]),
        ("义庄村", ["2"]),
        ("义庄社区居委会", ["3"]),
        ("义庄", ["2", "3"]),
        ("九里", ["4", "5"]),
        ("九里（4）", ["4"]),
        ("2", ["2"]),
        ("村", []),
        ("社区", []),
        ("桥港村", []),
        ("", []),
        ("木桥港村" * 30, []),
        (3.0, []),
    ],
)
def test_a_unit_by_its_full_and_short_names(written: str | float, codes: list[str]) -> None:
    assert VILLAGES.find(written) == codes


def test_an_exact_name_is_only_the_full_one() -> None:
    assert VILLAGES.exact("木桥港村委会") == ["1"]
    assert VILLAGES.exact("木桥港村") == []


@pytest.mark.parametrize(
    ("head", "codes"),
    [
        ("户籍户数", ["households"]),
        ("户籍 户数", ["households"]),
        ("1.户籍户数", ["households"]),
        ("（2）户籍户数", ["households"]),
        ("三、户籍户数（户）", ["households"]),
        ("*户籍户数*", ["households"]),
        ("户数", []),
        ("户籍户数合计", []),
    ],
)
def test_an_element_by_its_head(tiny: Catalogue, head: str, codes: list[str]) -> None:
    assert element_names(tiny.elements.values()).find(head) == codes


WORDS = {"户", "元", "万元", "亿元", "平方米"}


@pytest.mark.parametrize(
    ("heads", "unit", "general", "other"),
    [
        (["收入", "万元"], "万元", [], ""),
        (["收入（元）"], "万元", [], "元"),
        (["收入", "亿元"], "万元", [], "亿元"),
        (["收入", "（单位：元）"], "万元", [], "元"),
        (["收入"], "万元", ["元"], "元"),
        (["收入", "万元"], "万元", ["元"], ""),
        (["收入"], "万元", ["万元"], ""),
        (["户数"], "户", ["元"], ""),
        (["面积", "㎡"], "平方米", [], ""),
        (["收入（含补贴）"], "万元", [], ""),
        (["等级", "万元"], "", [], ""),
    ],
)
def test_a_stated_unit_of_another_scale_is_noticed(heads: list[str], unit: str, general: list[str], other: str) -> None:
    assert other_unit(heads, unit, WORDS, general) == other


def test_a_unit_for_the_whole_sheet() -> None:
    assert general_units(["收入表（单位：元）", "单位：万元", "填报单位", 3.0]) == ["元", "万元"]


@pytest.mark.parametrize(
    "text",
    [
        "xzdesk:", "xzdesk:grid", "xzdesk:grid:village", "xzdesk:grid:county:2026-10", "xzdesk:grid:village:2026-13",
        "xzdesk:about:x", "xzdesk:register", "xzdesk:other:a:b", "grid:village:2026-10", "xzdesk:register:" + "a" * 90,
    ],
)  # fmt: skip
def test_what_is_no_marker_is_none(text: str) -> None:
    assert read_marker(text) is None


@given(st.text(max_size=100))
def test_no_text_raises(text: str) -> None:
    marker = read_marker(f"xzdesk:{text}")
    assert marker is None or marker.kind in ("grid", "baseline", "register", "about")
    assert len(VILLAGES.find(text)) <= 2
