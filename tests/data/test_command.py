"""`egoprog annotations check`: what people run on files that somebody gave them."""

import json

import pytest
from annotations import ACTIONS, NOUNS, SOUNDS, VERBS, VIDEOS

from egoprog.cli import main
from egoprog.data import (
    CameraFields,
    FieldsCamera,
    FrameDetections,
    ProgramClip,
    write_actions,
    write_classes,
    write_fields,
    write_hand_objects,
    write_programs,
    write_segments,
    write_sounds,
    write_tail_classes,
    write_unseen_participants,
    write_video_info,
)
from egoprog.program import parse
from egoprog.world import WorldState


@pytest.fixture
def dataset(tmp_path):
    """A file of each kind; name to what is said of it."""
    write_actions(tmp_path / "EPIC_100_train.csv", ACTIONS)
    write_segments(tmp_path / "EPIC_100_test_timestamps.csv", ACTIONS)
    write_sounds(tmp_path / "EPIC_Sounds_train.csv", SOUNDS)
    write_classes(tmp_path / "EPIC_100_verb_classes.csv", VERBS)
    write_classes(tmp_path / "EPIC_100_noun_classes.csv", NOUNS)
    write_video_info(tmp_path / "EPIC_100_video_info.csv", VIDEOS.values())
    write_unseen_participants(tmp_path / "unseen.csv", ["P937"])
    write_tail_classes(tmp_path / "tail.csv", "verb", [4])
    camera = FieldsCamera(456, 256, (1.0,) * 8)
    write_fields(tmp_path / "P901_01.json", CameraFields(camera, {"frame_1.jpg": (1.0, 0, 0, 0, 0, 0, 0)}))
    write_hand_objects(tmp_path / "P901_01.pkl", [FrameDetections("P901_01", 1)])
    program, state = parse("def take_pan():\n    grasp(pan)"), WorldState.initial()
    write_programs(
        tmp_path / "train.jsonl", [ProgramClip("P901_01_0", "P901_01", 0.0, 1.0, "take pan", program, state, state)]
    )
    change = {"unique_id": "u", "video_uid": "v", "parent_start_sec": 0, "parent_end_sec": 8}
    change |= {"parent_start_frame": 0, "parent_end_frame": 240}
    (tmp_path / "fho_oscc-pnr_test.json").write_text(json.dumps({"clips": [change]}))
    return tmp_path


def check(capsys, *arguments) -> tuple[int, str]:
    status = main(["annotations", "check", *map(str, arguments)])
    return status, capsys.readouterr().out


def test_every_kind_of_file_is_recognised_and_read(dataset, capsys):
    status, out = check(capsys, *sorted(dataset.iterdir()))
    assert status == 0
    said = dict(line.removeprefix(f"{dataset}/").split(": ") for line in out.splitlines())
    assert said == {
        "EPIC_100_noun_classes.csv": "3 classes, 0 bad, 0 odd",
        "EPIC_100_test_timestamps.csv": "3 actions without labels, 0 bad, 0 odd",
        "EPIC_100_train.csv": "3 actions, 0 bad, 0 odd",
        "EPIC_100_verb_classes.csv": "2 classes, 0 bad, 0 odd",
        "EPIC_100_video_info.csv": "2 videos, 0 bad, 0 odd",
        "EPIC_Sounds_train.csv": "2 sounds, 0 bad, 0 odd",
        "P901_01.json": "1 poses, 0 bad, 0 odd",
        "P901_01.pkl": "1 frames of detections, 0 bad, 0 odd",
        "fho_oscc-pnr_test.json": "1 changes of state, 0 bad, 0 odd",
        "tail.csv": "1 classes, 0 bad, 0 odd",
        "train.jsonl": "1 programs, 0 bad, 0 odd",
        "unseen.csv": "1 participants, 0 bad, 0 odd",
    }


def test_bad_rows_are_listed_and_fail_odd_ones_are_listed_and_do_not(dataset, capsys):
    path = dataset / "EPIC_100_train.csv"
    text = path.read_text()
    path.write_text(text.replace("take plate,take,", "take plate,clean,"))
    status, out = check(capsys, path)
    assert status == 0
    assert "3 actions, 0 bad, 1 odd" in out and "P901_01_0, column verb: 'clean' is no word of class 0" in out
    path.write_text(text.replace("00:01:01.25", "61.25"))
    status, out = check(capsys, path, dataset / "EPIC_Sounds_train.csv")
    assert status == 1
    assert "2 actions, 1 bad, 0 odd" in out and "line 3, column start_timestamp" in out
    assert "2 sounds, 0 bad" in out, "the other files are checked all the same"
    assert "and 1 more" in check(capsys, path, "--show", "0")[1]


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.csv", "x,y\n1,2\n"), ("a.json", "{}"), ("a.json", '{"clips": [{"x": 1}]}'), ("a.json", "no"), ("a.txt", "x")],
)
def test_a_file_of_no_known_kind_fails(tmp_path, capsys, name, content):
    (tmp_path / name).write_text(content)
    status, out = check(capsys, tmp_path / name, tmp_path / "missing.csv")
    assert status == 1
    assert f"bad: {tmp_path / name}" in out and "missing.csv: 0 rows, 1 bad" in out


def test_the_official_files_have_no_bad_row(shared_data, capsys):
    files = sorted((shared_data / "annotations").glob("*.csv"))
    status, out = check(capsys, *files)
    assert status == 0
    for said in ("9668 actions, 0 bad, 2 odd", "67217 actions, 0 bad, 0 odd", "8035 sounds, 0 bad, 21 odd"):
        assert said in out
