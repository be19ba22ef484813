"""Whether a written reason says anything. A 说明 that only asserts that all is well explains nothing.

Judges words, not truth: it refuses the known empty phrases, alone or strung together, and accepts anything in which
enough Chinese text is left over. It keeps no reason and quotes none.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LEAST: Final = 6
"""Chinese characters that must be left when the empty phrases are taken out."""
LEAST_SUBSTANCE: Final = 4
"""Of these, the ones that are not mere connecting words."""
LEAST_DIFFERENT: Final = 4
MOST: Final = 500
_QUOTED: Final = 4
"""A run of so many characters that also stands in the finding is a quotation of it."""

_SIMPLIFIED: Final = str.maketrans("無誤實數據準確對審覆說沒問題異錯", "无误实数据准确对审复说没问题异错")
"""Marks of the empty phrases as an input method for traditional characters writes them."""

_HAN: Final = re.compile("[〇\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]")

_HOLLOW: Final = (
    "核实无误 核对无误 复核无误 检查无误 准确无误 真实无误 确认无误 审核无误 确实无误 核查无误 情况属实 "
    "确属实情 情况正常 一切正常 数据正常 正常情况 属于正常 属正常 符合实际 与实际相符 与实际一致 实际情况 "
    "数据正确 数据准确 数据真实 数据属实 数据无误 数据没错 数字正确 数字准确 数字属实 数字无误 填报正确 "
    "填报准确 填写正确 填写准确 填写无误 填报无误 如实填报 如实填写 如实上报 据实填报 据实上报 真实有效 "
    "真实可靠 真实准确 准确可靠 没有问题 没什么问题 不存在问题 没有错误 不存在错误 没有异常 没问题 没错 "
    "没有错 没有误 无问题 无异常 无错误 无差错 无误 同上所述 同上 如上 见上 以上 同前 照旧 不变 无变化 "
    "没有变化 没变化 与上期相同 与上月相同 和上月一样 与上期一致 已核实 经核实 核实 核对 核查 复核 查实 审核 "
    "检查 确认 已阅 知悉 属实 正常 正确 准确 真实 有效 可靠 合理 合规 同意上报 同意 上报 予以通过 通过 请通过 "
    "请审核 请批准 请领导审批 审批 数据 数字 数值 情况 原因 说明 理由 事实 实际 如实 据实 确实 暂无 没有 无需 "
    "不需要 不需 不用 填报 填写 录入 统计 测试 随便 其他 其它 不清楚 不知道 不详 待查 待定 待核实 略"
)
_FILLERS: Final = (
    "我们 我村 我镇 本村 本镇 本月 本期 本次 该项 此项 此处 这个 这里 这项 以上 上述 所有 全部 一切 经过 认真 "
    "仔细 多次 再次 反复 逐一 逐项 进行 工作 人员 工作人员 村里 镇里 领导 单位 部门 相关 有关 完全 非常 十分 "
    "比较 基本 应该 可以 已经 目前 现在 为准 为止 一致 相符 符合 问题 错误 异常 误差 无 有 没 不 已 经 均 都 "
    "皆 也 的 了 是 为 系 本 该 此 这 其 全 很 再 又 且 和 与 及 并 后 前 请 谢谢 谢 好 行 对 嗯 哦 啊 吧 呢 "
    "吗 无任何 任何 因为 由于 因 所以 故"
)


def _any_of(phrases: str) -> re.Pattern[str]:
    """Finds any of the blank-separated ``phrases``, the longest that fits."""
    return re.compile("|".join(sorted(map(re.escape, phrases.split()), key=len, reverse=True)))


_HOLLOW_PATTERN: Final = _any_of(_HOLLOW)
_FILLER_PATTERN: Final = _any_of(_FILLERS)


def refuse_reason(text: str, said: str = "") -> str:
    """Why ``text`` cannot stand as a reason, as a Chinese sentence; empty when it can.

    ``said`` is the message of the finding that is to be explained: repeating it explains nothing.
    """
    if len(text) > MOST:
        return f"说明太长，最多 {MOST} 字。"
    plain = _letters(text)
    if not plain:
        return "没有写说明。"
    if all(unicodedata.category(character).startswith("N") for character in plain):
        return "只有数字，没有写原因。"
    if len(plain) > 1 and len(set(plain)) == 1:
        return "只是重复同一个字。"
    left = _HOLLOW_PATTERN.sub(" ", plain)
    if left != plain and _han(_FILLER_PATTERN.sub("", left)) < LEAST_SUBSTANCE:
        return "“核实无误”“正常”一类的话没有说明原因。"
    if _han(left) < LEAST or _han(_FILLER_PATTERN.sub("", left)) < LEAST_SUBSTANCE:
        return f"太短，除“已核实”一类的话以外至少要写 {LEAST} 个汉字。"
    if len(set(_HAN.findall(left))) < LEAST_DIFFERENT:
        return "只是重复同样的字。"
    if said and _han(_FILLER_PATTERN.sub("", _without_quotations(left, _letters(said)))) < LEAST_SUBSTANCE:
        return "只是重复了审核提示，没有写原因。"
    return ""


def _letters(text: str) -> str:
    """Letters and digits only, in plain width and form: blanks, punctuation and invisible characters go."""
    plain = unicodedata.normalize("NFKC", text).translate(_SIMPLIFIED)
    return "".join(c for c in plain if unicodedata.category(c)[0] in "LN")


def _han(text: str) -> int:
    return len(_HAN.findall(text))


def _without_quotations(text: str, said: str) -> str:
    """``text`` without the runs of ``_QUOTED`` and more characters that it has in common with ``said``."""
    quoted = [False] * len(text)
    for start in range(len(text) - _QUOTED + 1):
        if text[start : start + _QUOTED] in said:
            quoted[start : start + _QUOTED] = [True] * _QUOTED
    return "".join(c for c, is_quoted in zip(text, quoted, strict=True) if not is_quoted)
