"""Recordings: what comes out of videos, folders, bags and their sidecars, and what is said of broken ones."""

import itertools
import shutil
import struct
import tracemalloc

import cv2
import numpy as np
import pytest
from recordings import (
    AUDIO_RATE,
    RATE_HZ,
    SIZE,
    bag_types,
    header,
    image_message,
    numbered_image,
    write_bag,
    write_video,
)
from rosbags.rosbag2 import StoragePlugin

from egoprog.data import AudioBlock, Frame, ImuSample, PoseSample, open_recording
from egoprog.data.bag import pcm_to_float
from egoprog.data.images import raw_to_rgb
from egoprog.data.poses import read_poses
from egoprog.data.samples import stamp_of
from egoprog.describe.types import Narration
from egoprog.errors import FrameError, RecordingError, StampError

SECOND = 10**9
START_NS = 1_700_000_000 * SECOND


def _of(recording, kind):
    return [sample for sample in recording.samples() if isinstance(sample, kind)]


def _tone(seconds: float = 2.0) -> np.ndarray:
    times_s = np.arange(int(seconds * AUDIO_RATE)) / AUDIO_RATE
    return (0.5 * np.sin(2 * np.pi * 440 * times_s) * (times_s >= 1.0)).astype(np.float32)


def test_video_gives_frames_at_their_presentation_times(tmp_path):
    recording = open_recording(write_video(tmp_path / "kitchen.mp4"))
    frames = _of(recording, Frame)
    assert recording.name == "kitchen"
    assert recording.streams == {"camera"}
    assert recording.duration_s == pytest.approx(2.0, abs=0.06)
    assert [frame.stamp_s for frame in frames] == pytest.approx([index / RATE_HZ for index in range(40)])
    assert frames[0].image.shape == (*SIZE, 3)
    assert frames[0].image.dtype == np.uint8
    assert np.abs(frames[7].image[40, 40].astype(int) - numbered_image(7)[40, 40]).max() < 12
    assert recording.warnings == []


def test_sound_comes_in_blocks_of_a_tenth_of_a_second_where_it_sounds(tmp_path):
    recording = open_recording(write_video(tmp_path / "kitchen.mp4", sound=_tone()))
    blocks = _of(recording, AudioBlock)
    assert {block.sample_rate for block in blocks} == {AUDIO_RATE}
    assert {block.samples.dtype for block in blocks} == {np.dtype(np.float32)}
    assert {len(block.samples) for block in blocks[:-1]} == {AUDIO_RATE // 10}
    loud_s = [block.stamp_s for block in blocks if np.abs(block.samples).max() > 0.2]
    assert loud_s[0] == pytest.approx(1.0, abs=0.1)


def test_streams_are_merged_in_the_order_of_their_stamps(tmp_path):
    path = write_video(tmp_path / "kitchen.mp4", sound=_tone())
    (tmp_path / "kitchen.narrations.csv").write_text("start,stop,text\n1.5,1.9,take plate\n0.3,,open door\n")
    (tmp_path / "kitchen.poses.csv").write_text("stamp_s,x,y,z,qx,qy,qz,qw\n0.0,0,0,1.6,0,0,0,1\n1.0,0,0,1.6,0,0,0,1\n")
    recording = open_recording(path)
    stamps_s = [stamp_of(sample) for sample in recording.samples()]
    assert recording.streams == {"camera", "audio", "narration", "pose"}
    assert all(a <= b for a, b in itertools.pairwise(stamps_s))
    assert _of(recording, Narration) == [Narration("open door", 0.3), Narration("take plate", 1.5, 1.9)]
    assert [pose.stamp_s for pose in _of(recording, PoseSample)] == [0.0, 1.0]


def test_reading_a_video_keeps_only_a_few_frames_in_memory(tmp_path):
    path = write_video(tmp_path / "long.mp4", num_frames=400)
    recording = open_recording(path)
    tracemalloc.start()
    num_frames = sum(1 for sample in recording.samples() if isinstance(sample, Frame))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert num_frames == 400
    assert peak < 100 * SIZE[0] * SIZE[1] * 3


def test_rotation_in_the_file_is_undone(tmp_path):
    """Phones write how they were held into the track header's matrix; here it is turned by hand."""
    path = write_video(tmp_path / "phone.mp4", num_frames=4)
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 4 + 40
    data[matrix : matrix + 36] = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, SIZE[0] << 16, 0, 1 << 30)
    path.write_bytes(data)
    image = _of(open_recording(path), Frame)[0].image
    assert image.shape == (SIZE[1], SIZE[0], 3)
    assert image[5, -5, 2] > 200, "turned clockwise by a quarter, the blue corner stands at the upper right"


