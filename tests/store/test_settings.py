"""Settings and facts of one workspace: typed, with defaults, and one place that reads and writes them."""

import pytest

from xzdesk.core.errors import UserError
from xzdesk.store import journal, settings
from xzdesk.store.connect import Workspace


def test_what_is_not_set_has_its_default(office: Workspace) -> None:
    assert settings.get(office, settings.BACKUPS_KEPT) == 10
    assert settings.get(office, settings.LARGE_TYPE) is False


def test_what_is_put_is_got_with_its_type(office: Workspace) -> None:
    with office.transaction("设置"):
        settings.put(office, settings.BACKUPS_KEPT, 20)
        settings.put(office, settings.LARGE_TYPE, True)
        settings.put(office, settings.BACKUP_FOLDER, "D:/备份")
    assert settings.get(office, settings.BACKUPS_KEPT) == 20
    assert settings.get(office, settings.LARGE_TYPE) is True
    assert settings.get(office, settings.BACKUP_FOLDER) == "D:/备份"


@pytest.mark.parametrize("value", [1, 101, -5])
def test_a_value_outside_its_range_is_refused(office: Workspace, value: int) -> None:
    with pytest.raises(UserError) as caught, office.transaction("设置"):
        settings.put(office, settings.BACKUPS_KEPT, value)
    assert caught.value.code == "setting.value"
    assert "备份份数" in caught.value.message
    assert settings.get(office, settings.BACKUPS_KEPT) == 10


@pytest.mark.parametrize("text", ["", "many", "１０", "1000"])
def test_what_cannot_be_read_any_more_counts_as_not_set(office: Workspace, text: str) -> None:
    with office.transaction("设置"):
        settings.write_meta(office, settings.BACKUPS_KEPT.key, text)
    assert settings.get(office, settings.BACKUPS_KEPT) == 10


def test_every_default_is_a_value_that_may_be_put(office: Workspace) -> None:
    with office.transaction("设置"):
        settings.put(office, settings.IDLE_LOCK_MINUTES, settings.IDLE_LOCK_MINUTES.default)
        settings.put(office, settings.BACKUPS_KEPT, settings.BACKUPS_KEPT.default)
        settings.put(office, settings.BACKUP_FOLDER, settings.BACKUP_FOLDER.default)
        settings.put(office, settings.LARGE_TYPE, settings.LARGE_TYPE.default)
    assert len({setting.key for setting in settings.SETTINGS}) == len(settings.SETTINGS)


def test_the_office_is_what_the_workspace_was_made_for(office: Workspace) -> None:
    assert settings.office(office) == "990101101"
    office.db.conn.execute("DELETE FROM meta WHERE key = 'office'")
    with pytest.raises(UserError) as caught:
        settings.office(office)
    assert caught.value.code == "workspace.no_office"


def test_settings_are_not_part_of_the_history(office: Workspace) -> None:
    head = journal.head(office)
    with office.transaction("设置"):
        settings.put(office, settings.BACKUPS_KEPT, 20)
    assert journal.head(office) == head


def test_writing_needs_a_transaction(office: Workspace) -> None:
    with pytest.raises(RuntimeError):
        settings.put(office, settings.BACKUPS_KEPT, 20)
