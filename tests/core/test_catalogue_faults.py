"""Every way to break a catalogue is named with file, line and what is wrong; all of them at once."""

from typing import NamedTuple

import pytest

from xzdesk.core.catalogue import CatalogueError, Fault, parse


class Break(NamedTuple):
    """Replace the first ``old`` in ``file`` by ``new``; the fault is at ``line`` of ``at`` (default: the file)."""

    file: str
    old: str
    new: str
    line: int
    words: str
    at: str = ""
    more: int = 0
    """How many other faults follow necessarily."""


TOML, UNITS, EVENTS, ELEMENTS = "catalogue.toml", "units.csv", "unit_events.csv", "elements.csv"
RULES, INDICATORS, TARGETS, ANNEX, BODY = (
    "rules.csv",
    "indicators.csv",
    "targets.csv",
    "plan_annex.csv",
    "plan_body.csv",
)
WELL, TEST = "registers/well.json", "registers/well_test.json"

SETTINGS = [
    Break(TOML, 'id = "yunxi"', 'id = "Yun xi"', 1, "id “Yun xi”应为小写英文字母开头"),
    Break(TOML, 'id = "yunxi"\n', "", 0, "缺少 id"),
    Break(TOML, "version = 3", 'version = "3"', 3, "version 应为 1 到 1000000 的整数"),
    Break(TOML, "version = 3", "version = true", 3, "version 应为 1 到 1000000 的整数"),
    Break(TOML, "version = 3", "version = 3\nflavour = 1", 4, "不认识的名称 flavour"),
    Break(TOML, "version = 3", "version = 3\nversion = 4", 4, "TOML 写法不对，或有重复的名称"),
    Break(TOML, "version = 3", "version = 1e3", 0, "TOML 写法不对"),
    Break(TOML, "baseline_year = 2023", "baseline_year = 2022", 5, "baseline_year 应为 first_year 的前一年"),
    Break(TOML, "last_year = 2028", "last_year = 2023", 6, "first_year 晚于 last_year", more=1),
    Break(TOML, "[2024, 2026, 2028]", "[2026, 2024, 2028]", 8, "target_years 应为规划期内由早到晚的若干年份"),
    Break(TOML, "[2024, 2026, 2028]", "[2024, 2026, 2030]", 8, "target_years 应为规划期内由早到晚的若干年份"),
    Break(TOML, "[2024, 2026, 2028]", "[]", 8, "target_years 应为规划期内由早到晚的若干年份"),
    Break(TOML, "due_day = 5", "due_day = 31", 9, "due_day 应为 1 到 28 的整数"),
    Break(TOML, '"乡村产业", "富民', '"生态宜居", "富民', 10, "tracks 里有重复的一项", more=10),
    Break(TOML, '["生态宜居", "乡村产业", "富民增收"]', "3", 10, "tracks 应为方括号括起的若干文字", more=37),
    Break(TOML, "progress = 40", "progress = 41.5", 12, "合计应为 100，现在是 101.5"),
    Break(TOML, "quality = 20", "quality = -20", 15, "quality 应为 0 到 100 的数", more=1),
    Break(TOML, "red_flags = 1", "red_flags = 2", 12, "red_flags 与 snails 之和多于 2 个镇、街道"),
    Break(TOML, "snails = 1\n", "", 12, "[ranking] 缺少 snails"),
    Break(TOML, 'phone = "0000-0000000"', "phone = 1", 23, "phone 应为文字"),
    Break(TOML, 'phone = "0000-0000000"', '"电话" = "1"', 23, "设置 “电话”应为小写英文字母开头"),
    Break(TOML, 'phone = "0000-0000000"', 'phone = "0\\u0000"', 23, "phone 里有看不见的字符"),
    Break(TOML, '"plan_annex.csv" =', '"annex.csv" =', 27, "[sources] 里的 annex.csv 不是目录里的文件"),
]

TABLES = [
    Break(UNITS, "code,name,kind", "code,title,kind", 1, "缺少列 name", more=1),
    Break(UNITS, "code,name,kind", "name,code,kind", 1, "列的次序应为 code,name,kind,parent_code"),
    Break(UNITS, "code,name,kind,parent_code\n", "", 1, "缺少列 code、name、kind、parent_code", more=1),
    Break(UNITS, "临溪镇,town", "临溪镇,,town", 4, "有 5 格，应有 4 格"),
    Break(UNITS, "990101101,临溪镇", "\n990101101,临溪镇", 4, "空行"),
    Break(UNITS, "990101101,临溪镇", '990101101,"临溪镇', 11, "CSV 写法不对"),
    Break(RULES, '"kind == ""单户""', '"kind == "单户""', 15, "CSV 写法不对"),
]

