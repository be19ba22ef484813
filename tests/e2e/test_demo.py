"""The demonstration on the real catalogue, and its district figures worked out again by plain SQL over the towns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from sqlcipher3 import dbapi2

from xzdesk.services.catalogue_files import load_shipped
from xzdesk.services.demo.offices import PASSPHRASE, RECORDER
from xzdesk.services.demo.script import load
from xzdesk.store import keyslots

ROOT = Path(__file__).parents[2]
MONTH = "2026-10"
QUARTER, YEAR = "2026Q3", "2025"
"""The newest ones complete at the end of the month."""
pytestmark = pytest.mark.xdist_group("demo")
"""On one worker, so that the demonstration is played once."""

VILLAGES, EVERYWHERE = "village", "village', 'community"


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The demonstration as a user starts it, and what it told."""
    folder = tmp_path_factory.mktemp("demo") / "演示"
    command = [sys.executable, "-m", "xzdesk.cli.main", "demo", "--dir", folder, "--month", MONTH, "--json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return folder, json.loads(done.stdout)


@pytest.fixture(scope="session")
def cells(played: tuple[Path, dict[str, Any]]) -> Iterator[dbapi2.Connection]:
    """One plain table of every cell that the district should know, read from the towns' (and its own) workspaces."""
    folder, _ = played
    catalogue, late = load_shipped("xiuzhou"), load("xiuzhou").late
    with closing(dbapi2.connect(":memory:")) as gathered:
        gathered.execute("CREATE TABLE cell (element, unit, kind, period, state, number INTEGER, choice, decimals)")
        offices = [u for u in catalogue.units.values() if u.kind.value in ("district", "town", "subdistrict")]
        for office in offices:
            path = folder / f"{office.name}.xzdb"
            _, key = keyslots.unlock(keyslots.read(keyslots.slots_path(path)), RECORDER, PASSPHRASE)
            with closing(dbapi2.connect(str(path))) as town:
                town.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
                rows = town.execute("SELECT element, unit, period, state, number, choice FROM data_value").fetchall()
            for element, unit, period, state, number, choice in rows:
                others_say = office is catalogue.district and unit != office.code
                if others_say or (office.code == late and period == MONTH):
                    continue
                kind, decimals = catalogue.units[unit].kind.value, catalogue.elements[element].decimals
                gathered.execute(
                    "INSERT INTO cell VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (element, unit, kind, period, state, number, choice, decimals),
                )
        yield gathered


def in_months(element: str, since: str) -> str:
    return f"""SELECT sum(number), max(decimals) FROM cell WHERE element = '{element}' AND state = 'value'
               AND (period BETWEEN '{since}' AND '{MONTH}' AND period LIKE '____-__')"""


def in_quarters(*elements: str) -> str:
    names = "', '".join(elements)
    return f"SELECT sum(number), max(decimals) FROM cell WHERE element IN ('{names}') AND period LIKE '2026Q_'"


def to_date(element: str) -> str:
    return f"""SELECT sum(number), max(decimals) FROM cell WHERE element = '{element}' AND state = 'value'
               AND (period = '2022' OR period BETWEEN '2023-01' AND '{MONTH}' AND period LIKE '____-__')"""


def newest(element: str, what: str, period: str = "period LIKE '____-__'") -> str:
    """``what`` over each unit's newest content."""
    return f"""SELECT {what} FROM (SELECT unit, kind, number, choice, decimals, max(period) FROM cell
               WHERE element = '{element}' AND state = 'value' AND {period} GROUP BY unit)"""


def share(element: str, condition: str, kinds: str, units: int) -> str:
    return newest(element, f"100 * sum({condition} AND kind IN ('{kinds}')), 0, {units}")


EXPECTED = {
    "1": share("harmonious_village", "choice = 'yes'", VILLAGES, 113),
    "2": f"""SELECT 100 * count(*), 0, 113 FROM (SELECT unit FROM cell WHERE element = 'operating_income'
             AND kind = '{VILLAGES}' AND period LIKE '2026Q_' GROUP BY unit HAVING sum(number) >= 10000)""",
    "5a": to_date("park_investment"),
    "5b": to_date("park_projects"),
    "6": newest("leading_enterprises", "sum(number), 0"),
    "7": newest("strong_town", "sum(choice = 'yes'), 0", f"period <= '{YEAR}' AND period LIKE '____'"),
    "8": in_quarters("chain_output_rice", "chain_output_lotus", "chain_output_carp"),
    "9": in_quarters("seed_output"),
    "10": newest("digital_factories", "sum(number), 0"),
    "12": in_quarters("brand_sales"),
    "13": in_months("agritourism_revenue", "2026-01"),
    "14a": newest("scenic_grade", "sum(choice IN ('a3', 'a3_gold')), 0"),
    "14b": newest("scenic_grade", "sum(choice = 'a3_gold'), 0"),
    "15": newest("future_village", "sum(choice = 'yes'), 0"),
    "16": in_months("courtyards_new", "2026-01"),
    "17": in_months("waste_demo_new", "2026-01"),
    "18": share("sewage_covered", "choice = 'yes'", VILLAGES, 113),
    "18x": f"""SELECT 100 * sum(number * (element = 'effluent_tests_passed')), 0,
               sum(number * (element = 'effluent_tests')) FROM cell
               WHERE element LIKE 'effluent_tests%' AND period BETWEEN '2026-01' AND '{MONTH}'""",
    "19": to_date("land_projects_done"),
    "20": to_date("culture_trainees"),
    "21": to_date("heritage_branches_new"),
    "22": newest("rule_of_law_grade", "sum(choice IN ('province', 'nation')), 0"),
    "23": share("dividend_points", "choice = 'yes'", VILLAGES, 113),
    "24": share("clean_village", "choice = 'yes'", EVERYWHERE, 170),
    "25": newest("collective_assets", "sum(number), max(decimals)", "period LIKE '____Q_'"),
    "26": in_quarters("collective_income"),
    "27": to_date("village_companies_new"),
    "28": to_date("enclave_projects_new"),
    "29": to_date("workshops_new"),
    "30": to_date("houses_activated_new"),
    "31": to_date("makers_new"),
    "33": in_months("citizenised", "2026-01"),
    "35": in_months("skill_trainees", "2026-01"),
    "37": to_date("standard_land"),
    "38": in_months("sports_grounds_new", "2026-01"),
    "39": in_months("electrified_new", "2026-01"),
    "41": f"""SELECT 1000 * (SELECT sum(number) FROM cell WHERE element = 'nursery_places' AND period = '{QUARTER}'),
              0, (SELECT sum(number) FROM cell WHERE element = 'resident_population' AND period = '{QUARTER}')""",
    "3": f"SELECT number, decimals FROM cell WHERE element = 'income_growth' AND period = '{QUARTER}'",
    "4": f"SELECT number, decimals FROM cell WHERE element = 'income_ratio' AND period = '{YEAR}'",
    "11a": to_date("service_centres_provincial"),
    "11b": to_date("service_centres_regional"),
    "40": f"SELECT number, decimals FROM cell WHERE element = 'waterway_km' AND period = '{YEAR}'",
    "43": f"""SELECT 100 * (SELECT number FROM cell WHERE element = 'edu_groups_integrated' AND period = '{YEAR}'),
              0, (SELECT number FROM cell WHERE element = 'edu_groups' AND period = '{YEAR}')""",
}
"""Scaled numerator, its decimals, and the denominator where there is one."""

TO_UNIT = {
    **dict.fromkeys(("5a", "8", "9", "12", "13", "25", "26", "30", "35", "37"), Fraction(1, 10_000)),
}
"""万元 to 亿元, 宗 to 万宗, 人次 to 万人次, 亩 to 万亩."""


def test_every_indicator_is_worked_out_again(played: tuple[Path, dict[str, Any]]) -> None:
    _, told = played
    assert {row["indicator"] for row in told["overview"]["rows"]} == set(EXPECTED)


@pytest.mark.parametrize("indicator", EXPECTED)
def test_the_districts_figure_is_that_of_plain_sql_over_the_towns(
    indicator: str, played: tuple[Path, dict[str, Any]], cells: dbapi2.Connection
) -> None:
    folder, _ = played
    top, decimals, *below = cells.execute(EXPECTED[indicator]).fetchone()
    exact = Fraction(top, 10**decimals) * TO_UNIT.get(indicator, 1) / (below[0] if below else 1)
    places = load_shipped("xiuzhou").indicators[indicator].decimals
    rounded = (Decimal(exact.numerator) / exact.denominator).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    assert published(folder)[indicator] == str(rounded)


def published(folder: Path) -> dict[str, str]:
    """The district's figures as the command line tells them."""
    if folder not in _PUBLISHED:
        secret = folder / "口令"
        secret.write_text(PASSPHRASE, encoding="utf-8")
        command = [sys.executable, "-m", "xzdesk.cli.main", "aggregate", MONTH, "-w", folder / "秀洲区.xzdb"]
        environment = {
            **os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "XZDESK_PASSPHRASE_FILE": str(secret)
        }  # fmt: skip
        done = subprocess.run([*command, "--json"], capture_output=True, env=environment, check=True)
        rows = json.loads(done.stdout)["indicators"]
        _PUBLISHED[folder] = {row["indicator"]: row["value"] for row in rows}
    return _PUBLISHED[folder]


_PUBLISHED: dict[Path, dict[str, str]] = {}


def test_the_story_is_told_to_its_end(played: tuple[Path, dict[str, Any]]) -> None:
    _, told = played
    assert [each["code"] for each in told["refused"]] == ["chain.known", "chain.fork", "package.damaged"]
    assert [each["status"] for each in told["refused"]] == ["known", "quarantined", "refused"]
    assert len(told["missing"]) == 1
    assert told["counts"]["model_courtyard"] >= 3_000
    assert told["counts"]["idle_farmhouse"] >= 2_500
    assert told["counts"]["sewage_facility"] >= 400
    found = [detail for step in told["steps"] for detail in step["details"] if detail.startswith("审核发现")]
    assert len(found) == 3
    assert len(told["ranking"]["places"]) == 9


def test_it_does_not_write_over_what_is_there(played: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = played
    command = [sys.executable, "-m", "xzdesk.cli.main", "demo", "--dir", folder, "--json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["code"] == "demo.folder"
