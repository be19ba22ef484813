"""``xzdesk-cli``: one file per command, loaded when it is called; the only place that turns errors into exit statuses.

Exit status: 0 done, 2 something the user can mend, 1 a fault of the program, 130 stopped by Ctrl+C. With ``--json`` an
error is one object on the standard output, else it is text on the standard error.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import logging.handlers
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from xzdesk import __version__, paths
from xzdesk.cli import output, usage
from xzdesk.cli.help_page import Group
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

SUMMARIES: Final = {
    "init": "建立区级工作库",
    "invite": "给下级单位开具开通包",
    "enrol": "用开通包建立本单位的工作库，写出开通回复",
    "trust": "电话核对 30 位数字后启用密钥；作废、更换、列出密钥",
    "task": "下发任务包（指标目录、分解目标、密钥名单）",
    "record": "填报一格，登记、修改、删除一行台账，办理更正",
    "import-table": "读入填好的表格",
    "export-table": "导出填报表格",
    "check": "审核一个月，给提示性问题写说明",
    "submit": "复核、封装并写出上报包",
    "inspect": "试读数据包：接收后会怎样，或包里有什么",
    "import": "接收数据包；撤销接收，放行隔离的包",
    "return": "退回单格或台账行",
    "receipt": "写出回执包",
    "aggregate": "计算指标，对照规划目标",
    "rank": "镇（街道）排名和每处得分的理由",
    "freeze": "定版一个月的汇总结果",
    "target-split": "把规划目标分解到镇（街道）",
    "backup": "备份工作库",
    "restore": "从备份恢复工作库",
    "recover": "忘记口令时用纸质恢复密钥设新口令；试用恢复密钥",
    "passwd": "修改自己的口令，或为别人重设口令",
    "users": "列出、增加、停用用户，改任身份",
    "verify": "核验工作库和改动记录是否完好",
    "demo": "生成演示数据，走完一个月的全过程",
}
"""What each command is for, in one line."""

DONE: Final = 0
OUR_FAULT: Final = 1
USER_CAN_MEND: Final = 2
STOPPED: Final = 130


class Program(Group):
    """Loads a command's module only when it is called, so that ``--help`` and short commands start at once."""

    summaries = SUMMARIES

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
@click.version_option(__version__, prog_name="xzdesk-cli", help="显示版本后退出。")
def program() -> None:
    """秀洲乡村台账：离线填报、审核、封装上报、接收汇总。

    口令在提示后输入，也可以从标准输入逐行读入，或放在 XZDESK_PASSPHRASE_FILE 指明的文件里。
    工作库可以用 XZDESK_WORKSPACE 指定，省去每次写 -w。

    退出码：0 完成，2 有事需要使用者处理，1 程序故障，130 中途停下。
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in words
    output.prepare(as_json)
    try:
        answer = program.main(words, prog_name="xzdesk-cli", standalone_mode=False)
        return answer if isinstance(answer, int) else DONE
    except UserError as error:
        output.tell_error(error.code, error.message, error.hint, as_json)
        return USER_CAN_MEND
    except (Cancelled, KeyboardInterrupt, click.Abort) as stopped:
        hint = str(stopped) if isinstance(stopped, Cancelled) else ""
        output.tell_error("cancelled", "已停下，没有做完的部分没有保存。", hint, as_json)
        return STOPPED
    except click.exceptions.NoArgsIsHelpError as error:
        output.tell_help(error.ctx.get_help())
        return USER_CAN_MEND
    except click.ClickException as error:
        output.tell_error("usage", *usage.explain(error), as_json)
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
    with contextlib.suppress(OSError):
        handler = logging.handlers.RotatingFileHandler(log_file(), maxBytes=1_000_000, backupCount=2, encoding="utf-8")
        with contextlib.closing(handler):
            steps = traceback.extract_tb(error.__traceback__)
            places = " < ".join(f"{Path(s.filename).stem}.{s.name}:{s.lineno}" for s in reversed(steps[-12:]))
            text = f"{__version__} {type(error).__name__} {places}"
            handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
            handler.emit(logging.LogRecord("xzdesk", logging.ERROR, "", 0, text, None, None))


if __name__ == "__main__":
    sys.exit(main())