UNIT_TREE = [
    Break(UNITS, "990101101,临溪镇", "99010110X,临溪镇", 4, "code “99010110X”应为 6 到 12 位数字", more=7),
    Break(UNITS, "990101101201,上溪村", "990101101202,上溪村", 9, "代码“990101101202”与第 8 行重复"),
    Break(UNITS, "上溪村,village", " 上溪村,village", 8, "name 前后有空格"),
    Break(UNITS, "上溪村,village", "上\u200b溪村,village", 8, "name 里有看不见的字符“上�溪村”"),
    Break(UNITS, "上溪村,village", '"上\n溪村",village', 8, "name 里有看不见的字符"),
    Break(UNITS, "上溪村,village", ",village", 8, "name 没有填"),
    Break(UNITS, "上溪村,village", "溪" * 61 + ",village", 8, "name 过长（最多 60 字）"),
    Break(UNITS, "上溪村,village", "下溪村,village", 9, "同一上级下的名称“990101101 下溪村”与第 8 行重复"),
    Break(
        UNITS,
        "上溪村,village",
        "上溪村,hamlet",
        8,
        "kind “hamlet”应为 district、town、subdistrict、village、community 之一",
    ),
    Break(UNITS, "上溪村,village,990101101", "上溪村,village,990101", 8, "上级单位“990101”的 kind 不对"),
    Break(UNITS, "上溪村,village,990101101", "上溪村,village,990101109", 8, "没有上级单位“990101109”"),
    Break(UNITS, "云溪区,district,", "云溪区,district,990101", 2, "区级单位的 parent_code 应为空"),
    Break(UNITS, "松风街道,subdistrict,990101", "松风街道,district,", 3, "区级单位“district”与第 2 行重复", more=3),
    Break(EVENTS, "renamed", "moved", 2, "kind “moved”应为 founded、renamed、merged、closed 之一"),
    Break(EVENTS, "renamed,990101101203", "renamed,990101101209", 2, "没有单位“990101101209”"),
    Break(
        EVENTS,
        ",石头村",
        ",石头村\nrenamed,990101101203,2024-07,,石村",
        3,
        "同一单位同月的变更“renamed 990101101203 2024-07”与第 2 行重复",
    ),
    Break(EVENTS, "2024-07", "2024Q3", 2, "since “2024Q3”应为月份，如 2025-01"),
    Break(EVENTS, "2024-07", "2024-13", 2, "since “2024-13”应为月份，如 2025-01"),
    Break(EVENTS, ",石头村", ",", 2, "更名要填 name"),
    Break(EVENTS, "990101101202,", ",", 3, "合并要填 into"),
    Break(EVENTS, "990101101202,", "990101101202,新名", 3, "撤并的 name 应为空"),
    Break(EVENTS, "990101101202,", "990101101299,", 3, "没有单位“990101101299”"),
    Break(EVENTS, "990101101202,", "990101001,", 3, "into 应为同一级的另一个单位"),
    Break(EVENTS, "990101101202,", "990101101204,", 3, "into 应为同一级的另一个单位"),
    Break(EVENTS, "merged,990101101204,2025-01,990101101202", "closed,990101,2025-01,", 3, "区级单位不能撤并", more=2),
    Break(
        EVENTS,
        "merged,990101101204,2025-01,990101101202",
        "closed,990101001,2025-01,",
        3,
        "下级单位“990101001001”还在",
        more=1,
    ),
    Break(EVENTS, "990101101202,", "990101101202,\nclosed,990101101204,2025-02,,", 4, "已在第 3 行撤并"),
    Break(EVENTS, "990101101202,", "990101101202,\nfounded,990101101201,2025-02,,新名", 4, "新设的 name、into 应为空"),
    Break(EVENTS, "990101101202,", "990101101202,\nfounded,990101101202,2025-02,,", 3, "当时还没有设立"),
    Break(EVENTS, "990101101202,", "990101101202,\nfounded,990101101203,2024-08,,", 2, "当时还没有设立"),
    Break(
        EVENTS,
        "990101101202,",
        "990101101202,\nclosed,990101101202,2024-12,,",
        3,
        "接续的单位“990101101202”当时已经撤并",
    ),
]

