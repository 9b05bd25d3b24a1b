"""The picture of a moment is the one on display then, whatever the file; what can't be read is said in one line."""

import multiprocessing
import pickle

import cv2
import numpy as np
import pytest
from videos import RATES, number_of, numbered_picture, write_numbered

from egoprog.data import open_recording
from egoprog.data.epic_folder import EpicFolder
from egoprog.data.fitting import fit_frame, unsqueezed
from egoprog.data.frames import OpenVideo, VideoFrames
from egoprog.data.samples import Frame
from egoprog.errors import FrameError, RecordingError


def in_folder(root, video_id="P901_01"):
    return root / video_id.partition("_")[0] / "videos" / f"{video_id}.mp4"


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(
    ("codec", "suffix"),
    [("libx264", ".mp4"), ("libx265", ".mp4"), ("mpeg4", ".avi"), ("libvpx-vp9", ".webm"), ("mjpeg", ".mkv")],
)
def test_random_moments_show_the_picture_on_display(tmp_path, codec, suffix, rate):
    video = OpenVideo(write_numbered(tmp_path / f"video{suffix}", 60, RATES[rate], codec))
    assert video.rate_hz == pytest.approx(float(RATES[rate]), rel=1e-3)
    own_s = np.arange(60) / float(RATES[rate])
    if suffix in (".webm", ".mkv"):
        own_s = own_s.round(3)  # Matroska keeps milliseconds
    rng = np.random.default_rng(0)
    for _ in range(4):
        stamps_s = rng.uniform(0, 60 / float(RATES[rate]), 8)
        pictures, shown_s = video.read_stamped(stamps_s, None)
        expected = np.searchsorted(own_s, stamps_s, side="right") - 1
        assert [number_of(picture) for picture in pictures] == expected.tolist()
        np.testing.assert_allclose(shown_s, own_s[expected], atol=1e-6)
        assert (shown_s <= stamps_s + 1e-6).all()


@pytest.mark.parametrize("rate", RATES)
def test_a_picture_s_own_time_shows_that_picture(tmp_path, rate):
    video = OpenVideo(write_numbered(tmp_path / "video.mp4", 100, RATES[rate]))
    stamps_s = np.arange(100) / video.rate_hz
    pictures, _ = video.read_stamped(stamps_s, None)
    assert [number_of(picture) for picture in pictures] == list(range(100))


def test_a_rate_that_varies_shows_the_last_picture_before_each_moment(tmp_path):
    own_s = np.cumsum(np.random.default_rng(1).uniform(0.005, 0.2, 80)).round(3)
    own_s -= own_s[0]
    for suffix in (".mp4", ".mkv"):
        video = OpenVideo(write_numbered(tmp_path / f"video{suffix}", 80, 30, stamps_s=own_s))
        stamps_s = np.random.default_rng(2).uniform(0, own_s[-1], 40)
        pictures, shown_s = video.read_stamped(stamps_s, None)
        expected = np.searchsorted(own_s, stamps_s, side="right") - 1
        assert [number_of(picture) for picture in pictures] == expected.tolist()
        np.testing.assert_allclose(shown_s, own_s[expected], atol=1e-6)


def test_a_video_whose_clock_starts_late_is_read_from_0(tmp_path):
    video = OpenVideo(write_numbered(tmp_path / "video.mkv", 40, 20, stamps_s=7.0 + np.arange(40) / 20))
    pictures, shown_s = video.read_stamped([0.0, 1.0], None)
    assert [number_of(picture) for picture in pictures] == [0, 20]
    np.testing.assert_allclose(shown_s, [0.0, 1.0], atol=1e-6)


def test_pictures_are_fitted_to_a_size_as_everywhere_else(tmp_path):
    write_numbered(in_folder(tmp_path), 5, 10)
    (whole,) = VideoFrames(EpicFolder(tmp_path)).read("P901_01", [0.3])
    (fitted,) = VideoFrames(EpicFolder(tmp_path), size_px=(16, 20)).read("P901_01", [0.3])
    assert fitted.shape == (16, 20, 3)
    np.testing.assert_array_equal(fitted, fit_frame(whole, (16, 20)))


