"""Files that are whole or not there, whatever happens while they are written."""

import errno
import os
import subprocess
import sys

import pytest

from egoprog.data.atomic import atomic
from egoprog.data.epic import write_unseen_participants
from egoprog.errors import RecordingError


def test_the_file_appears_when_it_is_whole_and_leaves_nothing_beside_it(tmp_path):
    path = tmp_path / "new" / "folder" / "file.mp4"
    with atomic(path) as temporary:
        temporary.write_bytes(b"whole")
        assert temporary.suffix == ".mp4", "video writers choose the container by the suffix"
        assert not path.exists()
    assert path.read_bytes() == b"whole"
    assert list(path.parent.iterdir()) == [path]


def test_a_full_disk_is_one_clear_error_and_the_old_file_stays(tmp_path):
    path = tmp_path / "file.csv"
    path.write_text("old")
    words = r"file\.csv, got No space left on device; the file that was there is kept"
    with pytest.raises(RecordingError, match=words), atomic(path) as temporary:
        temporary.write_text("hal")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_limit_of_the_system_on_a_file_is_told_and_nothing_is_left(tmp_path):
    script = (
        "import resource, sys; from egoprog.data.epic import write_unseen_participants as write\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try: write(sys.argv[1], ['P01'] * 1000)\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    path = tmp_path / "ids.csv"
    outcome = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True)
    assert outcome.stdout.startswith("RecordingError expected to write"), outcome
    assert list(tmp_path.iterdir()) == []


def test_a_killed_run_leaves_the_old_file_as_it_was(tmp_path):
    path = tmp_path / "ids.csv"
    write_unseen_participants(path, ["P18"])
    before = path.read_bytes()
    script = (
        "import os, signal, sys; from egoprog.data.atomic import atomic\n"
        "with atomic(sys.argv[1]) as temporary:\n"
        "    temporary.write_text('participant_id\\nP0')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", script, path]).returncode < 0
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["", "file/in/a/file"])
def test_a_place_that_can_not_be_written_is_told(tmp_path, name):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(RecordingError, match="expected to write"), atomic(tmp_path / name) as temporary:
        temporary.write_text("x")


def test_another_error_in_the_block_is_passed_on_and_leaves_nothing(tmp_path):
    with pytest.raises(KeyError), atomic(tmp_path / "file") as temporary:
        temporary.write_text("x")
        raise KeyError("mine")
    assert list(tmp_path.iterdir()) == []