ELEMENT_CELLS = [
    Break(ELEMENTS, "\nhouseholds,", "\nHouseholds,", 2, "code “Households”应为小写英文字母开头", more=4),
    Break(ELEMENTS, "\ntrees,", "\nlambda,", 13, "code “lambda”是表达式的保留字"),
    Break(ELEMENTS, "\ntrees,", "\nwells,", 13, "代码“wells”与第 3 行重复"),
    Break(ELEMENTS, "累计植树", "供水户数", 13, "同一层级的名称“village 供水户数”与第 5 行重复"),
    Break(ELEMENTS, "累计植树,株,integer,0", "累计植树,,integer,0", 13, "unit 没有填"),
    Break(
        ELEMENTS,
        "累计植树,株,integer,0",
        "累计植树,株,number,0",
        13,
        "type “number”应为 integer、decimal、choice、boolean 之一",
    ),
    Break(ELEMENTS, "累计植树,株,integer,0", "累计植树,株,integer,1", 13, "decimals 与 type 不合"),
    Break(ELEMENTS, "累计植树,株,integer,0", "累计植树,株,integer,", 13, "decimals 没有填"),
    Break(ELEMENTS, "累计植树,株,integer,0,stock", "累计植树,株,integer,0,flow", 13, "cumulative 只用于时点数"),
    Break(
        ELEMENTS,
        "累计植树,株,integer,0,stock",
        "累计植树,株,integer,0,level",
        13,
        "measure “level”应为 stock、flow 之一",
    ),
    Break(
        ELEMENTS, "0,stock,village,month,生态宜居,2024", "0,stock,hamlet,month,生态宜居,2024", 13, "level “hamlet”应为"
    ),
    Break(
        ELEMENTS,
        "0,stock,village,month,生态宜居,2024",
        "0,stock,village,week,生态宜居,2024",
        13,
        "frequency “week”应为",
    ),
    Break(ELEMENTS, "month,生态宜居,2024", "month,生态,2024", 13, "track “生态”不在 catalogue.toml 的 tracks 里"),
    Break(ELEMENTS, "0,1000000", "0,1e6", 13, "maximum “1e6”不是数"),
    Break(ELEMENTS, "0,1000000", "0,1.5", 13, "maximum “1.5”的小数多于 0 位"),
    Break(ELEMENTS, "0,1000000", "9,1", 13, "minimum 大于 maximum"),
    Break(ELEMENTS, "0,1000000,no", "0,1000000,否", 13, "baseline “否”应为 yes 或 no"),
    Break(ELEMENTS, "本季产值。", "", 17, "definition 没有填"),
    Break(ELEMENTS, "none=未评定;A=A级;AA=AA级", "none=未评定;A;AA=AA级", 11, "choices 里的“A”应写成 值=名称"),
    Break(ELEMENTS, "none=未评定;A=A级;AA=AA级", "none=未评定;A=A级;AA=A级", 11, "choices 里有重复的值或名称"),
    Break(ELEMENTS, "none=未评定;A=A级;AA=AA级", "none=未评定;A=A级;;AA=AA级", 11, "choices 里有空的一项"),
    Break(ELEMENTS, "none=未评定;A=A级;AA=AA级", "none=未评定", 11, "choices 至少要有两项", more=2),
    Break(
        ELEMENTS,
        "none=未评定;A=A级;AA=AA级,,,no",
        "none=未评定;A=A级;AA=AA级,0,,no",
        11,
        "不是数，不能有 minimum、maximum",
    ),
    Break(ELEMENTS, "none=未评定;A=A级;AA=AA级,,,no", "none=未评定;A=A级;AA=AA级,,,yes", 11, "不是数，不能有期初数"),
    Break(ELEMENTS, "季末常住人口。,", "季末常住人口。,a=b", 20, "只有 type 为 choice 时才填 choices"),
    Break(ELEMENTS, "no,no,990101101,town", "no,no,990101999,town", 18, "units 里没有单位“990101999”", more=1),
    Break(
        ELEMENTS,
        "no,no,990101101,town",
        "no,no,990101001,town",
        18,
        "units 里的“990101001”不属于 town 这一层级，或不在 unit_kinds 之内",
        more=1,
    ),
    Break(ELEMENTS, "no,no,990101101,town", "no,no,990101101;990101101,town", 18, "units 里有重复的一项"),
    Break(
        ELEMENTS,
        "no,no,990101101,town",
        "no,no,990101101,town;village",
        18,
        "unit_kinds 里的 village 不属于 town 这一层级",
    ),
    Break(ELEMENTS, "no,no,990101101,town", "no,no,990101101,town;parish", 18, "unit_kinds 里的“parish”应为"),
    Break(ELEMENTS, "yes,well,any", "yes,pond,any", 7, "没有台账“pond”"),
    Break(ELEMENTS, "yes,well,any", "yes,well,count", 7, "aggregate 为 any 时 type 应为 boolean", more=1),
    Break(ELEMENTS, "yes,well,any", "yes,well,average", 7, "aggregate “average”应为 count、sum、any 之一", more=2),
    Break(
        ELEMENTS,
        "yes,well,sum,capacity",
        "yes,well,count,capacity",
        6,
        "aggregate 为 count 时 type 应为 integer",
        more=1,
    ),
    Break(ELEMENTS, "yes,well,sum,capacity", "yes,well,sum,depth", 6, "台账“well”没有字段“depth”"),
    Break(ELEMENTS, "yes,well,sum,capacity", "yes,well,sum,state", 6, "字段“state”不是数，不能求和"),
    Break(ELEMENTS, "yes,well,any,", "yes,well,any,name", 7, "只有 aggregate 为 sum 时才填 field"),
    Break(ELEMENTS, "yes,well,sum,households", "yes,well,sum,capacity", 5, "容不下字段“capacity”的 1 位小数"),
    Break(ELEMENTS, "yes,well,any", "yes,,any", 7, "没有填 register，aggregate 也应为空", more=1),
]

EXPRESSIONS = [
    Break(
        ELEMENTS,
        "built_on >= period_start and",
        "dug_on >= period_start and",
        4,
        "where 里没有可用的采集项或字段“dug_on”",
    ),
    Break(ELEMENTS, "built_on >= period_start and", "built_on >= period_start and and", 4, "表达式写法不对"),
    Break(ELEMENTS, "built_on >= period_start and", "prev(built_on) >= period_start and", 4, "where 里不能用 prev()"),
    Break(ELEMENTS, '""集中"" and', '""公用"" and', 7, "where 里的“公用”不是可选的值（单户、集中）"),
    Break(ELEMENTS, 'passed == ""yes""', 'passed == ""是""', 9, "where 里的“是”不是可选的值（no、yes）"),
    Break(ELEMENTS, 'passed == ""yes""', "passed == 1", 9, "把数和文字相比"),
    Break(ELEMENTS, 'passed == ""yes""', 'passed >= ""yes""', 9, "比大小的不是数或日期"),
    Break(ELEMENTS, 'passed == ""yes""', "passed", 9, "里“passed”是文字，这里要的是是非"),
    Break(
        RULES, "households_served <= households,", "households_served - households,", 2, "应是一个条件，算出来却是数"
    ),
    Break(RULES, "tests_passed <= tests,", "1 < 2,", 3, "expression 没有读任何采集项或字段", more=2),
    Break(
        RULES,
        "tests_passed <= tests,",
        "ytd(households) >= tests_passed + tests,",
        3,
        "ytd(households) 只能用于本期数（flow）",
    ),
    Break(RULES, "tests_passed <= tests,", "ytd(grade) >= tests_passed + tests,", 3, "ytd(grade) 要用数"),
    Break(
        RULES,
        "tests_passed <= tests,",
        "children(factories) >= tests_passed + tests,",
        3,
        "里没有可用的采集项或字段“factories”",
    ),
    Break(RULES, "tests_passed <= tests,", "places >= tests_passed + tests,", 3, "里没有可用的采集项或字段“places”"),
    Break(RULES, "tests_passed <= tests,", "open(tests) <= tests_passed,", 3, "没有函数 open()"),
    Break(RULES, "tests_passed <= tests,", "tests_passed <= 1e999 * tests,", 3, "里的数过大"),
    Break(RULES, "children(income)", "children(grade)", 11, "children(grade) 要用数"),
    Break(RULES, 'ref(well, ""built_on"")', 'ref(well, ""depth"")', 16, "ref(well) 指向的台账没有这个字段", more=1),
    Break(RULES, 'ref(well, ""built_on"")', 'ref(laboratory, ""built_on"")', 16, "“laboratory”不指向别的台账", more=1),
    Break(RULES, 'ref(well, ""built_on"")', 'ref(well, ""state"")', 16, "把文字和日期相比", more=1),
    Break(
        RULES,
        "days(period_end, sampled_on)",
        "days(period_end, turbidity)",
        17,
        "“turbidity”是数，这里要的是日期",
        more=1,
    ),
    Break(
        RULES,
        "days(period_end, sampled_on) <= 3650",
        "sampled_on >= date(laboratory)",
        17,
        '要写成 date("2023-01-31") 的样子',
    ),
    Break(
        RULES,
        "days(period_end, sampled_on) <= 3650",
        'sampled_on >= date(""2023-02-30"")',
        17,
        '要写成 date("2023-01-31") 的样子',
    ),
    Break(RULES, "days(period_end, sampled_on) <= 3650", "abs(sampled_on) <= 3650", 17, "abs() 不能用于日期"),
]

