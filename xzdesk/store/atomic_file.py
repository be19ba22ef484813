"""Replacing a small file beside a workspace so that a power cut leaves either the old or the new one, whole."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path
from typing import Final

_CANNOT_SYNC: Final = frozenset({errno.EINVAL, errno.ENOTSUP, errno.ENOSYS})
"""What file systems answer that cannot flush a folder; they do so by themselves."""


def replace_file(path: Path, data: bytes, *, keep: bool = True) -> None:
    """Write ``data`` to ``path``: temporary beside it, flushed, read back, renamed. Raises ``OSError``.

    Whether a rename will outlast a power cut is only known afterwards: when the folder cannot be flushed, ``keep``
    says whether the new file stays (what it replaced is gone) or goes.
    """
    temporary = path.with_name(f".{path.name}.new")
    try:
        temporary.unlink(missing_ok=True)
        # "x": a leftover of that name is never followed to where it points.
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if temporary.read_bytes() != data:
            raise OSError(errno.EIO, "what was read back is not what was written")
        temporary.replace(path)
    except BaseException:
        _drop(temporary)
        raise
    try:
        sync_folder(path.parent)
    except BaseException:
        if not keep:
            _drop(path)
        raise


def sync_folder(folder: Path) -> None:
    """Make a rename in ``folder`` durable; Windows does so by itself and cannot open folders. Raises ``OSError``."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC:
            raise
    finally:
        os.close(descriptor)


def _drop(path: Path) -> None:
    """Delete what must not stay; on a medium that is gone there is nothing to delete."""
    with contextlib.suppress(OSError):
        path.unlink()
