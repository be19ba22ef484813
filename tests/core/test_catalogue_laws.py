"""What holds of every district's catalogue alike: of the fictitious one and of the one that ships with the program."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping

import pytest

from xzdesk import paths
from xzdesk.core.catalogue import parse
from xzdesk.core.checks import check_values
from xzdesk.core.indicators import series
from xzdesk.core.lineage import Lineage
from xzdesk.core.model import Catalogue, FormulaKind, Severity
from xzdesk.core.observations import Observations
from xzdesk.core.periods import Period, period_range
from xzdesk.services.catalogue_files import DEFAULT, read_folder


@pytest.fixture(scope="module", params=["tiny", DEFAULT])
def files(request: pytest.FixtureRequest, tiny_files: dict[str, str]) -> Mapping[str, str]:
    return tiny_files if request.param == "tiny" else read_folder(paths.seed(DEFAULT))


@pytest.fixture(scope="module")
def catalogue(files: Mapping[str, str]) -> Catalogue:
    return parse(files)


@pytest.fixture(scope="module")
def filled(catalogue: Catalogue) -> Observations:
    """Something in every cell that anybody is asked for in the first two years, at random, and every 期初数."""
    chance, observations = random.Random(3), Observations()
    years = catalogue.first_year, catalogue.first_year + 1
    for each, unit in itertools.product(catalogue.elements.values(), catalogue.units.values()):
        if each.asks(unit):
            periods = list(period_range(Period(each.frequency, years[0]), Period.month(years[1], 12)))
            if each.baseline:
                periods.append(Period.parse(str(catalogue.baseline_year)))
            for period in periods:
                content = chance.randrange(100) if each.numeric else chance.choice(each.choices)[0]
                observations.put(each.code, unit.code, period, content)
    return observations


def test_reading_again_gives_the_same(files: Mapping[str, str], catalogue: Catalogue) -> None:
    again = parse(dict(reversed(files.items())))
    assert (again, again.digest) == (catalogue, catalogue.digest)


def test_the_targets_put_every_cell_of_the_annex_together_again(catalogue: Catalogue) -> None:
    texts = {(target.indicator, target.year): target.text for target in catalogue.targets}
    for row in catalogue.annex:
        codes = [i.code for i in catalogue.indicators.values() if i.annex_number == row.number]
        printed = ["/".join(texts[code, year] for code in codes) for year in catalogue.target_years]
        assert printed == list(row.targets)


def test_every_kind_of_formula_and_of_rule_is_there(catalogue: Catalogue) -> None:
    assert {indicator.kind for indicator in catalogue.indicators.values()} == set(FormulaKind)
    assert {rule.severity for rule in catalogue.rules} == set(Severity)


def test_every_rule_of_elements_runs_and_says_a_whole_sentence(catalogue: Catalogue, filled: Observations) -> None:
    month = Period.month(catalogue.first_year + 1, 12)
    units = tuple(catalogue.units.values())
    findings = check_values(catalogue, filled, units, month, Lineage(catalogue.units, catalogue.events))
    assert {finding.severity for finding in findings} == set(Severity)
    assert [f.message for f in findings if not f.message.endswith("。") or "{" in f.message] == []


def test_every_indicator_is_computed_for_the_district(catalogue: Catalogue, filled: Observations) -> None:
    first, last = Period.month(catalogue.first_year, 1), Period.month(catalogue.first_year + 1, 12)
    panel = series(catalogue, filled, first, last, Lineage(catalogue.units, catalogue.events))
    district = catalogue.district.code
    for code in catalogue.indicators:
        figure = panel.figure(code, district, last)
        assert figure is not None
        assert figure.value is not None
        assert (figure.final, figure.missing) == (True, 0)
        if parts := panel.parts(code, district, last):
            assert sum(part.numerator for part in parts) == figure.numerator