RULE_CELLS = [
    Break(RULES, "\ngrade_kept", "\nassets_jump", 8, "代码“assets_jump”与第 5 行重复"),
    Break(RULES, "\ngrade_kept", "\nrequired", 5, "code 不能叫“required”"),
    Break(RULES, "grade_kept,soft", "grade_kept,mild", 5, "severity “mild”应为 hard、soft 之一"),
    Break(RULES, "soft,,,well,", "soft,village,,well,", 15, "填了 register，level 应为空"),
    Break(RULES, "soft,,,well,", "soft,,,pond,", 15, "没有台账“pond”"),
    Break(
        RULES,
        "prev(factories),factories,",
        "prev(factories),factory,",
        9,
        "marks 里没有这一层级、不比规则频度长的采集项“factory”",
    ),
    Break(
        RULES,
        "tests_passed <= tests,tests_passed,",
        "tests_passed <= tests,income,",
        3,
        "marks 里没有这一层级、不比规则频度长的采集项“income”",
    ),
    Break(RULES, "tests_passed <= tests,tests_passed,", "tests_passed <= tests,,", 3, "marks 没有填"),
    Break(RULES, 'missing(capacity)",capacity', 'missing(capacity)",depth', 15, "marks 里没有台账“well”的字段“depth”"),
    Break(
        RULES,
        "多于检测 {tests} 次",
        "多于检测 {wells} 次",
        3,
        "message 里的“{wells}”不是 expression 所读的采集项或字段",
    ),
    Break(
        RULES,
        "多于检测 {tests} 次",
        "多于检测 {tests!r} 次",
        3,
        "message 里的“{tests!r}”不是 expression 所读的采集项或字段",
    ),
    Break(
        RULES, "多于检测 {tests} 次", "多于检测 {prev(tests)} 次", 3, "message 里的“{prev(tests)}”不是 expression 所读"
    ),
    Break(RULES, "多于检测 {tests} 次", "多于检测 {tests 次", 3, "message 里的花括号不成对"),
    Break(RULES, "请核对水质检测台账。", "请核对 {tests}。", 3, "hint 里有花括号"),
    Break(RULES, "请核对水质检测台账。", "", 3, "hint 没有填"),
    Break(
        RULES,
        "built_on <= period_end,built_on,建成",
        "built_on <= period_end and length(keeper) > 0,built_on,{keeper}建成",
        14,
        "message 里不能写出个人信息字段“keeper”",
    ),
    Break(
        RULES,
        'ref(well, ""built_on"")",sampled_on,',
        'ref(well, ""built_on"") and length(ref(well, ""keeper"")) > 0",sampled_on,{ref(well.keeper)}',
        16,
        "message 里不能写出个人信息字段“well.keeper”",
    ),
]

