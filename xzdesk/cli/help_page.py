"""Help pages in Chinese: headings, and lines as wide as a terminal shows them (a Chinese character takes two cells)."""

from __future__ import annotations

import inspect
import re
import unicodedata
from collections.abc import Iterable
from typing import Any, Final

import click
from click.core import Argument, Context, Option
from click.formatting import HelpFormatter

_NEVER_FIRST: Final = frozenset("，。；：、！？）》”’…%.,;:)")
_NEVER_LAST: Final = frozenset("（《“‘(")
_DEFAULT: Final = re.compile(r"  \[default: ([^\]]*)\]")
_INDENT: Final = 2
_TERM_CELLS: Final = 34
"""A longer term stands on a line of its own."""


def cells(text: str) -> int:
    """How many columns of a terminal ``text`` takes."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def wrap(text: str, width: int) -> list[str]:
    """``text`` in lines of at most ``width`` cells: broken at blanks and between Chinese characters, by their rules
    for punctuation. A word that is wider than a line stays whole."""
    lines: list[str] = [""]
    for token in pieces(text):
        if cells(lines[-1]) + cells(token.rstrip()) > width and lines[-1].strip():
            lines[-1] = lines[-1].rstrip()
            lines.append(token.lstrip())
        else:
            lines[-1] += token
    return [line.rstrip() for line in lines]


def pieces(text: str) -> list[str]:
    """The smallest pieces that may stand at the end of a line."""
    found: list[str] = []
    for sign in text:
        if found and not _may_break(found[-1][-1], sign):
            found[-1] += sign
        else:
            found.append(sign)
    return found


def _may_break(before: str, after: str) -> bool:
    if after in _NEVER_FIRST or before in _NEVER_LAST or after == " ":
        return False
    return before == " " or cells(before) == 2 or cells(after) == 2


class _Page:
    """How commands and the group write their help; mixed in before click's class."""

    def format_usage(self, ctx: Context, formatter: HelpFormatter) -> None:
        pieces = " ".join(self.collect_usage_pieces(ctx))  # type: ignore[attr-defined]
        formatter.write(f"用法：{ctx.command_path} {pieces}\n")

    def get_help_option(self, ctx: Context) -> Option | None:
        option: Option | None = super().get_help_option(ctx)  # type: ignore[misc]
        if option is not None:
            option.help = "显示这份说明后退出。"
        return option

    def format_help_text(self, ctx: Context, formatter: HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        for paragraph in _paragraphs(inspect.cleandoc(self.help or "")):  # type: ignore[attr-defined]
            formatter.write("\n")
            for line in paragraph:
                _write(formatter, line, _INDENT)

    def format_arguments(self, ctx: Context, formatter: HelpFormatter) -> None:
        arguments = [each for each in self.get_params(ctx) if isinstance(each, Argument)]  # type: ignore[attr-defined]
        write_terms(formatter, "参数", [(each.make_metavar(ctx), each.help or "") for each in arguments])

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        options = [each for each in self.get_params(ctx) if isinstance(each, Option)]  # type: ignore[attr-defined]
        write_terms(formatter, "选项", [_record(each, ctx) for each in options if not each.hidden])


def _record(option: Option, ctx: Context) -> tuple[str, str]:
    term, meaning = option.get_help_record(ctx) or ("", "")
    meaning = _DEFAULT.sub(r"不写时为 \1。", meaning.replace("  [required]", "必填。"))
    return term, meaning


def _paragraphs(text: str) -> list[list[str]]:
    """Paragraphs stand apart by an empty line; a line that begins with blanks is kept as it is (an example)."""
    found: list[list[str]] = [[]]
    for line in text.strip().splitlines():
        if not line.strip():
            found.append([])
        elif line.startswith(" ") or not found[-1] or found[-1][-1].startswith(" "):
            found[-1].append(line)
        else:
            found[-1][-1] = _joined(found[-1][-1], line)
    return [paragraph for paragraph in found if paragraph]


def _joined(first: str, second: str) -> str:
    """Two source lines as one: without a blank between Chinese characters."""
    blank = "" if cells(first[-1]) == 2 or cells(second[0]) == 2 else " "
    return first + blank + second


def _write(formatter: HelpFormatter, line: str, indent: int) -> None:
    lines = [line] if line.startswith(" ") else wrap(line, formatter.width - indent)
    formatter.write("".join(f"{' ' * indent}{each}\n" for each in lines))


def write_terms(formatter: HelpFormatter, heading: str, rows: Iterable[tuple[str, str]]) -> None:
    """Terms and what they mean under a heading; nothing when there are none."""
    rows = list(rows)
    if not rows:
        return
    formatter.write(f"\n{heading}：\n")
    column = min(max(cells(term) for term, _ in rows), _TERM_CELLS)
    for term, meaning in rows:
        lines = wrap(meaning, max(formatter.width - _INDENT - column - 2, 20))
        start = f"{' ' * _INDENT}{term}"
        if cells(term) > column:
            formatter.write(f"{start}\n")
            start = ""
        for line in lines:
            formatter.write(f"{start}{' ' * (_INDENT + column + 2 - cells(start))}{line}".rstrip() + "\n")
            start = ""


class Command(_Page, click.Command):
    """One command of the program."""

    def __init__(self, *args: Any, **more: Any) -> None:
        more.setdefault("options_metavar", "[选项]")
        super().__init__(*args, **more)


class Group(_Page, click.Group):
    """The program itself; ``summaries`` says in a line what each command is for, without loading any."""

    summaries: dict[str, str] = {}  # noqa: RUF012 - set once by the program

    def __init__(self, *args: Any, **more: Any) -> None:
        more.setdefault("options_metavar", "[选项]")
        more.setdefault("subcommand_metavar", "命令 [参数]...")
        super().__init__(*args, **more)

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        write_terms(formatter, "命令", self.summaries.items())

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        super().format_options(ctx, formatter)
        self.format_commands(ctx, formatter)
