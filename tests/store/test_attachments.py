"""Photographs of register rows: kept once, carried once."""

import hashlib

import pytest

from xzdesk.core.errors import UserError
from xzdesk.core.model import RowRef
from xzdesk.store import attachments, journal
from xzdesk.store.attachments import Use
from xzdesk.store.connect import Workspace

JPEG, PNG, PDF = b"\xff\xd8\xff\xe0 jpeg", b"\x89PNG\r\n\x1a\n png", b"%PDF-1.7 pdf"
WELL = RowRef("well", "w1")


@pytest.mark.parametrize(("data", "media_type"), [(JPEG, "image/jpeg"), (PNG, "image/png"), (PDF, "application/pdf")])
def test_a_file_is_kept_once_by_its_hash(office: Workspace, data: bytes, media_type: str) -> None:
    with office.transaction("附件"):
        digest = attachments.keep(office, data)
        assert attachments.keep(office, data) == digest == hashlib.sha256(data).hexdigest()
    assert attachments.find(office, digest) == attachments.Attachment(digest, media_type, data)
    assert attachments.held(office, {digest, "0" * 64}) == {digest}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "attachment.type"),
        (b"MZ program", "attachment.type"),
        (b"<svg/>", "attachment.type"),
        (JPEG + bytes(attachments.LARGEST), "attachment.too_large"),
    ],
)
def test_what_is_no_picture_or_too_large_is_refused(office: Workspace, data: bytes, code: str) -> None:
    with pytest.raises(UserError) as caught, office.transaction("附件"):
        attachments.keep(office, data)
    assert caught.value.code == code


def test_the_largest_file_is_taken(office: Workspace) -> None:
    data = JPEG.ljust(attachments.LARGEST, b"\0")
    with office.transaction("附件"):
        digest = attachments.keep(office, data)
    found = attachments.find(office, digest)
    assert found is not None
    assert found.content == data


def test_files_at_rows(office: Workspace) -> None:
    with office.transaction("附件"):
        photo, paper = attachments.keep(office, JPEG), attachments.keep(office, PDF)
        attachments.use(office, [Use(WELL, photo, "验收"), Use(RowRef("well", "w2"), photo, "验收")])
        attachments.use(office, [Use(WELL, paper, "合同"), Use(WELL, photo, "验收照片")])
    assert set(attachments.uses(office, "well", {"w1"})) == {Use(WELL, paper, "合同"), Use(WELL, photo, "验收照片")}
    assert len(attachments.uses(office, "well")) == 3
    assert attachments.uses(office, "well_test") == ()
    with office.transaction("附件"):
        attachments.remove(office, Use(WELL, photo, ""))
    assert attachments.uses(office, "well", ["w1"]) == (Use(WELL, paper, "合同"),)
    assert attachments.find(office, photo) is not None, "the bytes stay, so that the step can be undone"
    with office.transaction("撤销"):
        journal.undo(office, journal.links(office)[0].link)
    assert len(attachments.uses(office, "well", ["w1"])) == 2


@pytest.mark.parametrize("title", ["", "长" * 101])
def test_a_file_has_a_title(office: Workspace, title: str) -> None:
    with pytest.raises(UserError) as caught, office.transaction("附件"):
        attachments.use(office, [Use(WELL, "0" * 64, title)])
    assert caught.value.code == "attachment.title"


def test_a_photograph_travels_until_a_package_with_it_is_acknowledged(office: Workspace) -> None:
    with office.transaction("附件"):
        photo, paper = attachments.keep(office, JPEG), attachments.keep(office, PDF)
    both = tuple(sorted([photo, paper]))
    assert attachments.to_send(office, {photo, paper, "0" * 64}) == both
    with office.transaction("上报"):
        attachments.mark_sent(office, "p1", [photo])
    assert attachments.to_send(office, both) == both, "the stick may be lost"
    with office.transaction("上报"):
        attachments.mark_sent(office, "p2", both)
    with office.transaction("回执"):
        attachments.acknowledge(office, "p1")
    assert attachments.to_send(office, both) == (paper,)
    with office.transaction("回执"):
        attachments.acknowledge(office, "p2")
    assert attachments.to_send(office, both) == ()


def test_writing_needs_a_transaction(office: Workspace) -> None:
    with pytest.raises(RuntimeError):
        attachments.keep(office, JPEG)