REGISTERS = [
    Break(WELL, '"fields": [', '"fields": [,', 2, "JSON 写法不对"),
    Break(WELL, '"title": "名称"', '"title": "名称", "title": "名字"', 0, "名称“title”在同一个括号里重复"),
    Break(WELL, '"minimum": 0', '"minimum": NaN', 0, "数“NaN”的写法不许用"),
    Break(WELL, '"minimum": 0', '"minimum": 1e2', 0, "数“1e2”的写法不许用"),
    Break(WELL, '"minimum": 0', '"minimum": ' + "9" * 30, 0, "过长"),
    Break(WELL, '"description": "村内通用的名称"', '"description": "\\ud800"', 0, "里有不成字的编码"),
    Break(
        WELL,
        '"description": "村内通用的名称"',
        '"description": "\\u0007"',
        3,
        "字段“name”的 description里有看不见的字符",
    ),
    Break(WELL, '"minimum": 0', '"minimum": ' + "[" * 20 + "]" * 20, 5, "嵌套超过 12 层"),
    Break(WELL, '"code": "well"', '"code": "pond"', 13, "xzdesk 的 code 应与文件名一致：well"),
    Break(WELL, '"title": "供水点"', '"title": "水质检测"', 1, "台账名称“水质检测”", at=TEST),
    Break(WELL, '"title": "供水点"', '"title": ""', 13, "xzdesk 的 title没有填"),
    Break(WELL, '"label": ["name"]', '"label": []', 13, "label 至少要有一个字段"),
    Break(WELL, '"label": ["name"]', '"label": "name"', 13, "xzdesk 的 label 应为方括号括起的若干文字", more=1),
    Break(
        WELL,
        '"duplicate_key": ["name"]',
        '"duplicate_key": ["number"]',
        13,
        "duplicate_key 或 label 里没有字段“number”",
    ),
    Break(WELL, '"fields": [', '"encoding": "utf-8", "fields": [', 1, "台账定义里有不认识的名称 encoding"),
    Break(WELL, '"fields": [', '"primaryKey": "name", "fields": [', 1, "primaryKey 只能是 id"),
    Break(WELL, '"name": "keeper", ', '"name": "Keeper", ', 8, "字段“Keeper”应为小写英文字母开头"),
    Break(WELL, '"name": "keeper", ', "", 2, "应为小写英文字母开头"),
    Break(WELL, '"name": "keeper", ', '"name": "kind", ', 4, "字段“kind”重复"),
    Break(WELL, '"name": "keeper", ', '"name": "revision", ', 8, "字段不能叫“revision”"),
    Break(WELL, '"title": "管护人"', '"title": "名称"', 8, "字段名称“名称”与第 3 行重复"),
    Break(WELL, '"title": "管护人"', '"title": 7', 8, "字段的 title 应为文字", more=1),
    Break(
        WELL,
        '"title": "管护人", "type": "string"',
        '"title": "管护人", "type": "year"',
        8,
        "type “year”应为 string、integer、number、date、boolean 之一",
    ),
    Break(
        WELL,
        '"title": "管护人", "type": "string"',
        '"title": "管护人", "type": "string", "format": "email"',
        8,
        "字段里有不认识的名称 format",
    ),
    Break(WELL, '"personal": true', '"personal": "yes"', 8, "字段“keeper”的 xzdesk 的 personal 应为 true 或 false"),
    Break(WELL, '"maxLength": 40', '"maxLength": 4000', 8, "maxLength 应为 1 到 1000 的整数"),
    Break(WELL, '"maxLength": 40', '"pattern": ".*"', 8, "字段“keeper”的 constraints 里有不认识的名称 pattern"),
    Break(WELL, '"maxLength": 40', '"minimum": 4', 8, "不是数或日期，不能有 minimum、maximum"),
    Break(WELL, '"decimals": 1', '"decimals": 0', 5, "字段“capacity”的 decimals 与 type 不合"),
    Break(WELL, '"maximum": 9999.5', '"maximum": 9999.55', 5, "字段“capacity”的 maximum 过大，或小数多于 1 位"),
    Break(WELL, '"maximum": 9999.5', '"maximum": -1', 5, "字段“capacity”的 minimum 大于 maximum"),
    Break(WELL, '"maximum": 9999.5', '"maximum": "many"', 5, "maximum 应为数"),
    Break(WELL, '"1980-01-01"', '"1980-02-30"', 7, "minimum “1980-02-30”不是日期"),
    Break(WELL, '"1980-01-01"', '"2100-01-01"', 7, "minimum 晚于 maximum"),
    Break(WELL, '"enum": ["集中", "单户"]', '"enum": ["集中", "集中", "单户"]', 4, "enum 里有重复的一项"),
    Break(WELL, '"enum": ["集中", "单户"]', '"enum": []', 4, "enum 应有 1 到 60 项"),
    Break(
        WELL,
        '"title": "是否标准化", "type": "boolean"',
        '"title": "是否标准化", "type": "boolean", "trueValues": ["是"]',
        9,
        'trueValues 只能是 ["yes"]',
    ),
    Break(
        WELL,
        '"title": "是否标准化", "type": "boolean"',
        '"title": "是否标准化", "type": "boolean", "constraints": {"enum": ["是"]}',
        9,
        "不是 string，不能有 enum",
    ),
    Break(
        WELL,
        '"title": "旧编号", "type": "string"',
        '"title": "旧编号", "type": "string", "constraints": {"required": true}',
        11,
        "字段“old_number”已隐藏，不能必填",
    ),
    Break(
        WELL,
        '"type": "integer", "constraints": {"minimum": 0, "maximum": 5000}',
        '"type": "integer", "constraints": {"maxLength": 5}',
        6,
        "字段“households”不是 string，不能有 maxLength",
    ),
    Break(
        WELL,
        '"type": "integer", "constraints": {"minimum": 0, "maximum": 5000}',
        '"type": "integer", "constraints": []',
        6,
        "字段“households”的 constraints 应为花括号括起的对象",
    ),
    Break(
        WELL,
        '"xzdesk": {"unit": "户"}',
        '"xzdesk": {"unit": "户", "references": "well"}',
        6,
        "字段“households”指向别的台账，type 应为 string，没有 enum",
    ),
    Break(TEST, '"foreignKeys": [', '"foreignKeys": "well", "x": [', 1, "应为方括号括起的若干项", more=2),
    Break(TEST, '"resource": "well"', '"resource": "pond"', 3, "字段“well”指向的台账“pond”不存在", more=1),
    Break(TEST, '"fields": "id"', '"fields": "name"', 9, "foreignKeys 只能指向对方的 id"),
    Break(
        TEST,
        '"fields": "well", "reference"',
        '"fields": "basin", "reference"',
        9,
        "foreignKeys 里没有字段“basin”",
        more=1,
    ),
    Break(
        TEST,
        '"fields": "well", "reference"',
        '"fields": "turbidity", "reference"',
        9,
        "指向别的台账的字段“turbidity”应为 string",
        more=1,
    ),
]

