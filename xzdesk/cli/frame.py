"""What most commands share: the workspace option, passphrases, progress. Passphrases never stand on a command line."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from xzdesk.cli.help_page import Command
from xzdesk.core.errors import UserError
from xzdesk.core.progress import Progress
from xzdesk.services.session import Session, open_session

F = TypeVar("F", bound=Callable[..., Any])

PASSPHRASE_FILE: Final = "XZDESK_PASSPHRASE_FILE"  # noqa: S105 - a variable, no secret
REVIEWER_FILE: Final = "XZDESK_REVIEWER_PASSPHRASE_FILE"
NEW_FILE: Final = "XZDESK_NEW_PASSPHRASE_FILE"
CODE_FILE: Final = "XZDESK_CODE_FILE"
NUMBER_FILE: Final = "XZDESK_NUMBER_FILE"
RECOVERY_FILE: Final = "XZDESK_RECOVERY_FILE"
WORKSPACE: Final = "XZDESK_WORKSPACE"
LONGEST_SECRET: Final = 1024
ATTENTION: Final = 2
"""Exit status of a command that did its work and found something the user has to see to."""

FILE: Final = click.Path(path_type=Path)
"""A path that the service judges: its message is better than click's."""


class Words(click.ParamType[Any]):
    """One of a few words, each standing for a value."""

    name = "word"

    def __init__(self, meanings: Mapping[str, object]) -> None:
        self._meanings = meanings

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value in self._meanings:
            return self._meanings[value]
        if value in self._meanings.values():
            return value
        return self.fail(f"“{str(value)[:20]}”不在可选之列，可写：{'、'.join(self._meanings)}。", param, ctx)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:  # noqa: ARG002 - click's signature
        return "|".join(self._meanings)


class WholeNumber(click.ParamType[int]):
    """A whole number within limits."""

    name = "number"

    def __init__(self, low: int, high: int) -> None:
        self._low = low
        self._high = high

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        text = str(value)
        if not (text.isascii() and text.isdecimal() and self._low <= int(text) <= self._high):
            return self.fail(f"应为 {self._low} 到 {self._high} 的整数。", param, ctx)
        return int(text)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:  # noqa: ARG002 - click's signature
        return "数字"


def command(**more: Any) -> Callable[[Callable[..., Any]], Command]:
    """Like ``click.command``, with help pages in Chinese."""
    return click.command(cls=Command, **more)


def workspace_options(command: F) -> F:
    """``--workspace`` and ``--user``; the function takes ``workspace: Path, user: str | None``."""
    who = click.option("-u", "--user", metavar="姓名", help="用户名；不写时由口令认出。")
    return workspace_option(who(command))


def workspace_option(command: F) -> F:
    """``--workspace`` alone; the function takes ``workspace: Path``."""
    return click.option(
        "-w", "--workspace", type=FILE, required=True, envvar=WORKSPACE, metavar="文件", help="工作库文件（.xzdb）。"
    )(command)


def json_option(command: F) -> F:
    """``--json``; the function takes ``as_json: bool``."""
    return click.option("--json", "as_json", is_flag=True, help="以 JSON 输出，供脚本使用。")(command)


def to_option(what: str) -> Callable[[F], F]:
    """``--to``; the function takes ``to: Path | None``. ``what`` goes there."""
    return click.option("--to", type=FILE, metavar="文件夹", help=f"{what}写到这个文件夹（U盘）。")


@contextlib.contextmanager
def opened(workspace: Path, user: str | None) -> Iterator[Session]:
    """Ask for the passphrase, unlock, and close in the end. Raises ``UserError`` as ``open_session``."""
    if not workspace.is_file():
        # Said before a passphrase is asked for in vain.
        raise UserError(
            "workspace.missing",
            f"找不到工作库“{workspace.name}”。",
            "请核对文件位置；如果被移走或删除，可以从备份恢复。",
        )
    with open_session(workspace, user, passphrase(f"“{workspace.stem}”的口令", PASSPHRASE_FILE)) as session:
        yield session


def passphrase(question: str, variable: str, *, twice: bool = False) -> str:
    """From the file that the environment variable names, else typed at the prompt (``twice`` for a new one), else
    one line of the standard input. Raises ``UserError`` ``secret.file``, ``secret.no_terminal``."""
    typed = secret(question, variable)
    while twice and not os.environ.get(variable) and sys.stdin.isatty():
        if secret("再输一遍", variable) == typed:
            break
        sys.stderr.write("两次输入不一样，请重新输入。\n")
        typed = secret(question, variable)
    return typed


def secret(question: str, variable: str, *, hidden: bool = True) -> str:
    """As ``passphrase``, asked once. ``hidden``: not shown while it is typed."""
    named = os.environ.get(variable)
    if named:
        return _of_file(Path(named), variable)
    if sys.stdin.isatty():
        return str(click.prompt(question, hide_input=hidden, err=True, prompt_suffix="："))
    line = sys.stdin.readline(LONGEST_SECRET)
    if not line:
        raise UserError(
            "secret.no_terminal",
            f"没有终端可以输入{question}。",
            f"请在终端里运行，或把内容写进只有自己能读的文件，用环境变量 {variable} 指明它。",
        )
    return line.removesuffix("\n").removesuffix("\r")


def _of_file(path: Path, variable: str) -> str:
    try:
        with path.open(encoding="utf-8-sig") as file:
            return file.read(LONGEST_SECRET).removesuffix("\n").removesuffix("\r")
    except (OSError, UnicodeDecodeError):
        raise UserError(
            "secret.file", f"{variable} 指明的文件读不出来。", "请核对文件位置和读取权限，内容为 UTF-8 文字。"
        ) from None


def need(value: str | Path | None, option: str, what: str) -> None:
    """Raises ``UserError`` ``usage`` when an option that this use of the command needs was left out."""
    if value is None or value == "":
        raise UserError("usage", f"没有写{what}。", f"请加上 {option}。")


def folder(to: Path | None) -> Path:
    """The folder that packages go to, looked at before anything is sealed. Raises ``UserError`` ``usage``,
    ``stick.missing``."""
    if to is None:
        raise UserError("usage", "没有写数据包写到哪里。", "请加上 --to 文件夹（U盘）。")
    if not to.is_dir():
        raise UserError(
            "stick.missing", f"没有文件夹“{to.name or to}”，还没有封装。", "请确认U盘已插好，文件夹已建好。"
        )
    return to


def one_of(*chosen: tuple[str, object]) -> None:
    """Raises ``UserError`` ``usage`` when more than one of the options (name, value) is used together."""
    used = [name for name, value in chosen if value]
    if len(used) > 1:
        raise UserError("usage", f"{' 和 '.join(used)} 不能一起用。", "请分几次办理。")


def progress() -> Progress:
    """Shown on the terminal's error channel, and only on a terminal."""
    if not sys.stderr.isatty():
        return Progress()

    def report(doing: str, done: int, total: int) -> None:
        count = f" {done}/{total}" if total else ""
        sys.stderr.write(f"\r\x1b[K{doing}{count}")
        if total and done >= total:
            sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()

    return Progress(report)
