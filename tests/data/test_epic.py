"""EPIC-KITCHENS' annotation files: ours, the official ones, and broken ones."""

import ast
import csv
import logging
import multiprocessing
import random
import re
import time
from dataclasses import replace

import pytest
from annotations import ACTIONS, NOUNS, VERBS, VIDEOS, spoilt

from egoprog.data import (
    read_actions,
    read_classes,
    read_segments,
    read_tail_classes,
    read_unseen_participants,
    read_video_info,
    write_actions,
    write_classes,
    write_segments,
    write_tail_classes,
    write_unseen_participants,
    write_video_info,
)
from egoprog.data.epic import check_actions, frame_number, picture_rate_hz
from egoprog.errors import AnnotationError, InputError


@pytest.fixture
def written(tmp_path):
    write_actions(tmp_path / "actions.csv", ACTIONS)
    return tmp_path / "actions.csv"


def with_cell(path, line: int, column: str, cell: str) -> None:
    rows = list(csv.reader(path.read_text().splitlines()))
    rows[line - 1][rows[0].index(column)] = cell
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def test_actions_come_back_as_they_were_written(written):
    assert read_actions(written) == ACTIONS
    assert written.read_text().splitlines()[:2] == [
        "narration_id,participant_id,video_id,narration_timestamp,start_timestamp,stop_timestamp,start_frame,"
        "stop_frame,narration,verb,verb_class,noun,noun_class,all_nouns,all_noun_classes",
        "P901_01_0,P901,P901_01,00:00:00.560,00:00:00.00,00:00:01.89,1,56,take plate,take,0,plate,2,['plate'],[2]",
    ]


def test_written_columns_have_the_official_types_for_readers_that_are_not_ours(written):
    """As people load them: pandas.read_csv with ast.literal_eval for the lists."""
    for row, action in zip(csv.DictReader(written.open(newline="")), ACTIONS, strict=True):
        assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d\d", row["start_timestamp"])
        assert re.fullmatch(r"(\d\d:\d\d:\d\d\.\d\d\d)?", row["narration_timestamp"])
        assert int(row["start_frame"]) == action.start_frame
        assert ast.literal_eval(row["all_nouns"]) == list(action.nouns)
        assert ast.literal_eval(row["all_noun_classes"]) == list(action.noun_classes)
        assert row["narration"] == action.narration


def test_a_test_set_has_no_labels(tmp_path, written):
    write_segments(tmp_path / "test.csv", ACTIONS)
    assert read_segments(tmp_path / "test.csv") == read_segments(written)
    assert not hasattr(read_segments(written)[0], "verb")
    with pytest.raises(AnnotationError, match=r"line 1: expected the columns .*narration, verb.* missing"):
        read_actions(tmp_path / "test.csv")


def test_the_small_files_come_back(tmp_path):
    write_classes(tmp_path / "nouns.csv", NOUNS)
    assert dict(read_classes(tmp_path / "nouns.csv")) == dict(NOUNS)
    write_video_info(tmp_path / "videos.csv", VIDEOS.values())
    assert read_video_info(tmp_path / "videos.csv") == VIDEOS
    write_unseen_participants(tmp_path / "unseen.csv", ["P937", "P938"])
    assert read_unseen_participants(tmp_path / "unseen.csv") == ("P937", "P938")
    for column in ("verb", "noun"):
        write_tail_classes(tmp_path / "tail.csv", column, [10, 12])
        assert read_tail_classes(tmp_path / "tail.csv") == (10, 12)


@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        ("start_timestamp", "1:2", "expected HH:MM:SS.ss, got '1:2'"),
        ("start_timestamp", "00:61:00.00", "expected HH:MM:SS.ss"),
        ("narration_timestamp", "soon", "HH:MM:SS.ss or nothing, got 'soon'"),
        ("stop_timestamp", "00:00:00.00", "expected a time after the start at 61.25 s, got 0 s"),
        ("start_frame", "-4", "expected a frame's number, got '-4'"),
        ("start_frame", "0", "expected a number from 1, got 0"),
        ("stop_frame", "7", "expected a frame from 1837"),
        ("verb_class", "4.0", "expected a class's number, got '4.0'"),
        ("verb_class", "٤", "expected a class's number"),
        ("noun_class", "2", "expected 2 as the first, got 5"),
        ("all_nouns", "__import__('os')", "expected a list of nouns"),
        ("all_nouns", "['pan:frying']", "expected 1 classes, one a noun, got 2"),
        ("all_nouns", "['oven', 'pan']", "expected 'pan:frying' as the first, got 'oven'"),
        ("all_noun_classes", "[]", "expected a list of classes like [5, 46], got '[]'"),
        ("narration", "", "expected the narrator's words, got ''"),
        ("video_id", "P11_01", "expected an id that begins with P901_"),
        ("narration_id", "P901_02_1", "expected an id that begins with P901_01_"),
    ],
)
def test_a_bad_cell_is_named_by_file_line_and_column(written, column, cell, words):
    with_cell(written, 3, column, cell)
    with pytest.raises(AnnotationError) as caught:
        read_actions(written)
    message = str(caught.value)
    assert message.startswith(f"{written}, line 3, column ")
    assert words in message
    assert len(message.splitlines()) == 1


