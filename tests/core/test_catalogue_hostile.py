"""A catalogue from an enemy: whatever its texts are, it is read or refused with ``CatalogueError``."""

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xzdesk.core import catalogue_parse as cells
from xzdesk.core.catalogue import CatalogueError, Fault, parse
from xzdesk.services.catalogue_files import read_folder

FILES = read_folder(Path(__file__).parent.parent / "data" / "tiny")
SCRAPS = st.sampled_from(
    [
        *(
            "",
            ",",
            ";",
            "\n",
            "\r",
            '"',
            '""',
            "=",
            "/",
            "{",
            "}",
            "[",
            "]",
            "(",
            "-",
            "yes",
            "no",
            "0",
            "1e999",
            "NaN",
        ),
        *(
            "null",
            "true",
            "{}",
            "[]",
            "not ",
            "ref(",
            "prev(",
            "\x00",
            "\u2028",
            "\ud800",
            "\u202e",
            "\ufeff",
            "９",
            "９" * 50,
        ),
        *("village", "990101", "wells", "2024", "%", "0.1", "__class__", "lambda: 0", "'", "\\", "\\u0000", "#", "= 1"),
    ]
)


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, str]:
    """The tiny catalogue with up to four scraps put over short stretches of its texts, or lines shuffled."""
    files = dict(FILES)
    for _ in range(draw(st.integers(1, 4))):
        name = draw(st.sampled_from(sorted(files)))
        text = files[name]
        start = draw(st.integers(0, len(text)))
        scrap = draw(SCRAPS | st.text(max_size=6))
        if draw(st.booleans()):
            files[name] = text[:start] + scrap + text[start + draw(st.integers(0, 12)) :]
        else:
            lines = text.split("\n")
            at, to = draw(st.integers(0, len(lines) - 1)), draw(st.integers(0, len(lines) - 1))
            lines[at] = lines[to] + scrap
            files[name] = "\n".join(lines)
    return files


@given(mutated())
@settings(max_examples=250, deadline=None)
def test_a_mutated_catalogue_is_read_or_refused(files: dict[str, str]) -> None:
    try:
        catalogue = parse(files)
    except CatalogueError as error:
        check_error(error)
    else:
        assert catalogue.files == files


@given(st.dictionaries(st.sampled_from(sorted(FILES)), st.text(max_size=200)))
@settings(max_examples=100, deadline=None)
def test_any_texts_are_refused(texts: dict[str, str]) -> None:
    files = FILES | texts
    with contextlib.suppress(CatalogueError):
        assert parse(files).files == files


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["name", "title", "type", "constraints", "xzdesk", "fields", "enum"]), inner)
    ),
    max_leaves=12,
)


@given(JSON, st.sampled_from(["fields", "foreignKeys", "xzdesk", "primaryKey"]))
@settings(max_examples=150, deadline=None)
def test_a_schema_of_any_json_is_read_or_refused(value: object, member: str) -> None:
    name = "registers/well.json"
    document = json.loads(FILES[name])
    document[member] = [*document["fields"], value] if member == "fields" else value
    with contextlib.suppress(CatalogueError):
        parse(FILES | {name: json.dumps(document)})


def check_error(error: CatalogueError) -> None:
    """Every fault is one visible line that names one of the files."""
    assert error.code == "catalogue.invalid"
    assert 1 <= len(error.faults) <= cells.MAX_FAULTS
    for fault in error.faults:
        assert fault.file in FILES
        assert 0 <= fault.line <= 200
        assert str(fault).isprintable()


def faults_of(files: Mapping[str, str]) -> tuple[Fault, ...]:
    with pytest.raises(CatalogueError) as caught:
        parse(files)
    return caught.value.faults


def replaced(file: str, old: str, new: str) -> dict[str, str]:
    assert old in FILES[file]
    return FILES | {file: FILES[file].replace(old, new, 1)}


