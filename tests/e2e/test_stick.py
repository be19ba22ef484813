"""Sticks that are full, write-protected or pulled out at any moment: a sentence that helps, nothing half, and again.

Faults are put in before every single call that the program makes to the stick, one after the other.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from tests.e2e.state import contents
from tests.services.conftest import SECOND, TOWN, Offices, fill
from xzdesk.core.errors import UserError
from xzdesk.core.periods import Period
from xzdesk.services import outgoing, receive, stick, submit
from xzdesk.services.outgoing import Outgoing
from xzdesk.services.receive import Status
from xzdesk.services.session import Session

MONTH = Period.month(2024, 1)
TO_THE_STICK = ("pathlib", "shutil", "stick.py", "atomic_file.py")
"""Files of code whose calls of the system concern the stick."""
NEVER_FAIL = frozenset({"fspath", "__enter__", "__exit__", "close"})
"""Closing has its own errors, and closes all the same."""


@pytest.fixture(scope="module")
def district(prepared: Offices) -> Session:
    return prepared.district()


@pytest.fixture(scope="module")
def town(prepared: Offices, district: Session) -> Session:
    town = prepared.below(district, TOWN, "镇")
    fill(town, MONTH)
    return town


@pytest.fixture(scope="module")
def sealed(town: Session) -> Outgoing:
    return submit.submit(town, MONTH, submit.sign(town, "镇复核", SECOND))


@pytest.fixture
def usb(tmp_path: Path) -> Path:
    folder = tmp_path / "U盘"
    folder.mkdir()
    return folder


@dataclass
class Fault:
    """Does ``act`` before the call number ``at`` of the system on the stick's behalf; 0: only counts them."""

    at: int = 0
    act: Callable[[], None] = lambda: None
    count: int = 0

    def __call__(self, frame: FrameType, event: str, arg: Any) -> None:
        module = getattr(arg, "__module__", None) or type(getattr(arg, "__self__", None)).__module__
        of_the_system = module in ("posix", "nt", "io", "_io")
        for_the_stick = any(name in frame.f_code.co_filename for name in TO_THE_STICK)
        if event == "c_call" and of_the_system and for_the_stick and arg.__name__ not in NEVER_FAIL:
            self.count += 1
            if self.count == self.at:
                self.act()

    @contextmanager
    def put_in(self) -> Iterator[None]:
        sys.setprofile(self)
        try:
            yield
        finally:
            sys.setprofile(None)


def calls_of(work: Callable[[], object]) -> int:
    counter = Fault()
    with counter.put_in():
        work()
    return counter.count


def fails_with(number: int) -> Callable[[], None]:
    def act() -> None:
        raise OSError(number, os.strerror(number))

    return act


@pytest.mark.parametrize(
    ("number", "codes"),
    [
        (errno.EIO, {"stick.failed", "stick.missing"}),
        (errno.ENODEV, {"stick.failed", "stick.missing"}),
        (errno.ENOSPC, {"stick.full", "stick.missing"}),
        (errno.EROFS, {"stick.read_only", "stick.missing"}),
    ],
    ids=["EIO", "ENODEV", "ENOSPC", "EROFS"],
)
def test_an_error_at_any_call_leaves_nothing_and_the_package_can_be_written_again(
    town: Session, sealed: Outgoing, usb: Path, number: int, codes: set[str]
) -> None:
    calls = calls_of(lambda: outgoing.deliver(sealed, usb))
    assert calls >= 10
    for at in range(1, calls + 1):
        (usb / sealed.name).unlink(missing_ok=True)
        fault = Fault(at, fails_with(number))
        with fault.put_in(), pytest.raises(UserError) as caught:
            outgoing.deliver(sealed, usb)
        assert caught.value.code in codes
        assert caught.value.hint
        assert list(usb.iterdir()) == []
        assert outgoing.write_again(town, sealed.id, usb).read_bytes() == sealed.data


def test_a_stick_pulled_out_before_any_call_is_told_and_another_one_takes_the_package(
    town: Session, sealed: Outgoing, usb: Path, tmp_path: Path
) -> None:
    other = tmp_path / "另一个U盘"
    other.mkdir()
    for at in range(1, calls_of(lambda: outgoing.deliver(sealed, usb)) + 1):
        shutil.rmtree(usb)
        usb.mkdir()
        pulled = tmp_path / "拔出"
        with Fault(at, lambda: usb.rename(tmp_path / "拔出")).put_in():
            try:
                outgoing.deliver(sealed, usb)
                told = "written"
            except UserError as error:
                told = error.code
        assert not usb.exists()
        left = [path.read_bytes() for path in pulled.glob(f"*{stick.SUFFIX}")]
        assert told == "stick.missing" or (told == "written" and left)
        assert set(left) <= {sealed.data}
        assert outgoing.write_again(town, sealed.id, other).read_bytes() == sealed.data
        pulled.rename(usb)


def test_a_whole_file_of_the_same_name_outlives_a_failed_writing(sealed: Outgoing, usb: Path) -> None:
    written = outgoing.deliver(sealed, usb)
    with Fault(5, fails_with(errno.ENOSPC)).put_in(), pytest.raises(UserError):
        outgoing.deliver(sealed, usb)
    assert written.read_bytes() == sealed.data
    assert list(usb.iterdir()) == [written]