def test_a_quote_that_is_never_closed_spoils_its_own_row_only(written):
    lines = written.read_text().splitlines()
    written.write_text("\n".join([*lines[:2], lines[2].replace('oven",', "oven,"), *lines[3:]]) + "\n")
    bad = []
    assert read_actions(written, on_bad=bad.append) == [ACTIONS[0], ACTIONS[2]]
    assert "line 3" in str(bad[0])


def test_bytes_that_are_no_text_are_named_by_their_line(written):
    written.write_bytes(written.read_bytes().replace(b"take plate", b"take pl\xe2te"))
    with pytest.raises(AnnotationError, match=r"line 2, column .*expected text in UTF-8"):
        read_actions(written)


def test_an_error_of_a_worker_process_arrives_as_it_was(written):
    with_cell(written, 3, "start_frame", "0")
    with multiprocessing.get_context("spawn").Pool(1) as pool, pytest.raises(AnnotationError, match="line 3"):
        pool.apply(read_actions, (written,))


def test_skipped_rows_are_counted_and_logged(written, caplog):
    with_cell(written, 2, "verb_class", "x")
    with_cell(written, 4, "start_frame", "0")
    with caplog.at_level(logging.WARNING):
        assert read_actions(written, on_bad="skip") == [ACTIONS[1]]
    assert "left out 2 bad row(s) of 3" in caplog.text
    assert "line 2, column verb_class" in caplog.text
    with pytest.raises(InputError, match="'raise', 'skip' or a function"):
        read_actions(written, on_bad="ignore")


@pytest.mark.parametrize("content", [b"", b"\n\n", b"a,b\n1,2\n", b"verb,verb\n", b'"open\n', b"\xff\xfe\x00"])
def test_a_file_of_another_kind_is_refused(tmp_path, content):
    path = tmp_path / "other.csv"
    path.write_bytes(content)
    with pytest.raises(AnnotationError, match=r"other\.csv"):
        read_actions(path)
    with pytest.raises(AnnotationError, match="No such file"):
        read_actions(tmp_path / "missing.csv")


@pytest.mark.parametrize(
    "change",
    [{"narration": "two\nlines"}, {"stop_s": 0.001}, {"noun": "cup"}, {"nouns": ()}, {"verb_class": -1},
     {"start_s": float("nan")}, {"stop_s": float("inf")}],
)  # fmt: skip
def test_what_could_not_be_read_back_is_not_written(written, change):
    with pytest.raises(AnnotationError, match="line 2, column"):
        write_actions(written, [replace(ACTIONS[0], **change), *ACTIONS[1:]])
    assert read_actions(written) == ACTIONS, "the old file stays"


def test_frames_are_counted_as_in_the_official_files():
    assert [frame_number(s, 60.0) for s in (0.0, 1.89, 1.56, 2.45, 49.15)] == [1, 113, 93, 147, 2949]
    assert frame_number(2.86, 50.0) == 143
    assert picture_rate_hz("P01_11") == 60.0
    assert picture_rate_hz("P01_101") == 50.0
    assert picture_rate_hz("P01_11", replace(VIDEOS["P901_01"], rate_hz=59.94)) == 60.0, "the pictures were resampled"
    assert picture_rate_hz("P901_01", VIDEOS["P901_01"]) == 30.0


def test_rows_that_do_not_fit_the_other_files_are_found():
    assert check_actions(ACTIONS, VERBS, NOUNS, VIDEOS) == []
    odd = [
        replace(ACTIONS[0], verb="close"),
        replace(ACTIONS[1], stop_s=130.0, stop_frame=3900),
        replace(ACTIONS[2], start_frame=200),
        replace(ACTIONS[2], noun_classes=(300,), noun_class=300, video_id="P902_07"),
    ]
    found = [(one.row_id, one.column) for one in check_actions(odd, VERBS, NOUNS, VIDEOS)]
    assert found == [
        ("P901_01_0", "verb"),
        ("P901_01_1", "stop_timestamp"),
        ("P902_01_0", "start_frame"),
        ("P902_01_0", "narration_id"),
        ("P902_01_0", "video_id"),
        ("P902_01_0", "all_nouns"),
    ]


