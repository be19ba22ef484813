"""``xzdesk-cli``: one file per command, loaded when it is called; the only place that turns errors into exit statuses.

Exit status: 0 done, 2 something the user can mend, 1 a fault of the program, 130 stopped by Ctrl+C. With ``--json`` an
error is one object on the standard output, else it is text on the standard error.
"""

from __future__ import annotations

import importlib
import logging
import logging.handlers
import sys
import traceback
from collections.abc import Sequence
from typing import Final

import click

from xzdesk import __version__, paths
from xzdesk.cli import output
from xzdesk.core.errors import Cancelled, UserError

COMMANDS: Final = {
    "init": "init",
    "invite": "invite",
    "enrol": "enrol",
    "trust": "trust",
    "task": "task",
    "record": "record",
    "import-table": "import_table",
    "export-table": "export_table",
    "check": "check",
    "submit": "submit",
    "inspect": "inspect",
    "import": "import_",
    "return": "return_",
    "receipt": "receipt",
    "aggregate": "aggregate",
    "rank": "rank",
    "freeze": "freeze",
    "target-split": "target_split",
    "backup": "backup",
    "restore": "restore",
    "recover": "recover",
    "passwd": "passwd",
    "users": "users",
    "verify": "verify",
    "demo": "demo",
}
"""Command by name: the module of this package whose ``command`` it is."""

DONE: Final = 0
OUR_FAULT: Final = 1
USER_CAN_MEND: Final = 2
STOPPED: Final = 130


class Program(click.Group):
    """Loads a command's module only when it is called, so that ``--help`` and short commands start at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        command = importlib.import_module(f"xzdesk.cli.{module}").command
        if not isinstance(command, click.Command):
            raise TypeError(f"xzdesk.cli.{module}.command is no command")
        return command


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="xzdesk-cli")
def program() -> None:
    """秀洲乡村台账：离线填报、审核、封装上报、接收汇总。

    口令在提示后输入，或放在 XZDESK_PASSPHRASE_FILE 指明的文件里。退出码：0 完成，2 需要使用者处理，1 程序故障。
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in words
    try:
        answer = program.main(words, standalone_mode=False)
        return answer if isinstance(answer, int) else DONE
    except UserError as error:
        output.tell_error(error.code, error.message, error.hint, as_json)
        return USER_CAN_MEND
    except (Cancelled, KeyboardInterrupt, click.Abort):
        output.tell_error("cancelled", "已停下，没有做完的部分没有保存。", "", as_json)
        return STOPPED
    except click.ClickException as error:
        error.show()
        return USER_CAN_MEND
    except Exception as error:  # the process boundary
        log_fault(error)
        output.tell_error(
            "program.fault",
            f"程序出错（{type(error).__name__}），这一步没有保存，之前保存的都在。",
            f"请把日志 {log_file()} 交给区专班办公室；日志里没有填报内容。",
            as_json,
        )
        return OUR_FAULT


def log_file() -> str:
    return str(paths.user_data() / "xzdesk.log")


def log_fault(error: BaseException) -> None:
    """Where it happened and of what kind: never the message or the source lines, which may quote contents."""
    handler = logging.handlers.RotatingFileHandler(log_file(), maxBytes=1_000_000, backupCount=2, encoding="utf-8")
    try:
        steps = traceback.extract_tb(error.__traceback__)
        places = " < ".join(f"{step.name}:{step.lineno}" for step in reversed(steps[-12:]))
        text = f"{__version__} {type(error).__name__} {places}"
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        handler.emit(logging.LogRecord("xzdesk", logging.ERROR, "", 0, text, None, None))
    finally:
        handler.close()


if __name__ == "__main__":
    sys.exit(main())
