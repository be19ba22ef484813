"""What is wrong with a command line, in Chinese; click itself says it in English."""

from __future__ import annotations

from difflib import get_close_matches

import click


def explain(error: click.ClickException) -> tuple[str, str]:
    """Message and hint for what click has refused."""
    ctx = error.ctx if isinstance(error, click.UsageError) else None
    message = _message(error)
    if ctx is None:
        return message, "用 --help 查看用法。"
    usage = ctx.command.collect_usage_pieces(ctx)
    return message, f"用法：{ctx.command_path} {' '.join(usage)}\n用 {ctx.command_path} --help 查看说明。"


def _message(error: click.ClickException) -> str:
    if isinstance(error, click.NoSuchOption):
        return f"没有选项 {error.option_name}。{_meant(error.possibilities)}"
    if isinstance(error, click.exceptions.NoSuchCommand):
        return f"没有命令 {error.command_name}。{_meant(_alike(error))}"
    if isinstance(error, click.MissingParameter):
        return f"缺少{_name(error)}。"
    if isinstance(error, click.BadParameter):
        name = _name(error)
        return f"{name}{'' if name.endswith('”') else ' '}不对：{error.message}"
    if isinstance(error, click.exceptions.BadOptionUsage):
        return f"选项 {error.option_name} 的写法不对。"
    return "命令的参数多了或者写法不对。"


def _meant(possibilities: list[str] | None) -> str:
    return f"是不是要写 {possibilities[0]}？" if possibilities else ""


def _alike(error: click.exceptions.NoSuchCommand) -> list[str]:
    group = error.ctx.command if error.ctx else None
    known = group.list_commands(error.ctx) if isinstance(group, click.Group) and error.ctx else []
    return get_close_matches(error.command_name, known)


def _name(error: click.BadParameter) -> str:
    param = error.param
    if param is None:
        return "参数"
    if isinstance(param, click.Option):
        return f"选项 {max(param.opts, key=len)}"
    return f"参数“{param.human_readable_name}”"