def test_fitting_keeps_the_aspect_and_cuts_out_the_middle():
    picture = np.zeros((100, 300, 3), np.uint8)
    picture[:, 100:200] = 200
    fitted = fit_frame(picture, (50, 50))
    assert (fitted == 200).all()
    assert fit_frame(picture, (100, 300)).shape == (100, 300, 3)
    assert fit_frame(picture[:7, :5], (112, 192)).shape == (112, 192, 3)
    with pytest.raises(FrameError, match="expected a picture with pixels"):
        fit_frame(picture[:0], (50, 50))


def test_squeezing_keeps_the_whole_and_is_undone_by_the_aspect():
    picture = np.zeros((100, 300, 3), np.uint8)
    picture[:, :75] = 200
    squeezed = fit_frame(picture, (50, 60), "squeezed")
    assert (squeezed[:, :15] == 200).all() and (squeezed[:, 15:] == 0).all()
    assert unsqueezed(squeezed, 3.0).shape == (50, 150, 3)
    with pytest.raises(FrameError, match="expected a picture with pixels"):
        fit_frame(picture[:, :0], (50, 50), "squeezed")


def test_a_stamp_just_after_the_end_shows_the_last_picture_and_one_long_after_is_refused(tmp_path):
    video = OpenVideo(write_numbered(tmp_path / "video.mp4", 30, 10))
    pictures, _ = video.read_stamped([3.2], None)
    assert number_of(pictures[0]) == 29
    with pytest.raises(RecordingError, match=r"expected a picture at 9.00 s, got a video whose pictures end at 3.00 s"):
        video.read_stamped([1.0, 9.0], None)
    assert number_of(video.read_stamped([1.0], None)[0][0]) == 10  # and it can still be read


def test_a_truncated_file_is_read_up_to_where_it_breaks(tmp_path):
    path = write_numbered(tmp_path / "video.mp4", 200, 10)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    video = OpenVideo(path)
    assert number_of(video.read_stamped([2.0], None)[0][0]) == 20
    with pytest.raises(RecordingError, match=r"expected a picture at 19.00 s, got .*video.mp4"):
        video.read_stamped([19.0], None)
    assert number_of(video.read_stamped([1.5], None)[0][0]) == 15


@pytest.mark.parametrize("content", [None, b"", b"no video " * 100])
def test_what_is_no_video_is_told_in_one_line(tmp_path, content):
    path = in_folder(tmp_path)
    if content is not None:
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    with pytest.raises(RecordingError, match=r"expected a video, found .*P901_01.mp4") as caught:
        VideoFrames(EpicFolder(tmp_path)).read("P901_01", [0.0])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("codec", "suffix"), [("libx264", ".mp4"), ("libx264", ".mkv"), ("mpeg4", ".avi")])
def test_damaged_files_are_read_or_told_in_one_line(tmp_path, codec, suffix):
    whole = write_numbered(tmp_path / f"whole{suffix}", 60, 30, codec).read_bytes()
    damaged, rng = tmp_path / f"damaged{suffix}", np.random.default_rng(0)
    num_read = 0
    for _ in range(40):
        content = bytearray(whole)
        for place in rng.integers(len(content), size=rng.integers(1, 20)):
            content[place] = rng.integers(256)
        damaged.write_bytes(content)
        try:
            num_read += len(OpenVideo(damaged).read_stamped(rng.uniform(0, 2, 4), None)[0])
        except RecordingError as error:
            assert "\n" not in str(error)
    assert num_read


@pytest.mark.parametrize(("kept", "moments_s", "numbers"), [
    (range(1, 121), [0.0, 0.5, 1.0, 1.0 - 1e-9, 1.99], [1, 31, 61, 61, 120]),
    (range(90, 120, 5), [1.5, 1.6, 1.66, 1.75], [90, 95, 100, 105]),
])  # fmt: skip
def test_numbered_pictures_count_from_1_at_60_a_second(tmp_path, kept, moments_s, numbers):
    pictures = tmp_path / "P01" / "rgb_frames" / "P01_01"
    pictures.mkdir(parents=True)
    for number in kept:
        cv2.imwrite(str(pictures / f"frame_{number:010d}.jpg"), numbered_picture(number))
    frames = VideoFrames(EpicFolder(tmp_path))
    assert frames.rate_hz("P01_01") == 60.0
    read, shown_s = frames.read_stamped("P01_01", moments_s)
    assert [number_of(picture) for picture in read] == numbers
    np.testing.assert_allclose(shown_s, (np.array(numbers) - 1) / 60)
    with pytest.raises(RecordingError, match=r"expected a picture at 9\.00 s"):
        frames.read("P01_01", [9.0])


