"""Shards show what their videos show, can be made again at any moment, and say what is wrong with them."""

import pickle
import zipfile

import numpy as np
import pytest
from videos import RATES, number_of, write_numbered

from egoprog.data.epic_folder import EpicFolder
from egoprog.data.frames import VideoFrames
from egoprog.data.shards import ShardFrames, ShardKind, shard_path, write_shard
from egoprog.errors import RecordingError
from training import shards as command


@pytest.fixture
def folder(tmp_path):
    for name, rate in (("P901_01", "30"), ("P901_02", "29.97"), ("P902_01", "10")):
        write_numbered(tmp_path / "data" / name[:4] / "videos" / f"{name}.mp4", 90, RATES[rate])
    return EpicFolder(tmp_path / "data")


@pytest.mark.parametrize("rate_hz", [10.0, 12.5, 60.0])
@pytest.mark.parametrize("video_id", ["P901_01", "P901_02", "P902_01"])
def test_a_shard_shows_what_its_video_shows(folder, tmp_path, video_id, rate_hz):
    frames = VideoFrames(folder)
    assert write_shard(tmp_path / "shards", frames, video_id, ShardKind(rate_hz))
    shards = ShardFrames(tmp_path / "shards")
    assert shards.rate_hz(video_id) == min(rate_hz, frames.rate_hz(video_id))
    stamps_s = np.random.default_rng(0).uniform(0, frames.duration_s(video_id), 20)
    shown, shown_s = shards.read_stamped(video_id, stamps_s)
    assert ((shown_s <= stamps_s + 1e-6) & (shown_s > stamps_s - 1.001 / shards.rate_hz(video_id))).all()
    expected = frames.read(video_id, shown_s)
    assert [number_of(picture) for picture in shown] == [number_of(picture) for picture in expected]
    assert shards.duration_s(video_id) == pytest.approx(frames.duration_s(video_id), abs=1.001 / rate_hz)


def test_a_shard_is_made_once_and_again_when_it_would_differ(folder, tmp_path):
    frames, root = VideoFrames(folder), tmp_path / "shards"
    kind = ShardKind(10.0, short_px=16)
    assert write_shard(root, frames, "P902_01", kind)
    assert not write_shard(root, frames, "P902_01", kind)
    assert ShardFrames(root).read("P902_01", [1.0]).shape == (1, 16, 40, 3)
    assert write_shard(root, frames, "P902_01", ShardKind(5.0, short_px=16))
    shard_path(root, "P902_01").write_bytes(b"cut")
    assert write_shard(root, frames, "P902_01", kind)
    assert zipfile.ZipFile(shard_path(root, "P902_01")).testzip() is None


def test_a_video_that_breaks_off_is_kept_up_to_there(tmp_path):
    path = write_numbered(tmp_path / "data" / "P901" / "videos" / "P901_01.mp4", 200, 10)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    write_shard(tmp_path / "shards", VideoFrames(EpicFolder(tmp_path / "data")), "P901_01", ShardKind())
    shards = ShardFrames(tmp_path / "shards")
    assert 5.0 < shards.duration_s("P901_01") < 15.0
    with pytest.raises(RecordingError, match=r"expected a picture at 19.00 s, got pictures that end at"):
        shards.read("P901_01", [19.0])


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "other"])
def test_what_is_no_shard_is_told_in_one_line(folder, tmp_path, damage):
    path = shard_path(tmp_path / "shards", "P902_01")
    write_shard(tmp_path / "shards", VideoFrames(folder), "P902_01", ShardKind())
    if damage == "missing":
        path.unlink()
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    else:
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("frame_0000000001.jpg", b"nothing")
    with pytest.raises(RecordingError, match=r"expected a shard of pictures, .*training.shards") as caught:
        ShardFrames(tmp_path / "shards").read("P902_01", [0.0])
    assert "\n" not in str(caught.value)


def test_shards_travel_to_other_processes(folder, tmp_path):
    write_shard(tmp_path / "shards", VideoFrames(folder), "P902_01", ShardKind())
    shards = ShardFrames(tmp_path / "shards", size_px=(16, 40))
    shards.read("P902_01", [0.0])
    again = pickle.loads(pickle.dumps(shards))  # noqa: S301
    assert number_of(again.read("P902_01", [4.0])[0]) == 40


def test_the_command_makes_all_shards_and_lists_what_it_can_t_read(folder, tmp_path, capsys):
    (folder.root / "P902" / "videos" / "P902_02.mp4").write_bytes(b"")
    arguments = ["--data", str(folder.root), "--out", str(tmp_path / "shards"), "--workers", "1"]
    assert command.main(arguments) == 1
    said = capsys.readouterr()
    assert "3 shards made, 0 were there, 1 videos can't be read" in said.out
    assert "P902_02: expected a video, found 0 bytes that can't be read" in said.err
    (folder.root / "P902" / "videos" / "P902_02.mp4").unlink()
    assert command.main(arguments) == 0
    assert "0 shards made, 3 were there" in capsys.readouterr().out