def test_a_word_of_no_class_offers_the_nearest():
    assert NOUNS.id_of("pan:frying") == 5
    with pytest.raises(InputError, match="did you mean 'plate'"):
        NOUNS.id_of("plates")


def test_spoilt_files_raise_the_documented_error_and_nothing_else(written):
    chance, data, num_bad = random.Random(5), written.read_bytes(), 0
    for _ in range(1500):
        written.write_bytes(spoilt(data, chance))
        bad = []
        try:
            for row in read_actions(written, on_bad=bad.append):
                assert row.stop_s > row.start_s
        except AnnotationError as error:
            bad.append(error)
        assert all(isinstance(one, AnnotationError) and str(written) in str(one) for one in bad)
        num_bad += bool(bad)
    assert num_bad > 500


# The official files.


def test_the_validation_file_reads_whole_and_is_written_byte_for_byte(shared_data, tmp_path):
    path = shared_data / "annotations/EPIC_100_validation.csv"
    actions = read_actions(path)
    assert len(actions) == 9668
    assert sum(action.narration_s is None for action in actions) == 70
    write_actions(tmp_path / "again.csv", actions)
    assert (tmp_path / "again.csv").read_bytes() == path.read_bytes()


def test_two_rows_of_the_validation_file_are_odd_and_no_others(shared_data):
    folder = shared_data / "annotations"
    videos = read_video_info(folder / "EPIC_100_video_info.csv")
    verbs = read_classes(folder / "EPIC_100_verb_classes.csv")
    assert (len(videos), len(verbs)) == (700, 97)
    actions = read_actions(folder / "EPIC_100_validation.csv")
    for name, num_classes in (("EPIC_100_noun_classes.csv", 300), ("EPIC_100_noun_classes_v2.csv", 305)):
        nouns = read_classes(folder / name)
        assert len(nouns) == num_classes
        odd = check_actions(actions, verbs, nouns, videos)
        # "bring-into" is no word of its class; an action ends 0.01 s after its video
        assert [(one.row_id, one.column) for one in odd] == [("P21_02_54", "verb"), ("P29_05_563", "stop_timestamp")]


def test_the_training_list_reads_whole_in_under_two_seconds(shared_data):
    folder = shared_data / "annotations"
    start_s = time.process_time()
    actions = read_actions(folder / "EPIC_100_train_reconstructed.csv")
    taken_s = time.process_time() - start_s
    print(f"{len(actions)} rows in {taken_s:.2f} s")
    assert len(actions) == 67217
    assert taken_s < 2.0
    assert actions[0].narration == "open door" and actions[0].source == "uda_full"
    assert sum("," in action.narration for action in actions) == 7
    videos = read_video_info(folder / "EPIC_100_video_info.csv")
    verbs = read_classes(folder / "EPIC_100_verb_classes.csv")
    assert check_actions(actions, verbs, read_classes(folder / "EPIC_100_noun_classes.csv"), videos) == []


def test_official_class_and_video_files_come_back(shared_data, tmp_path):
    folder, again = shared_data / "annotations", tmp_path / "again.csv"
    write_video_info(again, read_video_info(folder / "EPIC_100_video_info.csv").values())
    assert again.read_bytes() == (folder / "EPIC_100_video_info.csv").read_bytes()
    for name in ("verb_classes", "noun_classes", "noun_classes_v2"):
        official = folder / f"EPIC_100_{name}.csv"
        write_classes(again, read_classes(official))
        # not byte for byte: the official ones differ from one another in line ends, quotes and blanks inside of lists
        rows = [list(csv.DictReader(file.open(newline=""))) for file in (again, official)]
        for row in rows[0] + rows[1]:
            row["instances"] = ast.literal_eval(row["instances"])
        assert rows[0] == rows[1]
        assert dict(read_classes(again)) == dict(read_classes(official))


def test_spoilt_official_rows_raise_the_documented_error_and_nothing_else(shared_data, tmp_path):
    lines = (shared_data / "annotations/EPIC_100_validation.csv").read_bytes().splitlines(keepends=True)
    chance, path = random.Random(6), tmp_path / "spoilt.csv"
    for _ in range(300):
        path.write_bytes(spoilt(lines[0] + b"".join(chance.sample(lines[1:], 20)), chance, times=8))
        try:
            read_actions(path, on_bad=lambda error: None)
        except AnnotationError as error:
            assert str(path) in str(error)
