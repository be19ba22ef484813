"""``demo``: the whole month with invented data, told step by step as it happens."""

from __future__ import annotations

import time
from pathlib import Path

import click

from xzdesk.cli import frame, output
from xzdesk.cli.aggregate import overview_table
from xzdesk.cli.rank import ranking_table
from xzdesk.core.errors import Cancelled, UserError
from xzdesk.core.periods import Period
from xzdesk.core.progress import Progress
from xzdesk.services.catalogue_files import DEFAULT
from xzdesk.services.demo.offices import PASSPHRASE, RECORDER, Setting
from xzdesk.services.demo.story import Step, Told, play

FIRST_SEED = 20261


@frame.command()
@click.option(
    "--dir",
    "folder",
    type=frame.FILE,
    default=Path("demo"),
    show_default=True,
    metavar="文件夹",
    help="结果放在哪个新文件夹。",
)
@click.option("--month", default="2026-10", show_default=True, metavar="月份", help="演示到哪个月。")
@click.option(
    "--seed", type=frame.WholeNumber(0, 10**9), default=FIRST_SEED, show_default=True, help="换一个数，编出另一套数据。"
)
@frame.json_option
def command(folder: Path, month: str, seed: int, as_json: bool) -> None:
    """用编造的演示数据走完一个月：开通、填报、审核、封装、接收、退回、改正、汇总、排名、定版。

    全部工作库和数据包留在文件夹里，可以用其他命令打开看；口令写在其中的说明文件里。

    例： xzdesk-cli demo --dir 演示 --month 2026-10
    """
    begun = time.monotonic()
    setting = Setting(folder.resolve(), DEFAULT, Period.parse(month), seed)
    try:
        told = play(setting, Progress() if as_json else frame.progress(), on_step=None if as_json else _tell_step)
    except (Cancelled, KeyboardInterrupt) as stopped:
        raise Cancelled(f"演示没有走完，再来一次以前请先删去文件夹“{folder.name}”。") from stopped
    seconds = time.monotonic() - begun
    if as_json:
        output.tell({**output.plain(told), "seconds": round(seconds, 1)}, as_json)
        return
    output.tell(None, as_json, "\n\n".join(_closing(told, seconds)))


def _tell_step(step: Step) -> None:
    lines = [f"✔ {step.what}（{step.seconds:.1f} 秒）", *(f"    {detail}" for detail in step.details)]
    output.tell(None, False, "\n".join(lines))


def _closing(told: Told, seconds: float) -> list[str]:
    if told.overview is None or told.ranking is None:
        raise UserError("demo.unfinished", "演示没有走完。", "请删去文件夹后重试。")
    counts = told.counts
    entries = "，".join(f"{title} {counts[code]:,}" for code, title in told.registers.items())
    missing = "、".join(told.missing) or "无"
    return [
        "以下全部是编造的演示数据。",
        overview_table(f"{told.month.label()}指标进度（演示数据）", told.overview),
        ranking_table(f"{told.month.label()}镇、街道排名（演示数据）", told.names, told.ranking),
        f"还没有交{told.month.label()}数据的：{missing}",
        f"数据 {counts['cells']:,} 格；台账：{entries}（行）。\n"
        f"数据包 {counts['packages']} 个，共 {_megabytes(counts['package_bytes'])}；"
        f"工作库共 {_megabytes(counts['workspace_bytes'])}。用时 {seconds:.0f} 秒。",
        f"结果在 {told.folder}。接着看看：\n"
        f"  xzdesk-cli aggregate {told.month} -w {told.district}\n"
        f"（用户 {RECORDER}，口令 {PASSPHRASE}）",
    ]


def _megabytes(count: int) -> str:
    return f"{count / 1024 / 1024:.1f} MB"
