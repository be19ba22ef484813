"""The bench runs from set-up to table, on the small catalogue; what it measures is not judged here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.bench.timing import Line

ROOT = Path(__file__).parent.parent


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "tests" / "bench" / "run.py"), "--smoke", "--rounds", "1", *arguments]
    environment = dict(os.environ, PYTHONPATH=str(ROOT), PYTHONUTF8="1", COLUMNS="200")
    return subprocess.run(command, capture_output=True, env=environment, encoding="utf-8", timeout=300)


def test_a_small_bench_measures_everything_once() -> None:
    done = bench("--json")
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    lines = {line["name"]: line for line in result["measures"]}
    bounds = {name: (line["kind"], line["bound"]) for name, line in lines.items()}
    assert bounds == {
        "seal": ("time / reference", 2.0),
        "demand": ("time / reference", None),
        "receive": ("reference / time", 10.0),
        "receive_first": ("reference / time", None),
        "receive_calamine": ("reference / time", None),
        "save": ("time / reference", 1.5),
        "save_laid_out": ("time / reference", None),
        "aggregate": ("seconds", 0.5),
    }
    for line in lines.values():
        own, reference = line["rounds"]
        assert len(own) == 1
        assert len(reference) == (0 if line["name"] == "aggregate" else 1)
        assert all(seconds > 0 for seconds in (*own, *reference))
        assert (line["holds"] is None) == (line["bound"] is None)
    assert result["sizes"]["towns"] == 2
    assert all(rows > 0 for rows in (*result["sizes"]["values"], *result["sizes"]["register_rows"]))


def test_the_table_names_every_line_with_its_bound() -> None:
    done = bench("--only", "save", "--only", "aggregate", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    assert "保存一格（落盘）" in done.stdout
    assert "≤ 1.5 倍" in done.stdout
    assert "≤ 0.5 秒" in done.stdout
    assert "封装" not in done.stdout


LINES = [
    (Line("a", "", (1.0, 2.0, 9.0), "r", (1.0, 1.0, 3.0), bound=2.0), 2.0, True),
    (Line("a", "", (1.0, 2.0, 9.0), "r", (1.0, 1.0, 3.0), bound=1.9), 2.0, False),
    (Line("a", "", (1.0, 2.0, 3.0), "r", (10.0, 30.0, 24.0), bound=10.0, faster=True), 10.0, True),
    (Line("a", "", (1.0, 2.0, 3.0), "r", (10.0, 18.0, 24.0), bound=10.0, faster=True), 9.0, False),
    (Line("a", "", (0.4, 0.5, 0.9), bound=0.5), 0.5, True),
    (Line("a", "", (0.4, 0.6, 0.9), bound=0.5), 0.6, False),
    (Line("a", "", (1.0, 4.0), "r", (2.0, 2.0)), 1.25, None),
]


@pytest.mark.parametrize(("line", "figure", "holds"), LINES)
def test_a_bound_is_about_the_median_of_the_rounds(line: Line, figure: float, holds: bool | None) -> None:
    assert (line.figure, line.holds) == (figure, holds)