def test_what_is_read_back_is_compared(sealed: Outgoing, usb: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worn-out stick takes everything and gives something else back."""
    monkeypatch.setattr(Path, "read_bytes", lambda self: sealed.data[:-1] + bytes([sealed.data[-1] ^ 1]))
    with pytest.raises(UserError) as caught:
        outgoing.deliver(sealed, usb)
    assert caught.value.code == "stick.failed"
    assert list(usb.iterdir()) == []


def test_a_folder_that_cannot_be_flushed_is_no_fault(
    sealed: Outgoing, usb: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some file systems answer EINVAL for folders."""
    flush = os.fsync

    def refusing(descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").resolve().is_dir():
            raise OSError(errno.EINVAL, "Invalid argument")
        flush(descriptor)

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("no /proc to tell folders from files")
    monkeypatch.setattr(os, "fsync", refusing)
    assert outgoing.deliver(sealed, usb).read_bytes() == sealed.data


def test_a_link_laid_out_on_the_stick_is_not_followed(sealed: Outgoing, usb: Path, tmp_path: Path) -> None:
    """Somebody put links where the program is going to write."""
    victim = tmp_path / "别的文件"
    victim.write_bytes(b"mine")
    for name in (sealed.name, f".{sealed.name}.new"):
        (usb / name).symlink_to(victim)
    outgoing.deliver(sealed, usb)
    assert victim.read_bytes() == b"mine"
    assert not (usb / sealed.name).is_symlink()
    assert [path.name for path in usb.iterdir()] == [sealed.name]


@pytest.fixture
def small_stick(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of 512 KB."""
    folder = tmp_path / "小U盘"
    folder.mkdir()
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root can mount a small file system")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("free", [0, 4096, 60_000], ids=["none", "less than the file", "less than the reserve"])
def test_a_full_stick_says_how_much_is_missing(town: Session, sealed: Outgoing, small_stick: Path, free: int) -> None:
    ballast = small_stick / "照片"
    ballast.write_bytes(bytes(512 * 1024 - free))
    with pytest.raises(UserError) as caught:
        outgoing.deliver(sealed, small_stick)
    assert caught.value.code == "stick.full"
    assert "KB" in caught.value.message
    assert list(small_stick.iterdir()) == [ballast]
    ballast.unlink()
    assert outgoing.write_again(town, sealed.id, small_stick).read_bytes() == sealed.data


def test_a_stick_that_becomes_full_while_it_is_written(
    town: Session, sealed: Outgoing, small_stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The room was there when it was asked for, and not when it was used."""
    ballast = small_stick / "照片"
    ballast.write_bytes(bytes(512 * 1024))
    told = shutil.disk_usage(small_stick)._replace(free=10**9)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda folder: told)
        with pytest.raises(UserError) as caught:
            outgoing.deliver(sealed, small_stick)
    assert caught.value.code == "stick.full"
    assert list(small_stick.iterdir()) == [ballast]
    ballast.unlink()
    assert outgoing.write_again(town, sealed.id, small_stick).read_bytes() == sealed.data


def test_a_write_protected_stick(town: Session, sealed: Outgoing, small_stick: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", small_stick], check=True)
    with pytest.raises(UserError) as caught:
        outgoing.deliver(sealed, small_stick)
    assert caught.value.code == "stick.read_only"
    subprocess.run(["mount", "-o", "remount,rw", small_stick], check=True)
    assert list(small_stick.iterdir()) == []
    assert outgoing.write_again(town, sealed.id, small_stick).read_bytes() == sealed.data


def test_a_folder_without_the_right_to_write(sealed: Outgoing, usb: Path) -> None:
    if not hasattr(os, "geteuid") or os.geteuid() == 0:
        pytest.skip("rights mean nothing to root")
    usb.chmod(0o555)
    with pytest.raises(UserError) as caught:
        outgoing.deliver(sealed, usb)
    usb.chmod(0o755)
    assert caught.value.code == "stick.read_only"
    assert list(usb.iterdir()) == []


def test_no_stick_at_all(sealed: Outgoing, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        outgoing.deliver(sealed, tmp_path / "没插")
    assert caught.value.code == "stick.missing"
    assert not (tmp_path / "没插").exists()


def test_reading_from_a_stick_that_fails_at_any_call_changes_nothing(
    district: Session, sealed: Outgoing, usb: Path
) -> None:
    outgoing.deliver(sealed, usb)

    def read() -> str:
        return receive.receive(district, [usb], dry_run=True)[0].code

    calls = calls_of(read)
    assert calls >= 5
    before = contents(district)
    for at in range(1, calls + 1):
        with Fault(at, fails_with(errno.EIO)).put_in():
            try:
                code = receive.receive(district, [usb])[0].code
            except UserError as error:
                code = error.code
        assert code in ("file.unreadable", "file.missing", "file.none")
        assert contents(district) == before
    assert receive.receive(district, [usb], dry_run=True)[0].status is Status.ACCEPTED


def test_a_very_long_name_of_an_office_is_cut_to_what_file_systems_take(usb: Path) -> None:
    name = stick.safe_name("长" * 120 + "_2024-01_第1包") + stick.SUFFIX
    written = stick.write_file(usb, name, b"data")
    assert written.read_bytes() == b"data"
    assert written.suffix == stick.SUFFIX
    assert stick.package_files([usb]) == [written]