INDICATOR_CELLS = [
    Break(INDICATORS, "\n6,6,", "\nF-6,6,", 8, "code “F-6”只能含小写字母、数字和下划线", more=6),
    Break(INDICATORS, "\n6,6,", "\n2,6,", 8, "代码“2”与第 3 行重复", more=4),
    Break(INDICATORS, "\n6,6,", "\n6,13,", 8, "附表没有第 13 号", more=4),
    Break(INDICATORS, "\npass_rate,,", "\npass_rate,x,", 15, "annex_number “x”应为 1 到 999 的整数"),
    Break(INDICATORS, "数字工厂,家,", "数字工厂,个,", 8, "unit “个”与附表第 6 号的“家”不符"),
    Break(INDICATORS, "家,sum_latest", "家,median", 8, "kind “median”应为", more=1),
    Break(
        INDICATORS, "家,sum_latest", "家,sum_in_year", 8, "sum_in_year 只用于 measure 为 flow 的采集项，“factories”不是"
    ),
    Break(
        INDICATORS,
        "sum_in_year,trainees",
        "sum_latest,trainees",
        9,
        "sum_latest 只用于 measure 为 stock 的采集项，“trainees”不是",
    ),
    Break(
        INDICATORS,
        "yes,no,生态宜居,区水务局,区水务局;各镇、街道,期初数",
        "yes,yes,生态宜居,区水务局,区水务局;各镇、街道,期初数",
        10,
        "sum_to_date 是历年累计，annual 应为 no",
    ),
    Break(INDICATORS, "sum_in_year,trainees", "sum_in_year,clean_village", 9, "采集项“clean_village”不是数", more=1),
    Break(INDICATORS, "sum_in_year,trainees", "sum_in_year,learners", 9, "没有采集项“learners”"),
    Break(INDICATORS, "sum_in_year,trainees", "sum_in_year,", 9, "elements 没有填"),
    Break(INDICATORS, "sum_in_year,trainees", "sum_in_year,income", 9, "采集项“income”的 level、frequency 与指标不同"),
    Break(
        INDICATORS,
        "sum_in_year,trainees,",
        "sum_in_year,trainees,households",
        9,
        "只有 kind 为 ratio 时才填 denominators",
    ),
    Break(
        INDICATORS,
        "sum_in_year,trainees,,",
        "sum_in_year,trainees,,trainees > 0",
        9,
        "只有 kind 为 share_meeting、count_meeting 时才填 condition",
    ),
    Break(INDICATORS, "ratio,places,residents", "ratio,places,", 12, "ratio 要填 denominators"),
    Break(
        INDICATORS,
        "ratio,tests_passed,tests",
        "ratio,tests_passed,households",
        15,
        "ratio 的分子、分母应同为时点数（stock）或同为本期数（flow）",
    ),
    Break(INDICATORS, '"clean_village == ""yes"""', "", 2, "condition “”：表达式写法不对"),
    Break(INDICATORS, '"clean_village == ""yes"""', '"clean_village == ""是"""', 2, "condition 里的“是”不是可选的值"),
    Break(INDICATORS, "ytd(income) >= 50", "prev(income) >= 50", 3, "condition 里不能用 prev()"),
    Break(
        INDICATORS, "ytd(income) >= 50", "ytd(assets) >= 50", 3, "condition 里没有可用的采集项或字段“assets”", more=1
    ),
    Break(INDICATORS, "share_meeting,income,", "share_meeting,income;assets,", 3, "condition 没有用到采集项“assets”"),
    Break(INDICATORS, ">= 50,village,,100,", ">= 50,village,,1,", 3, "unit 为 % 时 scale 应为 100"),
    Break(INDICATORS, ">= 50,village,,100,", ">= 50,village,,0.01,", 3, "scale “0.01”应为正整数或分数", more=1),
    Break(INDICATORS, "district,,1/10000", "district,,1/0", 6, "scale “1/0”应为正整数或分数"),
    Break(
        INDICATORS,
        ">= 50,village,,100,",
        ">= 50,village;community,,100,",
        3,
        "采集项“income”不向范围内的单位“990101001001”采集",
    ),
    Break(INDICATORS, ">= 50,village,,100,", ">= 50,,,100,", 3, "scope_kinds 没有填"),
    Break(
        INDICATORS,
        ">= 50,village,,100,",
        ">= 50,village;town,,100,",
        3,
        "scope_kinds 里的 town 不属于 village 这一层级",
        more=1,
    ),
    Break(INDICATORS, "town,990101101,1,", "town,990101109,1,", 11, "scope_units 里没有单位“990101109”"),
    Break(INDICATORS, "town,990101101,1,", "town,990101001,1,", 11, "scope_units 里的“990101001”不在 scope_kinds 之内"),
    Break(INDICATORS, "reported,income_ratio,", "reported,income_ratio;income_ratio,", 5, "elements 里有重复的一项"),
    Break(INDICATORS, "家,sum_latest", "家,reported", 8, "reported 只读一个采集项，level 应为 district"),
    Break(
        INDICATORS,
        "yes,no,乡村产业,区农业局,区农业局;各镇、街道,各镇街",
        "好,no,乡村产业,区农业局,区农业局;各镇、街道,各镇街",
        8,
        "higher_is_better “好”应为 yes 或 no",
    ),
    Break(
        INDICATORS,
        "yes,no,乡村产业,区农业局,区农业局;各镇、街道,各镇街",
        "yes,no,产业,区农业局,区农业局;各镇、街道,各镇街",
        8,
        "track “产业”不在 catalogue.toml 的 tracks 里",
    ),
    Break(
        INDICATORS,
        "区农业局,区农业局;各镇、街道,各镇街",
        "区农业局,区农业局;区水务局,各镇街",
        8,
        "附表第 6 号的责任单位里没有“区水务局”",
    ),
    Break(INDICATORS, "区农业局,区农业局;各镇、街道,各镇街", "区农业局,,各镇街", 8, "responsible 没有填"),
    Break(INDICATORS, "gdp_growth,0.5,,", "gdp,0.5,,", 4, "没有采集项“gdp”"),
    Break(INDICATORS, "gdp_growth,0.5,,", "gdp_growth,-0.5,,", 4, "tolerance 应为正数"),
    Break(INDICATORS, "gdp_growth,0.5,,", "gdp_growth,0.5,3,", 4, "compare_element 和 limit 只能填一个"),
    Break(
        INDICATORS,
        "各镇街期末数之和。,,,,1",
        "各镇街期末数之和。,,,9,1",
        8,
        "只有 kind 为 reported 时才填 compare_element、limit",
        more=3,
    ),
    Break(INDICATORS, "各镇街期末数之和。,,,,1", "各镇街期末数之和。,,,,0", 8, "weight 应大于 0"),
    Break(INDICATORS, "gdp_growth,0.5,,", "gdp_growth,0.5,,1", 4, "区级指标没有分镇数，不能填 weight"),
]