def test_a_broken_picture_and_an_empty_folder_are_named(tmp_path):
    pictures = tmp_path / "P01" / "rgb_frames" / "P01_01"
    pictures.mkdir(parents=True)
    with pytest.raises(RecordingError, match=r"expected pictures like frame_0000000001.jpg, found none"):
        VideoFrames(EpicFolder(tmp_path)).read("P01_01", [0.0])
    (pictures / "frame_0000000001.jpg").write_bytes(b"nothing")
    with pytest.raises(RecordingError, match=r"can't be decoded: .*frame_0000000001.jpg"):
        VideoFrames(EpicFolder(tmp_path)).read("P01_01", [0.0])


def test_more_videos_than_stay_open_are_read_in_turns(tmp_path):
    names = [f"P901_{k:02d}" for k in range(12)]
    for k, name in enumerate(names):
        write_numbered(in_folder(tmp_path, name), 10 + k, 10)
    frames = VideoFrames(EpicFolder(tmp_path))
    for name in [*names, *reversed(names), *names]:
        assert number_of(frames.read(name, [0.5])[0]) == 5
        assert frames.duration_s(name) == pytest.approx((10 + names.index(name)) / 10)


def _numbers(frames, queue):
    queue.put([number_of(picture) for picture in frames.read("P901_01", [0.5, 7.0, 3.3])])


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_another_process_reads_the_same_and_disturbs_nobody(tmp_path, method):
    write_numbered(in_folder(tmp_path), 100, 10)
    frames = VideoFrames(EpicFolder(tmp_path))
    assert number_of(frames.read("P901_01", [6.0])[0]) == 60
    context = multiprocessing.get_context(method)
    queue = context.Queue()
    process = context.Process(target=_numbers, args=(frames, queue))
    process.start()
    assert queue.get(timeout=60) == [5, 70, 33]
    process.join()
    assert number_of(frames.read("P901_01", [6.1])[0]) == 61
    assert number_of(pickle.loads(pickle.dumps(frames)).read("P901_01", [6.1])[0]) == 61  # noqa: S301


def test_real_recordings_read_at_random_are_as_from_the_start(shared_data):
    rng = np.random.default_rng(0)
    for name in ("ego4d_stir_pan.mp4", "epic_plate.mp4", "pouring_1.mp4"):
        path = shared_data / "video" / name
        whole = [sample for sample in open_recording(path).samples() if isinstance(sample, Frame)]
        own_s = np.array([frame.stamp_s for frame in whole])
        stamps_s = rng.uniform(own_s[0], own_s[-1], 12)
        pictures, shown_s = OpenVideo(path).read_stamped(stamps_s, None)
        expected = np.searchsorted(own_s, stamps_s, side="right") - 1
        np.testing.assert_allclose(shown_s, own_s[expected], atol=1e-6)
        for place, picture in zip(expected, pictures, strict=True):
            np.testing.assert_array_equal(picture, whole[place].image)


def test_real_numbered_pictures_are_found(shared_data, tmp_path):
    (tmp_path / "P28" / "rgb_frames").mkdir(parents=True)
    (tmp_path / "P28" / "rgb_frames" / "P28_101").symlink_to(shared_data / "video" / "epic_P28_101_frames")
    frames = VideoFrames(EpicFolder(tmp_path))
    assert frames.rate_hz("P28_101") == 50.0
    pictures, shown_s = frames.read_stamped("P28_101", [99 / 50, 2.15])
    assert pictures.shape == (2, 256, 456, 3)
    np.testing.assert_allclose(shown_s, [99 / 50, 104 / 50])
