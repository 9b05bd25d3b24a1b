"""A bag of a run in, the page, the video and the programs out."""

import base64
import json
import uuid
from pathlib import Path

import av
import numpy as np
import pytest

from egoprog.data.images import compressed_to_rgb
from egoprog.errors import RecordingError
from egoprog.report.answers import read_answers
from egoprog.report.command import write_report
from egoprog.report.page import ticks, timeline
from egoprog.report.run import read_run

pytest.importorskip("rclpy", reason="ROS 2 is not installed")

import egoprog_msgs.msg as msgs
from egoprog_ros.convert import header, prediction_to_message, program_to_message, timing
from egoprog_ros.images import rgb_to_compressed, rgb_to_image
from egoprog_ros.recorder import add_type
from egoprog_ros.stamps import to_duration, to_time
from rclpy.serialization import serialize_message
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from egoprog.leap.prediction import PredictedAction, Prediction
from egoprog.program import parse
from egoprog.world import validate

START_S = 1000.0
TEXT = "def take_cup(start_t=0, stop_t=2):\n    # <script>alert(1)</script>\n    grasp(cup, start_t=0.5, stop_t=1)\n"


def write_bag(path: Path, published: list[tuple[str, float, object]]) -> Path:
    """published: (topic, seconds after START_S, message)."""
    types = get_typestore(Stores.ROS2_JAZZY)
    with Writer(path, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        connections = {}
        for topic, at_s, message in published:
            package, kind, _ = type(message).__module__.split(".", 2)
            name = f"{package}/{kind}/{type(message).__name__}"
            if topic not in connections:
                add_type(types, name)
                connections[topic] = writer.add_connection(topic, name, typestore=types)
            writer.write(connections[topic], round((START_S + at_s) * 1e9), serialize_message(message))
    return path


def overlay(at_s: float) -> object:
    picture = np.full((120, 161, 3), round(100 * at_s) % 255, np.uint8)
    return rgb_to_compressed(picture, header(START_S + at_s, "camera"))


def program(revision: int, is_complete: bool) -> object:
    written = parse(TEXT)
    message = program_to_message(
        written, START_S, program_id=uuid.UUID(int=7), revision=revision, validation=validate(written)
    )
    message.header = header(START_S + 2, "camera")
    message.complete = is_complete
    message.timing = timing(START_S + 1.9, START_S + 1.95, 0.03, 4)
    return message


def hands(at_s: float, contact: int) -> object:
    hand = msgs.HandContact(side=msgs.Hand(value=msgs.Hand.RIGHT), contact=contact)
    return msgs.HandContacts(header=header(START_S + at_s, "camera"), hands=[hand])


def sound(start_s: float, stop_s: float) -> object:
    return msgs.SoundEvent(
        header=header(START_S + stop_s),
        start=to_time(START_S + start_s),
        end=to_time(START_S + stop_s),
        label="water",
        score=0.5,
    )


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    published = [("/ns/overlay/compressed", k / 10, overlay(k / 10)) for k in range(20)]
    published += [("/ns/hand_contacts", k / 10, hands(k / 10, 3 if 5 <= k < 10 else 0)) for k in range(20)]
    published += [("/ns/sound_events", 1.5, sound(0.5, 1.5))]
    published += [("/ns/program", 1.0, program(1, False)), ("/ns/program", 2.0, program(2, True))]
    chunk = np.zeros(4800, "<f4").tobytes()
    for k in range(20):
        audio = msgs.AudioChunk(
            header=header(START_S + k / 10), sample_rate=48000, channels=1, encoding="F32LE", data=chunk
        )
        published.append(("/ns/audio", k / 10, audio))
    return write_bag(tmp_path / "bag", sorted(published, key=lambda entry: entry[1]))


def test_a_run_is_read_with_its_times_from_the_first_frame(bag: Path) -> None:
    run = read_run(bag)
    (last,) = run.programs
    assert (last.revision, last.complete, last.valid, last.name) == (2, True, True, "take_cup")
    (step,) = last.sub_actions
    assert (step.label, step.start_s, step.stop_s) == ("grasp(cup)", pytest.approx(0.5), pytest.approx(1.0))
    (heard,) = run.sounds
    assert (heard.label, heard.start_s, heard.stop_s) == ("water", pytest.approx(0.5), pytest.approx(1.5))
    held = [span for span in run.contacts["right"] if span.label == "portable"]
    assert [(round(span.start_s, 2), round(span.stop_s, 2)) for span in held] == [(0.5, 1.0)]
    assert not run.contacts["left"]
    (latency,) = [entry for entry in run.latencies if entry.topic == "program"]
    assert latency.overhead_median_ms == pytest.approx(20, abs=0.5)
    assert (latency.num_messages, latency.num_dropped) == (2, 4)


def test_the_report_has_a_page_a_video_with_sound_and_the_programs(bag: Path, tmp_path: Path) -> None:
    folder = tmp_path / "report"
    write_report(bag, folder, "my <run>")
    page = (folder / "index.html").read_text()
    assert "my &lt;run&gt;" in page
    assert "<script>alert(1)" not in page, "text from a program must not run in the page"
    assert "grasp(cup, start_t=0.5, stop_t=1)" in page
    (entry,) = json.loads((folder / "programs.json").read_text())
    assert entry["sub_actions"][0]["text"] == "grasp(cup)"
    assert parse(entry["text"]).name == "take_cup"
    assert parse((folder / "programs.txt").read_text()).name == "take_cup"
    with av.open(folder / "overlay.mp4") as video:
        assert len(video.streams.audio) == 1
        stamps_s = [float(frame.time) for frame in video.decode(video=0)]
    assert len(stamps_s) == 20
    assert stamps_s == pytest.approx([k / 10 for k in range(20)], abs=0.01)


def test_what_was_really_done_stands_beside_what_was_told_and_is_not_mixed_with_it(tmp_path: Path) -> None:
    true = program(1, is_complete=True)
    true.program_id.uuid = list(uuid.UUID(int=8).bytes)
    true.name = "really_take_cup"
    bag = write_bag(
        tmp_path / "bag", [("/overlay/compressed", 0, overlay(0)), ("/truth/program", 1, true)]
        + [("/program", 2, program(1, is_complete=True))]
    )  # fmt: skip
    run = read_run(bag)
    assert [told.name for told in run.programs] == ["take_cup"]
    assert [done.name for done in run.truth] == ["really_take_cup"]
    assert [done.sub_actions[0].label for done in run.truth] == ["grasp(cup)"]
    rows = dict(timeline(run))
    assert [span.label for span in rows["truth"]] == ["really_take_cup"]
    assert [span.label for span in rows["program"]] == ["take_cup"]


def prediction(at_s: float, *actions: PredictedAction, ahead_s: float = 0.0) -> object:
    said = Prediction(START_S + at_s, START_S + at_s - 3, "toy 0123", actions=actions, ahead_s=ahead_s)
    return prediction_to_message(said, "camera", timing(START_S + at_s, START_S + at_s + 0.08, 0.05))


def test_what_the_network_told_stands_beside_what_was_done_on_the_page_and_below_the_video(tmp_path: Path) -> None:
    true = program(1, is_complete=True)
    true.name = "take_cup"
    take, drop = PredictedAction("take", "cup", 3.0), PredictedAction("put", "cup", 1.0)
    published = [("/overlay/compressed", k / 10, overlay(k / 10)) for k in range(20)]
    published += [("/sub_actions", k / 10, prediction(k / 10, take, drop)) for k in range(21)]
    published += [("/next_sub_actions", 0.0, prediction(0.0, drop, ahead_s=0.0)), ("/truth/program", 0.1, true)]
    bag = write_bag(tmp_path / "bag", sorted(published, key=lambda entry: entry[1]))
    report = write_report(bag, tmp_path / "report")
    (row,) = report.recognition.rows
    assert (row.label, row.seen.label, row.expected.label) == ("take cup", "take cup", "put cup")
    page = (tmp_path / "report" / "index.html").read_text()
    assert "What the network told, against what was done" in page
    assert '<span class="tag ok">hit</span>' in page and '<span class="tag bad">verb missed</span>' in page
    (latency,) = [entry for entry in report.latencies if entry.topic == "sub_actions"]
    assert latency.model_median_ms == pytest.approx(50, abs=0.5)
    with av.open(tmp_path / "report" / "overlay.mp4") as video:
        frame = next(video.decode(video=0))
    assert frame.height > 120, "a strip with the truth below the overlay"


def test_what_was_asked_and_drawn_stands_on_the_page_beside_the_frame_that_it_was_drawn_from(tmp_path: Path) -> None:
    blue = np.zeros((4, 6, 3), np.uint8)
    blue[..., 2] = 255
    frames = {
        at_s: rgb_to_compressed(blue // (k + 1), header(START_S + at_s, "camera")) for k, at_s in enumerate((0, 1))
    }
    asked = msgs.Imagined(
        header=frames[1].header,
        image=rgb_to_image(blue, frames[1].header),
        question="How do I <open> the drawer?",
        description="The right hand pulls the drawer open.",
        note="I see no drawer here.",
        model="toy",
        steps=20,
        elapsed=to_duration(2.5),
    )
    bag = write_bag(
        tmp_path / "bag",
        [("/camera/image_raw/compressed", at_s, frame) for at_s, frame in frames.items()]
        + [("/overlay/imagined", 1.5, rgb_to_image(blue, header(START_S + 1.5, "camera"))), ("/imagined", 2.0, asked)]
        + [("/program", 3.0, program(1, True))],
    )
    (answer,) = read_answers(bag)
    assert (answer.at_s, answer.steps, answer.elapsed_s, answer.model) == (1.0, 20, 2.5, "toy")
    kind, _, drawn = answer.drawn.partition(",")
    assert kind == "data:image/png;base64"
    assert np.array_equal(compressed_to_rgb(np.frombuffer(base64.b64decode(drawn), np.uint8)), blue)
    kind, _, seen = answer.seen.partition(",")
    assert kind == "data:image/jpeg;base64" and base64.b64decode(seen) == bytes(frames[1].data)
    write_report(bag, tmp_path / "report")
    page = (tmp_path / "report" / "index.html").read_text()
    assert "How do I &lt;open&gt; the drawer?" in page and answer.drawn in page and answer.seen in page
    assert answer.description in page and answer.note in page


def test_a_bag_without_overlay_still_gets_its_page(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    bag = write_bag(tmp_path / "bag", [("/program", 1.0, program(1, True))])
    report = write_report(bag, tmp_path / "report")
    assert len(report.programs) == 1
    assert "no overlay video" in capsys.readouterr().err
    assert "there is no video" in (tmp_path / "report" / "index.html").read_text()


def test_what_is_no_bag_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="expected a rosbag2 folder"):
        read_run(tmp_path / "nothing")


@pytest.mark.parametrize("duration_s", [0.0, 0.3, 2.0, 24.0, 7200.0, 1e6])
def test_the_axis_has_a_dozen_round_ticks_at_most(duration_s: float) -> None:
    marks = ticks(duration_s)
    assert marks[0] == 0
    assert marks[-1] <= duration_s
    assert len(marks) <= 13 or duration_s > 12 * 3600
