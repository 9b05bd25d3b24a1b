"""Files that are whole or not there: written under another name, then renamed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from egoprog.errors import RecordingError


@contextlib.contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """A path beside `path`, with its suffix, to write to; when the block ends well it takes the place of `path`.

    Folders that are missing are made. If the block fails, what stood at `path` stays and nothing else is left.
    Raises RecordingError where the disk is full or the folder can't be written to.
    """
    path = Path(path)
    temporary = path.with_name(f".part-{os.getpid()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())  # else a power cut may leave the new name on an empty file
        temporary.replace(path)
    except OSError as error:
        reason = error.strerror or error
        kept = "the file that was there is kept" if path.exists() else "nothing was left there"
        raise RecordingError(
            f"expected to write {path}, got {reason}; {kept}: free some space or choose another"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