PLAN = [
    Break(ANNEX, "target_2026", "target_2025", 1, "缺少列 target_2026", more=1),
    Break(ANNEX, "\n6,乡村建设", "\n7,乡村建设", 8, "序号“7”与第 7 行重复", more=10),
    Break(ANNEX, "\n6,乡村建设", "\n六,乡村建设", 7, "number “六”应为 1 到 999 的整数", more=6),
    Break(ANNEX, "数字工厂(家),家,3,4,6", "数字工厂(家),家,3,4,", 7, "target_2028 没有填", more=1),
    Break(ANNEX, "数字工厂(家),家,3,4,6", "数字工厂(家),家,3,4,7", 22, "text “6”与附表的“7”不符", at=TARGETS),
    Break(ANNEX, "亿元/个,2/1", "亿元/个,2", 14, "text “2”与附表的“”不符", at=TARGETS, more=1),
    Break(BODY, "8,家,2028", "8,家,2029", 5, "by “2029”应为规划期内的年份或“每年”"),
    Break(BODY, "2028,6,differs", "2028,13,differs", 5, "附表没有第 13 号"),
    Break(BODY, "2028,6,differs: annex 6", "2028,6,", 5, "annex_number 与 relation 应同填或同空"),
    Break(TARGETS, "6,2026,4,4", "60,2026,4,4", 21, "没有指标“60”", more=1),
    Break(TARGETS, "6,2026,4,4", "6,2025,4,4", 21, "附表没有 2025 年的目标", more=1),
    Break(TARGETS, "6,2026,4,4", "6,2036,4,4", 21, "2036 年不在规划期内", more=1),
    Break(TARGETS, "6,2026,4,4\n", "", 0, "指标“6”缺少 2026 年的目标"),
    Break(TARGETS, "6,2026,4,4", "6,2024,4,4", 21, "指标和年份“6 2024”与第 20 行重复", more=2),
    Break(TARGETS, "6,2026,4,4", "6,2026,5,5", 21, "text “5”与附表的“4”不符"),
    Break(TARGETS, "6,2026,4,4", "6,2026,5,4", 21, "value 与 text “4”不符"),
    Break(TARGETS, "6,2026,4,4", "6,2026,,4", 21, "value 与 text “4”不符"),
    Break(TARGETS, "7,2028,,-", "7,2028,0,-", 25, "“-”和文字目标的 value 应为空"),
    Break(TARGETS, "4,2024,,1.60左右", "4,2024,1.6,1.60左右", 11, "“-”和文字目标的 value 应为空"),
    Break(
        TARGETS,
        "pass_rate,2028,98,98",
        "pass_rate,2028,,九成八",
        41,
        "不是数；文字目标的指标要填 compare_element 或 limit",
    ),
    Break(TARGETS, "pass_rate,2028,98,98", "pass_rate,2028,98.25,98.25", 41, "value 的小数多于指标的 1 位"),
]


ALL = [
    *SETTINGS,
    *TABLES,
    *UNIT_TREE,
    *ELEMENT_CELLS,
    *EXPRESSIONS,
    *RULE_CELLS,
    *REGISTERS,
    *INDICATOR_CELLS,
    *PLAN,
]


def faults_of(files: dict[str, str]) -> tuple[Fault, ...]:
    with pytest.raises(CatalogueError) as caught:
        parse(files)
    return caught.value.faults


@pytest.mark.parametrize("broken", ALL, ids=lambda b: f"{b.file}: {b.words}")
def test_a_fault_is_named_with_file_line_and_cause(broken: Break, tiny_files: dict[str, str]) -> None:
    text = tiny_files[broken.file]
    assert broken.old in text
    faults = faults_of(tiny_files | {broken.file: text.replace(broken.old, broken.new, 1)})
    assert any(
        fault.file == (broken.at or broken.file) and fault.line == broken.line and broken.words in fault.text
        for fault in faults
    ), "\n".join(map(str, faults))
    assert len(faults) == 1 + broken.more, "\n".join(map(str, faults))


