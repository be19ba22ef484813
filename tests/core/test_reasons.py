"""A 说明 must say something: empty phrases are refused, real sentences are taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xzdesk.core.reasons import MOST, refuse_reason

REAL = (
    "6户整体拆迁，见镇拆迁办名单",
    "补录3月验收的2户，见区妇联名单",
    "南片管网5月起停运检修，预计7月底恢复",
    "本月新增3户为拆旧建新，已实地查看",
    "上期误把社区数据并入，本期已剔除",
    "因台风停工，未能开展水质检测",
    "村级集体厂房租金半年一付，本季集中到账",
    "原承租人退租，闲置农房重新登记2处",
    "省级资金12月到位，投资集中在本月入账",
    "并村后户数合并计算，涉及原2个村",
    "高标准农田项目完工，面积增加120亩",
    "按区统计局新口径，不再包含临时用工",
    "培训改为线上举办，参加人数明显增多",
    "农家乐受梅雨影响，营业收入减少",
    "检测机构更换，送检推迟到下月初",
    "终端设备老化报废，已列入整改计划",
    "复核发现上期多报1家，已开展更正",
    "新引进企业投产，产值从零起步",
    "村民自愿退出和美庭院评选，共4户",
    "道路施工占用文化广场，活动暂停两个月",
)

HOLLOW = (
    "核实无误",
    "无",
    "正常",
    "情况属实",
    "已核实",
    "同上",
    "数据正确",
    "经核实，情况属实，数据正确，无误。",
    "已 核 实 ， 一 切 正 常 ！！！",
    "经认真核对，本期数据准确无误，情况正常",
    "经过我们认真核实后的情况都是正常的",
    "核实无误核实无误核实无误核实无误",
    "数据属实，同意上报，请领导审批",
    "没有问题，没有错误，真实有效",
    "（同上）",
    "核\u200b实\u200b无\u200b误",
    "核实無误正常",
    "无异常，与上期一致，不变",
)


@pytest.mark.parametrize("text", REAL)
def test_takes_real_reasons(text: str) -> None:
    assert refuse_reason(text) == ""


@pytest.mark.parametrize("text", HOLLOW)
def test_refuses_empty_phrases_however_strung_together(text: str) -> None:
    assert refuse_reason(text)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "没有写"),
        (" \n，。…", "没有写"),
        ("20261015", "只有数字"),
        ("１２３，４５６", "只有数字"),
        ("啊啊啊啊啊啊啊啊啊啊", "重复"),
        ("拆迁拆迁拆迁拆迁拆迁", "重复"),
        ("拆迁6户", "太短"),
        ("abcdefgh ok", "太短"),
        ("已核实，拆迁", "核实无误"),
        ("拆" * (MOST + 1), "太长"),
    ],
)
def test_says_why(text: str, word: str) -> None:
    assert word in refuse_reason(text)


def test_an_empty_phrase_in_traditional_characters_stays_empty_when_it_is_repeated() -> None:
    assert refuse_reason("经认真核对，本期数据准确无误，核实無误正常，核实無誤正常")


SAID = "本期受益农户326户，比上期400户减少两成以上。"


def test_repeating_the_finding_explains_nothing() -> None:
    assert "重复了审核提示" in refuse_reason(SAID, SAID)
    assert "重复了审核提示" in refuse_reason("情况正常：受益农户326户，比上期400户减少两成以上", SAID)
    assert refuse_reason("受益农户减少，是南片6户整体拆迁", SAID) == ""


@given(st.lists(st.sampled_from(HOLLOW), min_size=1, max_size=8), st.sampled_from(["，", "。", " ", "", "；\n", "1"]))
def test_any_string_of_empty_phrases_is_empty(phrases: list[str], between: str) -> None:
    assert refuse_reason(between.join(phrases))


@given(st.sampled_from(REAL), st.sampled_from(HOLLOW), st.booleans())
def test_a_real_reason_may_stand_beside_an_empty_phrase(real: str, hollow: str, first: bool) -> None:
    assert refuse_reason(f"{hollow}，{real}" if first else f"{real}，{hollow}") == ""


@given(st.text(max_size=60), st.text(max_size=60))
def test_answers_every_text_with_a_sentence_or_nothing(text: str, said: str) -> None:
    answer = refuse_reason(text, said)
    assert answer == "" or answer.endswith("。")


@given(st.characters(), st.integers(0, 100))
def test_one_character_over_and_over_is_no_reason(character: str, times: int) -> None:
    assert refuse_reason(character * times)