@pytest.mark.parametrize(
    "expression",
    [
        "not " * 120 + "tests > 0",
        "(" * 200 + "tests" + ")" * 200,
        "-" * 400 + "tests > 0",
        "tests" + "+1" * 160 + " > 0",
        "tests > " + "9" * 400,
        "tests > 0 " * 100,
        "tests.real > 0",
        "(lambda: tests)() > 0",
        "[t for t in tests] > 0",
        "tests ** 9 ** 9 > 0",
        "f'{tests}' > 0",
        "tests > 1j",
        "tests > None",
        "tests > 0\x00",
        "tests in grade",
        "prev(tests, 1) > 0",
        "prev(x=tests) > 0",
        "tests_passed[0] > 0",
        "tests < 1 if tests else tests",
    ],
)
def test_an_expression_that_only_an_enemy_writes_is_refused(expression: str) -> None:
    faults = faults_of(replaced("rules.csv", "tests_passed <= tests,", f'"{expression}",'))
    assert all((fault.file, fault.line) == ("rules.csv", 3) for fault in faults)
    assert any(fault.text.startswith("expression ") for fault in faults)


def test_a_deep_condition_within_the_limits_is_read() -> None:
    parse(replaced("rules.csv", "tests_passed <= tests,", "not " * 60 + "tests_passed <= tests,"))


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("units.csv", "x" * (cells.MAX_FILE_CHARACTERS + 1), "文件过大（最多 1000000 字）"),
        ("units.csv", "云" * (cells.MAX_FILE_CHARACTERS + 1), "文件过大（最多 1000000 字）"),
        ("units.csv", "a\ud800b", "文件不是 UTF-8 文字"),
        ("registers/well.json", " " * 200_001, "文件过大（最多 200000 字）"),
        ("catalogue.toml", "#" * 50_001, "文件过大（最多 50000 字）"),
        ("catalogue.toml", "a" + ".a" * 20_000 + " = 1", "一行里的点号多于 40 个"),
        ("catalogue.toml", "a = " + "[" * 40_000, "TOML 写法不对，或有重复的名称"),
        ("catalogue.toml", "a = 0x" + "f" * 40_000, "缺少 id"),
        ("catalogue.toml", "a = " + "9" * 40_000, "TOML 写法不对，或有重复的名称"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else None,
)
def test_sizes_are_bounded_before_anything_is_parsed(name: str, text: str, words: str) -> None:
    assert words in [fault.text for fault in faults_of(FILES | {name: text})]


def test_the_whole_is_bounded() -> None:
    tail = "x" * (cells.MAX_FILE_CHARACTERS - 1)
    assert faults_of(FILES | {f"registers/r{n}.json": tail for n in range(4)})[0].text.startswith("文件过多或过大")
    assert faults_of(FILES | {f"registers/r{n}.json": "" for n in range(40)})[0].text.startswith("文件过多或过大")


@pytest.mark.parametrize(
    ("name", "limit"),
    [("units.csv", 2000), ("elements.csv", 500), ("rules.csv", 500), ("indicators.csv", 200), ("unit_events.csv", 500)],
)
def test_the_number_of_lines_is_bounded(name: str, limit: int) -> None:
    lines = FILES[name].splitlines()
    text = "\n".join([lines[0], *[lines[1]] * (limit + 1)])
    assert faults_of(FILES | {name: text}) == (Fault(name, limit + 2, f"多于 {limit} 行"),)


def test_a_cell_beyond_the_limit_of_the_csv_reader_is_refused() -> None:
    (fault,) = faults_of(FILES | {"units.csv": FILES["units.csv"] + "x" * 200_000})
    assert fault == Fault("units.csv", 12, "CSV 写法不对（引号不配对，或一格过长）")


def test_an_indicator_cannot_read_any_number_of_elements() -> None:
    many = ";".join(f"trainees{n}" for n in range(21))
    faults = faults_of(replaced("indicators.csv", "sum_in_year,trainees", f"sum_in_year,{many}"))
    assert "一个指标最多读 20 个采集项" in [fault.text for fault in faults]


def test_no_more_than_so_many_faults_are_kept() -> None:
    lines = FILES["units.csv"].splitlines()
    text = "\n".join([lines[0], lines[1], *(f"{n},甲{n},hamlet,{n}" for n in range(500))])
    assert len(faults_of(FILES | {"units.csv": text})) == cells.MAX_FAULTS


def test_a_code_with_invisible_characters_never_reaches_a_message() -> None:
    text = FILES["indicators.csv"].replace("\n6,6,", "\n6\u202e\x07,6,", 1)
    for fault in faults_of(FILES | {"indicators.csv": text}):
        assert str(fault).isprintable()
