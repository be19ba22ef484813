"""What most commands share: the workspace option, passphrases, progress. Passphrases never stand on a command line."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from xzdesk.core.errors import UserError
from xzdesk.core.progress import Progress
from xzdesk.services.session import Session, open_session

F = TypeVar("F", bound=Callable[..., Any])

PASSPHRASE_FILE: Final = "XZDESK_PASSPHRASE_FILE"  # noqa: S105 - a variable, no secret
REVIEWER_FILE: Final = "XZDESK_REVIEWER_PASSPHRASE_FILE"
NEW_FILE: Final = "XZDESK_NEW_PASSPHRASE_FILE"
WORKSPACE: Final = "XZDESK_WORKSPACE"
LONGEST_PASSPHRASE: Final = 1024

FILE = click.Path(path_type=Path)
"""A path that the service judges: its message is better than click's."""


def workspace_options(command: F) -> F:
    """``--workspace`` and ``--user``; the function takes ``workspace: Path, user: str | None``."""
    named = click.option("-w", "--workspace", type=FILE, required=True, envvar=WORKSPACE, help="工作库文件（.xzdb）。")
    who = click.option("-u", "--user", help="用户名；不写时由口令认出。")
    return named(who(command))


def json_option(command: F) -> F:
    """``--json``; the function takes ``as_json: bool``."""
    return click.option("--json", "as_json", is_flag=True, help="以 JSON 输出，供脚本使用。")(command)


@contextlib.contextmanager
def opened(workspace: Path, user: str | None) -> Iterator[Session]:
    """Ask for the passphrase, unlock, and close in the end. Raises ``UserError`` as ``open_session``."""
    with open_session(workspace, user, passphrase(f"“{workspace.stem}”的口令", PASSPHRASE_FILE)) as session:
        yield session


def passphrase(question: str, variable: str, *, twice: bool = False) -> str:
    """From the file that the environment variable names, else typed at the prompt (``twice`` for a new one).

    Raises ``UserError`` ``passphrase.file``.
    """
    named = os.environ.get(variable)
    if not named:
        return str(click.prompt(question, hide_input=True, confirmation_prompt=twice and "再输一遍", err=True))
    try:
        with Path(named).open(encoding="utf-8") as file:
            return file.read(LONGEST_PASSPHRASE).removesuffix("\n").removesuffix("\r")
    except (OSError, UnicodeDecodeError):
        raise UserError(
            "passphrase.file", f"{variable} 指明的口令文件读不出来。", "请核对文件位置和读取权限，内容为 UTF-8 文字。"
        ) from None


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
