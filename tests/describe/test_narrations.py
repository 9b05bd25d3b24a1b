"""Narrations from EPIC's files, plain CSV and subtitles; broken ones are named by file and line."""

import pytest

from egoprog.describe.narrations import read_narrations, seconds
from egoprog.describe.types import Narration
from egoprog.errors import RecordingError

EPIC_HEAD = "narration_id,participant_id,video_id,narration_timestamp,start_timestamp,stop_timestamp,narration,verb\n"
SRT = """1
00:00:01,500 --> 00:00:03,250
take plate
from cupboard

2
00:01:00,000 --> 00:01:02,000
put down plate"""


def _file(tmp_path, text, name="told.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_epic_rows_of_one_video_are_read_in_the_order_of_their_starts(tmp_path):
    path = _file(
        tmp_path,
        EPIC_HEAD
        + "P01_11_1,P01,P01_11,00:00:01.700,00:01:01.56,00:01:02.45,put down plate,put-down\n"
        + "P01_12_0,P01,P01_12,00:00:00.100,00:00:00.00,00:00:01.00,open door,open\n"
        + 'P01_11_0,P01,P01_11,00:00:00.560,00:00:00.00,00:00:01.89,"take plate, slowly",take\n',
    )
    assert read_narrations(path, "P01_11") == [
        Narration("take plate, slowly", 0.0, 1.89),
        Narration("put down plate", 61.56, 62.45),
    ]


def test_epic_file_of_other_videos_only_says_so(tmp_path):
    rows = "a,P01,P01_11,0,0,1,x,y\nb,P01,P01_12,0,0,1,x,y\n"
    with pytest.raises(RecordingError, match="expected narrations of the video 'kitchen', got those of 2 others"):
        read_narrations(_file(tmp_path, EPIC_HEAD + rows), "kitchen")


def test_epic_file_of_one_video_needs_no_name(tmp_path):
    path = _file(tmp_path, EPIC_HEAD + "a,P01,P01_11,0,0,1,take plate,y\nb,P01,P01_11,0,2,3,wash plate,y\n")
    assert [told.text for told in read_narrations(path, "my_video")] == ["take plate", "wash plate"]


def test_plain_csv_may_leave_out_ends_and_has_seconds_or_clock_times(tmp_path):
    path = _file(tmp_path, "\ufeffstart, stop, text\n2.5,,take plate\n0:01.5,00:00:02,open  door\n3,4,\n")
    assert read_narrations(path) == [Narration("open door", 1.5, 2.0), Narration("take plate", 2.5, None)]


def test_subtitles_are_read_whatever_their_line_breaks(tmp_path):
    expected = [Narration("take plate from cupboard", 1.5, 3.25), Narration("put down plate", 60.0, 62.0)]
    assert read_narrations(_file(tmp_path, SRT, "told.srt")) == expected
    assert read_narrations(_file(tmp_path, SRT.replace("\n", "\r\n"), "told.srt")) == expected


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "start,stop,text\n1,2,ok\none,2,x\n", r"a\.csv, line 3: expected seconds .* got 'one'"),
        ("a.csv", "start,stop,text\n5,2,x\n", r"a\.csv, line 2: expected a stop after the start 5 s, got 2 s"),
        ("a.csv", "begin,words\n5,x\n", r"a\.csv, line 1: expected the columns start,stop,text .* got begin,words"),
        ("a.csv", "", r"a\.csv, line 1: .* got none"),
        ("a.srt", "1\n00:00:01 --> later\nx\n", r"a\.srt, line 2: expected"),
        ("a.srt", "hello\n", r"a\.srt: expected subtitles"),
    ],
)
def test_broken_files_are_named_with_the_line(tmp_path, name, text, message):
    with pytest.raises(RecordingError, match=message) as caught:
        read_narrations(_file(tmp_path, text, name))
    assert "\n" not in str(caught.value)


def test_missing_and_binary_files_are_one_clear_line(tmp_path):
    with pytest.raises(RecordingError, match="expected a file of narrations"):
        read_narrations(tmp_path / "absent.csv")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(RecordingError, match="UTF-8"):
        read_narrations(tmp_path / "b.csv")


@pytest.mark.parametrize("text", ["", "-1", "nan", "inf", "1e3", "1:2:3:4", "1.5:00", "--"])
def test_odd_times_are_no_times(text):
    with pytest.raises(ValueError, match="expected seconds"):
        seconds(text)


def test_real_annotations_of_both_layouts_are_read(shared_data):
    official = read_narrations(shared_data / "annotations/EPIC_100_validation.csv", "P01_11")
    assert official[0] == Narration("take plate", 0.0, 1.89)
    assert len(official) == 148
    rebuilt = read_narrations(shared_data / "annotations/EPIC_100_train_reconstructed.csv", "P01_01")
    assert rebuilt[0] == Narration("open door", 0.13, 3.37)
