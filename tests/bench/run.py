"""The bench: ``python3 dev.py bench [--json] [--rounds N] [--check] [--smoke]``. What it says: docs/performance.md."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench import measures
from tests.bench.timing import Line
from tests.bench.world import Sizes, World, build
from xzdesk.core.model import Catalogue
from xzdesk.core.periods import Period
from xzdesk.services import catalogue_files

TINY = Path(__file__).parent.parent / "data" / "tiny"
MEASURES: dict[str, Callable[[World, int], list[Line]]] = {
    "seal": measures.sealing,
    "receive": measures.receiving,
    "save": measures.saving,
    "aggregate": measures.aggregating,
}


def main(arguments: Sequence[str]) -> int:
    """Exit status 1 when a bound is missed and ``--check`` was given."""
    options = _options(arguments)
    begun = time.perf_counter()

    def report(text: str) -> None:
        if not options.quiet:
            sys.stderr.write(f"[{time.perf_counter() - begun:6.1f} 秒] {text}\n")

    with tempfile.TemporaryDirectory(prefix="xzdesk-bench-", dir=options.dir) as folder:
        result = _run(Path(folder), options, report)
    if options.json:
        sys.stdout.write(json.dumps(result, ensure_ascii=False, indent=2) + "\n")
    else:
        _show(result)
    missed = any(line["holds"] is False for line in result["measures"])
    return int(missed and options.check)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py bench", description="量一量：封装、接收、保存、汇总各要多久。")
    parser.add_argument("--json", action="store_true", help="以 JSON 输出")
    parser.add_argument("--rounds", type=int, default=5, help="每项量几轮，取中位数（默认 5）")
    parser.add_argument("--only", choices=sorted(MEASURES), action="append", help="只量这一项，可以写几次")
    parser.add_argument("--check", action="store_true", help="有一项不达标时以状态 1 退出")
    parser.add_argument("--smoke", action="store_true", help="用小目录和很少的数据走一遍，不看快慢")
    parser.add_argument("--quiet", action="store_true", help="不报告进度")
    parser.add_argument("--dir", help="临时文件放在哪个文件夹（默认系统的临时文件夹）")
    return parser.parse_args(arguments)


def _run(folder: Path, options: argparse.Namespace, report: Callable[[str], None]) -> dict[str, Any]:
    catalogue, sizes = _sizes(options.smoke)
    begun = time.perf_counter()
    with ProcessPoolExecutor(1) as pool:
        world = build(folder, catalogue, sizes, report, pool)
    lines = []
    built = time.perf_counter() - begun
    for name in options.only or MEASURES:
        report(f"正在量 {name}")
        lines += MEASURES[name](world, options.rounds)
    return {
        "date": time.strftime("%Y-%m-%d"),
        "machine": _machine(),
        "rounds": options.rounds,
        "set_up_seconds": built,
        "sizes": _content(world),
        "measures": [line.to_json() for line in lines],
    }


def _sizes(smoke: bool) -> tuple[Catalogue, Sizes]:
    if smoke:
        return catalogue_files.load(TINY), Sizes(rows=40, month=Period.month(2024, 3), towns=2)
    return catalogue_files.load(), Sizes(rows=20_000, month=Period.month(2026, 10), towns=9)


def _machine() -> dict[str, Any]:
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {"system": platform.platform(), "python": platform.python_version(), "cores": os.cpu_count(), "load": load}


def _content(world: World) -> dict[str, Any]:
    of_town = [{part.name: part.rows for part in parts} for parts in world.parts.values()]
    values = [rows.pop("values.csv") for rows in of_town]
    registers = [sum(count for name, count in rows.items() if name.startswith("register_")) for rows in of_town]
    sealed = [path.stat().st_size for path in sorted(world.towns[0].stick.iterdir())]
    return {
        "towns": len(world.towns),
        "units": len(world.catalogue.units),
        "units_of_largest_town": len(world.catalogue.children(world.towns[0].unit.code)),
        "values": values,
        "register_rows": registers,
        "bytes": [sum(len(part.content) for part in parts) for parts in world.parts.values()],
        "package_bytes_median": statistics.median(sealed),
        "findings_explained": world.findings,
    }


def _show(report: dict[str, Any]) -> None:
    table = Table(title=f"速度（{report['rounds']} 轮的中位数）")
    for heading in ("项目", "用时", "对照", "对照用时", "结果", "要求", "达标"):
        table.add_column(heading, justify="left" if heading in ("项目", "对照") else "right")
    for line in report["measures"]:
        table.add_row(*_cells(line))
    console = Console()
    console.print(table)
    sizes, machine = report["sizes"], report["machine"]
    console.print(
        f"{sizes['towns']} 个镇（街道），最大的镇 {sizes['units_of_largest_town']} 个村、社区，"
        f"数据值 {sum(sizes['values']):,} 行，台账 {sum(sizes['register_rows']):,} 行；"
        f"准备用时 {report['set_up_seconds']:.0f} 秒。"
    )
    console.print(f"{machine['system']}，Python {machine['python']}，{machine['cores']} 核，{report['date']}。")


def _cells(line: dict[str, Any]) -> list[str]:
    unit = " 秒" if line["kind"] == "seconds" else " 倍"
    sign = {"seconds": "≤ ", "time / reference": "≤ ", "reference / time": "≥ "}[line["kind"]]
    times = [_seconds(line["seconds"]), line["reference"], _seconds(line["reference_seconds"])]
    bound = "" if line["bound"] is None else f"{sign}{line['bound']}{unit}"
    return [
        line["title"],
        *times,
        f"{line['figure']:.2f}{unit}",
        bound,
        {True: "是", False: "否", None: ""}[line["holds"]],
    ]


def _seconds(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds:.2f} 秒" if seconds >= 1 else f"{seconds * 1000:.2f} 毫秒"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