def test_all_faults_of_all_files_are_named_at_once(tiny_files: dict[str, str]) -> None:
    """One break in every file that the others do not read codes from, in one load."""
    breaks = [
        Break(TOML, "due_day = 5", "due_day = 31", 9, "due_day"),
        Break(UNITS, "上溪村,village", " 上溪村,village", 8, "name"),
        Break(EVENTS, "2024-07", "2024-13", 2, "since"),
        Break(ELEMENTS, "0,1000000", "9,1", 13, "minimum"),
        Break(RULES, "请核对水质检测台账。", "", 3, "hint"),
        Break(INDICATORS, "各镇街期末数之和。,,,,1", "各镇街期末数之和。,,,,0", 8, "weight"),
        Break(TARGETS, "6,2026,4,4", "6,2026,5,4", 21, "value"),
        Break(BODY, "8,家,2028", "8,家,2029", 5, "by"),
        Break(ANNEX, "区卫健局,", " 区卫健局,", 11, "responsible_units"),
        Break(WELL, '"1980-01-01"', '"1980-02-30"', 7, "minimum"),
        Break(TEST, '"fields": "id"', '"fields": "name"', 9, "foreignKeys"),
    ]
    files = tiny_files | {b.file: tiny_files[b.file].replace(b.old, b.new, 1) for b in breaks}
    faults = faults_of(files)
    assert [(fault.file, fault.line) for fault in faults] == sorted((b.file, b.line) for b in breaks)


def test_syntax_of_all_files_is_judged_at_once(tiny_files: dict[str, str]) -> None:
    files = tiny_files | {TOML: "[", WELL: "{", TEST: "[1,", RULES: "code\n", UNITS: tiny_files[UNITS] + '"'}
    assert {fault.file for fault in faults_of(files)} == {TOML, WELL, TEST, RULES, UNITS}


@pytest.mark.parametrize("name", [TOML, UNITS, EVENTS, ELEMENTS, RULES, INDICATORS, TARGETS, ANNEX, BODY])
def test_a_missing_file_is_named(name: str, tiny_files: dict[str, str]) -> None:
    assert faults_of({k: v for k, v in tiny_files.items() if k != name}) == (Fault(name, 0, "缺少这个文件"),)


@pytest.mark.parametrize(
    "name",
    ["extra.csv", "registers/Well.json", "registers/../units.json", "../units.csv", "registers/a/b.json", "x\u202e"],
)
def test_a_file_that_does_not_belong_is_named(name: str, tiny_files: dict[str, str]) -> None:
    (fault,) = faults_of(tiny_files | {name: ""})
    assert fault.text == "不认识的文件"
    assert fault.file == name.replace("\u202e", "�")


def test_a_register_cannot_have_any_number_of_fields(tiny_files: dict[str, str]) -> None:
    fields = ", ".join(f'{{"name": "f{n}", "title": "字段{n}", "type": "string"}}' for n in range(61))
    text = f'{{"fields": [{fields}], "xzdesk": {{"code": "pond", "title": "池塘", "label": ["f0"]}}}}'
    faults = faults_of(tiny_files | {"registers/pond.json": text})
    assert faults == (Fault("registers/pond.json", 1, "fields 应有 1 到 60 个字段"),)


def test_a_section_written_as_a_value_is_named(tiny_files: dict[str, str]) -> None:
    text = "ranking = 1\n" + tiny_files[TOML].split("[ranking]")[0]
    assert Fault(TOML, 1, "ranking 应写成 [ranking] 一节") in faults_of(tiny_files | {TOML: text})


def test_a_catalogue_needs_a_district(tiny_files: dict[str, str]) -> None:
    header = tiny_files[UNITS].splitlines()[0]
    faults = faults_of(tiny_files | {UNITS: f"{header}\n"})
    assert Fault(UNITS, 0, "没有区级单位（kind 为 district）") in faults


def test_a_catalogue_needs_something_to_rank_by(tiny_files: dict[str, str]) -> None:
    lines = [line.rsplit(",", 1)[0] + "," for line in tiny_files[INDICATORS].splitlines()[1:]]
    text = "\n".join([tiny_files[INDICATORS].splitlines()[0], *lines])
    assert faults_of(tiny_files | {INDICATORS: text}) == (Fault(INDICATORS, 0, "没有一个指标填了 weight，无法排名"),)


def test_an_annex_row_without_indicator_is_named(tiny_files: dict[str, str]) -> None:
    text = tiny_files[ANNEX] + "20,乡村建设,,新的一项,个,1,2,3,区农业局\n"
    assert faults_of(tiny_files | {ANNEX: text}) == (Fault(INDICATORS, 0, "附表第 20 号没有指标"),)


def test_the_message_shows_the_first_faults_and_counts_the_rest(tiny_files: dict[str, str]) -> None:
    files = tiny_files | {RULES: tiny_files[RULES].replace(",hard,", ",hart,").replace(",soft,", ",sanft,")}
    with pytest.raises(CatalogueError) as caught:
        parse(files | {ELEMENTS: tiny_files[ELEMENTS].replace(",yes,,,,\n", ",是,,,,\n")})
    lines = caught.value.message.splitlines()
    assert lines[0] == f"指标目录有 {len(caught.value.faults)} 处错误，没有启用："
    assert lines[1] == "elements.csv 第 2 行：required “是”应为 yes 或 no"
    assert lines[21:] == [f"……另有 {len(caught.value.faults) - 20} 处。"]


def test_a_missing_file_hides_no_fault_of_syntax(tiny_files: dict[str, str]) -> None:
    files = {**tiny_files, "units.csv": tiny_files["units.csv"].replace("parent_code", "parent", 1)}
    del files["targets.csv"]
    assert {fault.file for fault in faults_of(files)} == {"targets.csv", "units.csv"}