def test_video_that_is_cut_gives_what_decodes_and_says_so(tmp_path):
    path = write_video(tmp_path / "cut.mp4", num_frames=200, front=True)
    data = path.read_bytes()
    path.write_bytes(data[: int(0.6 * len(data))])
    recording = open_recording(path)
    frames = _of(recording, Frame)
    assert 20 < len(frames) < 200
    assert len(recording.warnings) == 1
    assert "ends early" in recording.warnings[0]


def test_missing_file_is_one_clear_line(tmp_path):
    with pytest.raises(RecordingError, match=r"found nothing at .*absent\.mp4"):
        open_recording(tmp_path / "absent.mp4")


@pytest.mark.parametrize("data", [b"", b"no video at all" * 100])
def test_broken_file_is_one_clear_line(tmp_path, data):
    path = tmp_path / "broken.mp4"
    path.write_bytes(data)
    with pytest.raises(RecordingError, match=rf"expected a video.*got {len(data)} bytes") as caught:
        open_recording(path)
    assert "\n" not in str(caught.value)


def test_sound_without_pictures_is_no_recording(tmp_path):
    import wave

    with wave.open(str(tmp_path / "sound.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(bytes(32000))
    with pytest.raises(RecordingError, match="without pictures"):
        open_recording(tmp_path / "sound.wav")
    video = open_recording(write_video(tmp_path / "mute.mp4"), audio=tmp_path / "sound.wav")
    assert {block.sample_rate for block in _of(video, AudioBlock)} == {16000}


def test_folder_of_frames_takes_places_from_numbers_in_names(tmp_path):
    for number in (80, 85, 95):
        cv2.imwrite(str(tmp_path / f"frame_{number:010}.png"), numbered_image(number))
    recording = open_recording(tmp_path, rate_hz=50)
    assert [frame.stamp_s for frame in _of(recording, Frame)] == pytest.approx([0.0, 0.1, 0.3])


def test_broken_image_in_a_folder_is_passed_over_and_named(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), numbered_image(0))
    (tmp_path / "b.png").write_bytes(b"no image")
    recording = open_recording(tmp_path)
    assert len(_of(recording, Frame)) == 1
    assert "b.png" in recording.warnings[0]
    (tmp_path / "a.png").unlink()
    with pytest.raises(RecordingError, match="1 files that can't be decoded"):
        open_recording(tmp_path)


def test_empty_folder_is_no_recording(tmp_path):
    with pytest.raises(RecordingError, match="got neither"):
        open_recording(tmp_path)


def _kitchen_messages(store):
    """One second of everything that a bag may hold; header stamps are 50 ms older than arrivals."""
    types = store.types
    point = types["geometry_msgs/msg/Point"](x=1.0, y=2.0, z=1.6)
    turn = types["geometry_msgs/msg/Quaternion"](x=0.0, y=0.0, z=0.0, w=1.0)
    pose = types["geometry_msgs/msg/Pose"](position=point, orientation=turn)
    sound = (np.sin(np.arange(4800) / 10) * 2**14).astype("<i2")
    for tenth in range(10):
        stamp_ns = START_NS + tenth * SECOND // 10
        arrival_ns = stamp_ns + SECOND // 20
        yield "/head/camera/image_raw", arrival_ns, image_message(store, tenth, stamp_ns, "bgr8")
        yield "/head/overlay", arrival_ns, image_message(store, 0, stamp_ns)
        stamped = types["geometry_msgs/msg/PoseStamped"](header=header(store, stamp_ns), pose=pose)
        yield "/head/pose", arrival_ns + 1, stamped
        chunk = types["egoprog_msgs/msg/AudioChunk"](
            header=header(store, stamp_ns), sample_rate=24000, channels=2, encoding="S16LE", data=sound.view(np.uint8)
        )
        yield "/head/audio", arrival_ns + 2, chunk
    said = types["egoprog_msgs/msg/Narration"](header=header(store, START_NS + SECOND // 2), text="take plate")
    yield "/head/narration", START_NS + SECOND, said


@pytest.mark.parametrize("storage", [StoragePlugin.MCAP, StoragePlugin.SQLITE3])
def test_bag_gives_all_streams_on_the_clock_of_their_headers(tmp_path, storage):
    path = write_bag(tmp_path / "kitchen", list(_kitchen_messages(bag_types())), storage)
    recording = open_recording(path)
    samples = list(recording.samples())
    assert recording.streams == {"camera", "audio", "pose", "narration"}
    assert recording.name == "kitchen"
    frames = [sample for sample in samples if isinstance(sample, Frame)]
    assert [frame.stamp_s for frame in frames] == pytest.approx([tenth / 10 for tenth in range(10)])
    assert np.array_equal(frames[3].image, numbered_image(3))
    blocks = [sample for sample in samples if isinstance(sample, AudioBlock)]
    assert blocks[0].samples.shape == (2400, 2)
    assert np.abs(blocks[0].samples).max() == pytest.approx(0.5, abs=0.01)
    assert [sample for sample in samples if isinstance(sample, Narration)] == [Narration("take plate", 0.5)]
    assert PoseSample(0.0, (1.0, 2.0, 1.6), (0.0, 0.0, 0.0, 1.0)) in samples
    assert all(stamp_of(a) <= stamp_of(b) for a, b in itertools.pairwise(samples))
    bare = next(path.glob("*.mcap" if storage is StoragePlugin.MCAP else "*.db3"))
    assert len(_of(open_recording(bare), Frame)) == 10
    (path / "metadata.yaml").unlink()
    assert len(_of(open_recording(path), Frame)) == 10, "a recorder that was killed leaves no metadata"


def test_camera_topic_is_chosen_by_name_or_first_and_never_an_overlay(tmp_path, caplog):
    path = write_bag(tmp_path / "two", list(_kitchen_messages(bag_types())))
    frame = _of(open_recording(path), Frame)[5]
    assert np.array_equal(frame.image, numbered_image(5))
    assert "reading the camera topic /head/camera/image_raw" in caplog.text
    overlay = _of(open_recording(path, camera_topic="/head/overlay"), Frame)[5]
    assert np.array_equal(overlay.image, numbered_image(0))
    with pytest.raises(RecordingError, match=r"expected the camera topic /eye .* got /head/camera/image_raw"):
        open_recording(path, camera_topic="/eye")


def test_sound_of_audio_common_is_read_with_the_format_of_its_info(tmp_path):
    store = bag_types()
    data = store.types["audio_common_msgs/msg/AudioData"](data=np.full(1600, 64, "<i2").view(np.uint8))
    stamped = store.types["audio_common_msgs/msg/AudioDataStamped"](header=header(store, START_NS), audio=data)
    info = store.types["audio_common_msgs/msg/AudioInfo"](
        channels=2, sample_rate=8000, sample_format="S16LE", bitrate=0, coding_format="wave"
    )
    messages = [("/info", START_NS, info), ("/camera", START_NS, image_message(store, 0, START_NS))]
    recording = open_recording(write_bag(tmp_path / "bag", [*messages, ("/sound", START_NS + 1, stamped)]))
    (block,) = _of(recording, AudioBlock)
    assert block.sample_rate == 8000
    assert block.samples.shape == (800, 2)


def test_bag_without_a_camera_lists_what_it_has(tmp_path):
    messages = [each for each in _kitchen_messages(bag_types()) if each[0] == "/head/pose"]
    with pytest.raises(RecordingError, match=r"expected a camera .* got /head/pose \(geometry_msgs/msg/PoseStamped\)"):
        open_recording(write_bag(tmp_path / "blind", messages))


def test_bag_with_broken_images_leaves_them_out_and_counts_them(tmp_path):
    messages = list(_kitchen_messages(bag_types()))
    broken = messages[8][2]
    assert messages[8][0] == "/head/camera/image_raw"
    object.__setattr__(broken, "data", broken.data[:100])
    recording = open_recording(write_bag(tmp_path / "bag", messages))
    assert len(_of(recording, Frame)) == 9
    assert any("left out 1 broken message(s) on /head/camera/image_raw" in text for text in recording.warnings)


def test_bag_that_is_cut_is_one_clear_line_or_yields_what_is_left(tmp_path):
    path = write_bag(tmp_path / "bag", list(_kitchen_messages(bag_types())))
    file = next(path.glob("*.mcap"))
    data = file.read_bytes()
    for share in (0.9, 0.5, 0.1, 0.0):
        file.write_bytes(data[: int(share * len(data))])
        try:
            assert _of(open_recording(path), Frame)
        except RecordingError as error:
            assert "\n" not in str(error)
            assert str(path) in str(error)


def test_image_data_shorter_than_its_size_is_refused():
    with pytest.raises(FrameError, match="expected 300 bytes for 10x10 rgb8, got 299"):
        raw_to_rgb(np.zeros(299, np.uint8), "rgb8", 10, 10, 30)
    with pytest.raises(FrameError, match="got 0x10"):
        raw_to_rgb(np.zeros(300, np.uint8), "rgb8", 0, 10, 30)
    with pytest.raises(FrameError, match="got 'rgb9'"):
        raw_to_rgb(np.zeros(300, np.uint8), "rgb9", 10, 10, 30)


@pytest.mark.parametrize("encoding", ["rgb8", "bgr8", "rgba8", "bgra8", "mono8", "yuv422", "yuv422_yuy2"])
def test_each_encoding_keeps_its_colours(encoding):
    image = np.full((6, 8, 3), (200, 200, 200) if encoding == "mono8" else (220, 40, 30), np.uint8)
    to_wire = {
        "rgb8": lambda: image,
        "bgr8": lambda: image[..., ::-1],
        "rgba8": lambda: cv2.cvtColor(image, cv2.COLOR_RGB2RGBA),
        "bgra8": lambda: cv2.cvtColor(image, cv2.COLOR_RGB2BGRA),
        "mono8": lambda: image[..., :1],
        "yuv422": lambda: cv2.cvtColor(image, cv2.COLOR_RGB2YUV_UYVY),
        "yuv422_yuy2": lambda: cv2.cvtColor(image, cv2.COLOR_RGB2YUV_YUY2),
    }
    wire = np.ascontiguousarray(to_wire[encoding]())
    row = wire.reshape(6, -1)
    padded = np.pad(row, ((0, 0), (0, 5)))
    rgb = raw_to_rgb(padded.reshape(-1), encoding, 8, 6, padded.shape[1])
    assert np.abs(rgb.astype(int) - image).max() <= 6


def test_sound_bytes_that_are_no_whole_samples_are_refused():
    with pytest.raises(ValueError, match="got 3 bytes"):
        pcm_to_float(np.zeros(3, np.uint8), "S16LE", 1)
    with pytest.raises(ValueError, match="'S24LE'"):
        pcm_to_float(np.zeros(6, np.uint8), "S24LE", 1)


def test_poses_out_of_order_and_odd_columns_name_the_line(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("stamp_s,x,y,z,qx,qy,qz,qw\n1,0,0,0,0,0,0,1\n0,0,0,0,0,0,0,1\n")
    with pytest.raises(StampError, match=r"a\.csv, line 3"):
        read_poses(path)
    path.write_text("stamp_s,x,y,z,qx,qy,qz,qw\n1,0,0,zero,0,0,0,1\n")
    with pytest.raises(RecordingError, match=r"a\.csv, line 2: expected numbers"):
        read_poses(path)
    path.write_text("time,x\n1,2\n")
    with pytest.raises(RecordingError, match=r"line 1: expected the columns stamp_s,x,y,z"):
        read_poses(path)


@pytest.mark.parametrize(
    ("name", "num_frames", "streams"),
    [
        ("video/ego4d_stir_pan.mp4", 60, {"camera", "audio"}),
        ("video/epic_plate.mp4", 12, {"camera"}),
        ("video/epic_P28_101_frames", 8, {"camera"}),
        ("bag/aria", 8, {"camera", "audio", "imu"}),
    ],
)
def test_real_recordings_open(shared_data, name, num_frames, streams):
    recording = open_recording(shared_data / name)
    assert recording.streams == streams
    assert len(_of(recording, Frame)) == num_frames
    assert recording.warnings == []


def test_real_bag_has_seven_channels_of_sound_and_turning(shared_data):
    recording = open_recording(shared_data / "bag/aria")
    blocks = _of(recording, AudioBlock)
    assert [(block.sample_rate, block.samples.shape) for block in blocks] == [(48000, (4096, 7))] * 4
    imu = _of(recording, ImuSample)
    assert len(imu) == 400
    assert np.linalg.norm(imu[0].acceleration_m_s2) == pytest.approx(9.8, abs=3.0)


@pytest.mark.parametrize("name", ["hot3d_closed_loop_trajectory.csv", "hot3d_headset_trajectory.csv"])
def test_real_trajectories_start_at_zero_and_rise(shared_data, name, tmp_path):
    shutil.copy(shared_data / "video/hot3d_mug.mp4", tmp_path / "mug.mp4")
    recording = open_recording(tmp_path / "mug.mp4", poses=shared_data / "poses" / name)
    stamps_s = [pose.stamp_s for pose in _of(recording, PoseSample)]
    assert stamps_s[0] == 0.0
    assert stamps_s[-1] == pytest.approx(1.1, abs=0.05)
    assert all(a < b for a, b in itertools.pairwise(stamps_s))
