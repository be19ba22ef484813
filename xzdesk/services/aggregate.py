"""汇总: the indicators of one month against the plan, for the district or one town, with what each is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from xzdesk.core import indicators, targets
from xzdesk.core.forecast import Forecast, forecast
from xzdesk.core.indicators import Figure, Panel
from xzdesk.core.model import BodyGoal, Catalogue, Indicator, Level, OrgUnit, Target
from xzdesk.core.observations import Observations
from xzdesk.core.periods import Period
from xzdesk.core.targets import Standing, TargetLine
from xzdesk.services.check import observe
from xzdesk.services.session import Session
from xzdesk.store import target_splits

HISTORY = 24
"""Months before the one asked for that the forecast looks at: last year's course is its measure."""
SAME = "same"
"""How plan_body.csv begins the relation of a goal that agrees with the annex."""


@dataclass(frozen=True, slots=True)
class Row:
    """One indicator as of the month."""

    indicator: str
    annex_number: int | None
    name: str
    unit: str
    """Of measure."""
    standing: Standing
    forecast: Forecast
    """For the end of the year, with its basis in words, or why there is none."""
    parts: tuple[Figure, ...]
    """Of the offices directly below, of which the figure is made."""
    body: tuple[BodyGoal, ...]
    """Goals of the plan's text for the same row that differ from the annex: both are shown."""


@dataclass(frozen=True, slots=True)
class Overview:
    """The indicators of one office in one month."""

    unit: str
    """Code of the office."""
    period: Period
    rows: tuple[Row, ...]
    other_goals: tuple[BodyGoal, ...]
    """Goals of the plan's text that neither a row of the annex nor an indicator of their own takes up."""

    def row(self, indicator: str) -> Row:
        """Raises ``KeyError``."""
        for row in self.rows:
            if row.indicator == indicator:
                return row
        raise KeyError(indicator)


def aggregate(session: Session, month: Period, office: OrgUnit | None = None) -> Overview:
    """The overview of ``office`` (default: this one) at the end of ``month``.

    At the district the figures are those handed in; at a town its own, open ones included.
    """
    return overview(session, observe_all(session, month), month, office or session.office)


def overview(session: Session, known: Observations, month: Period, office: OrgUnit) -> Overview:
    """``aggregate`` of observations that have been read already."""
    catalogue = session.catalogue
    baseline = Period.month(catalogue.baseline_year, 12)
    first = max(baseline, month.shift(-HISTORY))
    panel = indicators.series(catalogue, known, first, month, session.lineage, office.code)
    begun = indicators.compute(catalogue, known, baseline, session.lineage, office.code)
    wanted = targets_by_unit(session)
    rows = []
    for code in panel.indicators:
        figure = panel.figure(code, office.code)
        if figure is not None:
            rows.append(_row(catalogue, known, catalogue.indicators[code], figure, panel, begun, wanted))
    named = {indicator.name for indicator in catalogue.indicators.values()}
    other = tuple(g for g in catalogue.body_goals if g.annex_number is None and g.goal not in named)
    return Overview(office.code, month, tuple(rows), other)


def observe_all(session: Session, month: Period) -> Observations:
    """Everything known of this office and all below it."""
    return observe(session, session.units, month)


def targets_by_unit(session: Session) -> Mapping[tuple[str, str], Sequence[Target]]:
    """By indicator and unit: the plan's own for the district, the split ones for the towns."""
    found: dict[tuple[str, str], list[Target]] = {}
    for target in session.catalogue.targets:
        found.setdefault((target.indicator, target.unit), []).append(target)
    for share in target_splits.read(session.workspace):
        made = Target(share.indicator, share.unit, share.year, share.value, f"{share.value:f}")
        found.setdefault((share.indicator, share.unit), []).append(made)
    return found


def standing(
    catalogue: Catalogue,
    known: Observations,
    indicator: Indicator,
    figure: Figure,
    begun: Figure | None,
    wanted: Sequence[Target],
) -> Standing:
    """One figure against its targets. ``begun`` is the figure at the end of the baseline year."""
    start = targets.starting_figure(catalogue, indicator, begun)
    line = TargetLine(catalogue, indicator, wanted, start)
    compared: Decimal | None = None
    if indicator.compare_element:
        compared = targets.compared_with(catalogue, known, indicator, figure.unit, figure.period)
    return targets.judge(line, figure, compared)


def _row(
    catalogue: Catalogue,
    known: Observations,
    indicator: Indicator,
    figure: Figure,
    panel: Panel,
    begun: Panel,
    wanted: Mapping[tuple[str, str], Sequence[Target]],
) -> Row:
    code, unit = indicator.code, figure.unit
    own = wanted.get((code, unit), ())
    differing = tuple(
        goal
        for goal in catalogue.body_goals
        if indicator.annex_number is not None
        and goal.annex_number == indicator.annex_number
        and not goal.relation.startswith(SAME)
    )
    return Row(
        indicator=code,
        annex_number=indicator.annex_number,
        name=indicator.name,
        unit=indicator.unit,
        standing=standing(catalogue, known, indicator, figure, begun.figure(code, unit), own),
        forecast=forecast(indicator, panel.line(code, unit)),
        parts=panel.parts(code, unit) if catalogue.units[unit].level is not Level.VILLAGE else (),
        body=differing,
    )
