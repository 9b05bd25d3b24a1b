"""`egoprog describe` on recordings that are made here, and on real ones."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from egoprog.cli import main
from egoprog.data import AudioBlock, Frame, PoseSample
from egoprog.describe.command import read_vocabulary
from egoprog.describe.offline import describe_recording
from egoprog.describe.types import Narration
from egoprog.errors import ConfigurationError, ModelError
from egoprog.models import model_path

sys.path.append(str(Path(__file__).parent.parent / "data"))
from recordings import write_video


@pytest.fixture(autouse=True)
def _models():
    try:
        model_path("hand_landmarker")
        model_path("yamnet")
    except ModelError as error:
        pytest.skip(str(error))


@pytest.fixture
def video(tmp_path) -> Path:
    path = write_video(tmp_path / "P01_11.mp4", num_frames=30)
    poses = ["stamp_s,x,y,z,qx,qy,qz,qw"]
    poses += [f"{tick / 20:.3f},{tick / 20:.3f},0,1.6,0,0,0,1" for tick in range(30)]
    (tmp_path / "P01_11.poses.csv").write_text("\n".join(poses))
    return path


def test_text_has_the_head_of_the_program_and_its_descriptors(video, capsys):
    assert main(["describe", str(video), "--clip", "0.1", "1.4", "--name", "go_there"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "def go_there(start_t=0, stop_t=1.3):"
    assert any(line.startswith("    # Go to object from time 0") for line in lines)
    assert "    # Holding nothing at start." in lines


def test_there_is_a_clip_for_each_narration(video, tmp_path, capsys):
    told = tmp_path / "told.csv"
    told.write_text("start,stop,text\n0,0.5,take plate\n0.5,1.2,wash plate\n")
    assert main(["describe", str(video), "--narrations", str(told)]) == 0
    out = capsys.readouterr().out
    assert "def take_plate(start_t=0, stop_t=0.5):" in out
    assert "def wash_plate(start_t=0, stop_t=0.7):\n" in out
    assert '# The action performed right before this was "take plate"' in out


def test_json_holds_all_that_is_known(video, tmp_path, capsys):
    words = tmp_path / "words.txt"
    words.write_text("# things\nchopping board\n\nPlate\n")
    assert main(["describe", str(video), "--json", "--vocabulary", str(words)]) == 0
    (description,) = json.loads(capsys.readouterr().out)
    assert description["vocabulary"] == ["chopping_board", "plate"]
    assert description["motions"][0]["kind"] == "walk"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--clip", "2", "1"], "expected --clip START STOP"),
        (["--clip", "100", "101"], "expected a clip within 1.50 s"),
        (["--poses", "absent.csv"], "expected a file of poses"),
        (["--vocabulary", "absent.txt"], "expected a text file of object names"),
    ],
)
def test_wrong_options_are_one_line_and_exit_1(video, capsys, options, message):
    assert main(["describe", str(video), *options]) == 1
    error = capsys.readouterr().err.strip()
    assert message in error
    assert "\n" not in error


def test_missing_recording_is_one_line_and_exit_1(capsys):
    assert main(["describe", "absent.mp4"]) == 1
    assert "found nothing at absent.mp4" in capsys.readouterr().err


def test_empty_vocabulary_is_refused(tmp_path):
    (tmp_path / "words.txt").write_text("# nothing\n")
    with pytest.raises(ConfigurationError, match="got none"):
        read_vocabulary(tmp_path / "words.txt")


class BadRecording:
    """A camera with sound, and a little of everything that goes wrong."""

    name, duration_s = "bad", 2.0
    streams = frozenset({"camera", "audio", "pose", "narration"})

    def __init__(self):
        self.warnings = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def warn(self, text):
        self.warnings.append(text)

    def samples(self):
        image = np.full((48, 64, 3), 90, np.uint8)
        sound = np.zeros((1600, 1), np.float32)
        upright = (0.0, 0.0, 0.0, 1.0)
        for tick in range(20):
            stamp_s = tick / 10
            yield Frame(stamp_s, image if tick != 5 else image[:0])
            yield AudioBlock(stamp_s, 16000, sound if tick != 6 else sound + np.nan)
            yield PoseSample(stamp_s if tick != 7 else 0.0, (0.0, 0.0, 1.6), upright if tick != 8 else (0.0,) * 4)
        yield Narration("take plate", 1.0, 1.5)


def test_bad_samples_are_left_out_and_counted_and_the_rest_is_described():
    recording = BadRecording()
    stamps_s = []
    describer = describe_recording(recording, on_progress=stamps_s.append)
    assert describer.clip(0.9, 1.6).narration == "take plate"
    assert describer.motions
    assert len(stamps_s) == 61
    counts = {text.split()[3]: int(text.split()[2]) for text in recording.warnings}
    assert counts == {"Frame": 1, "AudioBlock": 1, "PoseSample": 2}


def test_real_video_of_a_stirred_pan_tells_of_something_held_and_of_no_sound(shared_data, capsys):
    assert main(["describe", str(shared_data / "video/ego4d_stir_pan.mp4")]) == 0
    out = capsys.readouterr().out
    assert "Heard" not in out
    assert "Holding nothing" not in out or "Grabbed" in out
