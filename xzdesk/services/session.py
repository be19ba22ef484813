"""An unlocked workspace with what every use case needs: its office, its catalogue, its units."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from types import TracebackType

from xzdesk.core.errors import UserError
from xzdesk.core.lineage import Lineage
from xzdesk.core.model import Catalogue, Level, OrgUnit
from xzdesk.core.periods import Period, PeriodKind
from xzdesk.store import catalogues, connect, registers, settings
from xzdesk.store.connect import Clock, Workspace, utc_now

LEVEL_WORDS = {Level.DISTRICT: "区级", Level.TOWN: "镇级", Level.VILLAGE: "村级"}


class Session:
    """One office's workspace while it is open. Close it, or use it as a context manager."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.catalogue: Catalogue = catalogues.current(workspace)
        self.office: OrgUnit = self.catalogue.units[settings.office(workspace)]

    @property
    def level(self) -> Level:
        return self.office.level

    @cached_property
    def lineage(self) -> Lineage:
        return Lineage(self.catalogue.units, self.catalogue.events)

    @cached_property
    def units(self) -> tuple[OrgUnit, ...]:
        """The units this office keeps values of: itself, and for a town its villages and communities.

        The district holds everybody's, but they are its towns' to fill in.
        """
        if self.level is Level.TOWN:
            return (self.office, *self.catalogue.children(self.office.code))
        return (self.office,)

    @cached_property
    def codes(self) -> frozenset[str]:
        """Of ``units``."""
        return frozenset(unit.code for unit in self.units)

    def refresh(self) -> None:
        """Take up a catalogue that has just been installed (or taken back)."""
        self.catalogue = catalogues.current(self.workspace)
        self.office = self.catalogue.units[self.office.code]
        for derived in ("lineage", "units", "codes"):
            self.__dict__.pop(derived, None)

    def require(self, *levels: Level) -> None:
        """Raises ``UserError`` ``workspace.wrong_kind`` unless the office is of one of ``levels``."""
        if self.level not in levels:
            wanted = "或".join(LEVEL_WORDS[level] for level in levels)
            raise UserError(
                "workspace.wrong_kind",
                f"这是{LEVEL_WORDS[self.level]}工作库（{self.office.name}），此操作只能在{wanted}工作库上进行。",
                "请换用相应的工作库文件。",
            )

    def unit(self, name: str) -> OrgUnit:
        """Find a unit by its code or its full name. Raises ``UserError`` ``unit.unknown``, ``unit.ambiguous``."""
        if name in self.catalogue.units:
            return self.catalogue.units[name]
        found = [unit for unit in self.catalogue.units.values() if unit.name in (name, f"{name}村委会")]
        if len(found) == 1:
            return found[0]
        if not found:
            close = get_close_matches(name, [unit.name for unit in self.catalogue.units.values()], 3)
            hint = f"相近的有：{'、'.join(close)}。" if close else "请用全称或统计用区划代码。"
            raise UserError("unit.unknown", f"没有叫“{name[:30]}”的单位。", hint)
        codes = "、".join(f"{unit.name} {unit.code}" for unit in found)
        raise UserError("unit.ambiguous", f"叫“{name[:30]}”的单位不止一个：{codes}。", "请用统计用区划代码。")

    def month(self, text: str) -> Period:
        """Read a month within the plan. Raises ``UserError`` ``period.unreadable``, ``period.outside``."""
        period = Period.parse(text)
        if period.kind is not PeriodKind.MONTH:
            raise UserError("period.not_month", f"“{text}”不是月份。", "请写成 2026-10 的样子。")
        if not self.catalogue.first_year <= period.year <= self.catalogue.last_year:
            raise UserError(
                "period.outside",
                f"{period.label()}不在规划期内。",
                f"规划期为 {self.catalogue.first_year} 年至 {self.catalogue.last_year} 年。",
            )
        return period

    def close(self) -> None:
        self.workspace.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if isinstance(error, Exception) and (told := connect.refused(self.workspace.path, error)) is not error:
            raise told from error


def open_session(path: Path, user: str | None, passphrase: str, *, clock: Clock = utc_now) -> Session:
    """Unlock the workspace at ``path`` and bring its registers up to the catalogue in force.

    Raises ``UserError`` as ``store.connect.open_workspace`` does.
    """
    workspace = connect.open_workspace(path, user, passphrase, clock=clock)
    try:
        session = Session(workspace)
        registers.ensure_tables(workspace, session.catalogue)
    except BaseException as error:
        workspace.close()
        if isinstance(error, Exception):
            raise connect.refused(path, error) from error.__cause__
        raise
    return session
