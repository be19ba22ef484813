"""Help is Chinese, complete and quick; JSON and tables say what they are given."""

from __future__ import annotations

import datetime as dt
import inspect
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xzdesk.cli import frame, help_page, main, output
from xzdesk.core.model import CellRef, Level
from xzdesk.core.periods import Period

from .conftest import Desk

HEAVY = ("pandas", "numpy", "PySide6", "pyqtgraph", "xlsxwriter", "openpyxl", "python_calamine", "sqlcipher3", "rich")
HERE = sorted(name for name, module in main.COMMANDS.items() if (Path(main.__file__).parent / f"{module}.py").is_file())
ENGLISH = ("Usage", "Options", "Show this", "required", "Commands", "Arguments", "TEXT", "PATH", "INTEGER")


def command(name: str) -> click.Command:
    found = main.program.get_command(click.Context(main.program), name)
    assert found is not None
    return found


def chinese(text: str | None) -> bool:
    return any("\u4e00" <= sign <= "\u9fff" for sign in text or "")


def test_every_command_is_summed_up_and_there() -> None:
    assert list(main.SUMMARIES) == list(main.COMMANDS)
    assert [name for name in main.COMMANDS if name not in HERE] == []


@pytest.mark.parametrize("name", HERE)
def test_every_command_explains_itself_in_chinese(empty: Desk, name: str) -> None:
    answer = empty.raw(name, "--help")
    assert (answer.status, answer.err) == (0, "")
    assert answer.out.startswith(f"用法：xzdesk-cli {name} [选项]")
    assert not any(word in answer.out for word in ENGLISH)
    assert f"xzdesk-cli {name} " in answer.out.split("选项：")[0].removeprefix("用法：xzdesk-cli")
    for param in command(name).params:
        if isinstance(param, click.Option):
            assert chinese(param.help), param.opts
            assert max(param.opts, key=len) in answer.out


@pytest.mark.parametrize("name", HERE)
def test_every_command_that_reports_speaks_json(name: str) -> None:
    assert "--json" in {opt for param in command(name).params for opt in param.opts}


def test_the_group_lists_every_command(empty: Desk) -> None:
    for words in (("--help",), ("-h",)):
        answer = empty.raw(*words)
        assert answer.status == 0
        for name, summary in main.SUMMARIES.items():
            assert any(line.strip().startswith(f"{name} ") and summary in line for line in answer.out.splitlines())
    nothing = empty.raw()
    assert (nothing.status, nothing.out) == (2, "")
    assert "命令：" in nothing.err


def test_help_loads_no_command_and_nothing_heavy() -> None:
    unwanted = (*HEAVY, "xzdesk.services", "xzdesk.store")
    look = (
        "import sys; from xzdesk.cli import main; status = main.main(['--help']);"
        f"sys.exit(repr((status, [m for m in {unwanted!r} if m in sys.modules])))"
    )
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.stderr.strip() == "(0, [])"


def test_commands_of_the_month_load_no_office_formats() -> None:
    """``check`` and its like start without pandas, Qt or the spreadsheet libraries."""
    quick = [main.COMMANDS[n] for n in ("check", "record", "submit", "import", "receipt", "backup")]
    look = (
        f"import importlib, sys; [importlib.import_module('xzdesk.cli.' + m) for m in {quick!r}];"
        f"sys.exit(repr([m for m in {HEAVY[:-2]!r} if m in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.stderr.strip() == "[]"


def test_the_version_is_told(empty: Desk) -> None:
    assert empty.raw("--version").out.startswith("xzdesk-cli")


@given(st.text("，。（）水杉路1a b", max_size=60), st.integers(8, 40))
def test_wrapped_lines_fit_and_lose_nothing(text: str, width: int) -> None:
    lines = help_page.wrap(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    for line in lines[1:]:
        assert not line.startswith(("，", "。", "）"))
        assert line == line.lstrip()
    for line in lines:
        assert help_page.cells(line) <= width or len(help_page.pieces(line.strip())) == 1


def test_chinese_lines_break_between_characters() -> None:
    assert help_page.wrap("口令在提示后输入，也可以写在文件里。", 16) == [
        "口令在提示后输",
        "入，也可以写在文",
        "件里。",
    ]
    assert help_page.wrap("写 --to 文件夹", 9) == ["写 --to", "文件夹"]


def test_json_says_numbers_and_dates_as_text() -> None:
    ref = CellRef("1", "e", Period.month(2026, 10))
    value = {"a": [Decimal("1.50"), Fraction(1, 3), dt.date(2026, 1, 2)], "b": (ref,), "c": frozenset({Level.TOWN})}
    assert output.plain(value) == {
        "a": ["1.50", "1/3", "2026-01-02"],
        "b": [{"unit": "1", "element": "e", "period": "2026-10"}],
        "c": ["town"],
    }
    with pytest.raises(TypeError):
        output.plain(object())


def test_progress_is_silent_without_a_terminal(empty: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    frame.progress().tick("正在封装", 1, 2)
    assert capsys.readouterr().err == ""


def test_no_command_prints_by_itself() -> None:
    for module in (Path(main.__file__).parent).glob("*.py"):
        source = module.read_text(encoding="utf-8")
        if module.stem not in ("output", "frame"):
            assert "sys.stdout" not in source, module.name
            assert "click.echo" not in source, module.name
    assert inspect.getdoc(main.program.callback)


@pytest.mark.parametrize(("columns", "shown"), [("80", False), ("120", True)])
def test_a_narrow_terminal_shows_less_and_says_so(monkeypatch: pytest.MonkeyPatch, columns: str, shown: bool) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setattr(output.sys.stdout, "isatty", lambda: True)
    text = output.table("排名", ("单位", "缘由"), [("临溪镇", "按时上报")], spare=(1,))
    assert ("按时上报" in text) is shown
    assert ("窗口较窄，没有显示：缘由。" in text) is not shown


def test_a_table_without_rows_is_its_title() -> None:
    assert output.table("供水点 0 行", ("行号", "单位"), []) == "供水点 0 行"
