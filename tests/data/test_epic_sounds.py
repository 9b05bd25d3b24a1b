"""EPIC-SOUNDS' annotation files: ours, the official one, and broken ones."""

import collections
import random
from dataclasses import replace

import pytest
from annotations import SOUNDS, VIDEOS, spoilt

from egoprog.data import read_sounds, read_video_info, write_sounds
from egoprog.data.epic_sounds import check_sounds, sample_number
from egoprog.errors import AnnotationError


@pytest.fixture
def written(tmp_path):
    write_sounds(tmp_path / "sounds.csv", SOUNDS)
    return tmp_path / "sounds.csv"


def test_sounds_come_back_as_they_were_written(written):
    assert read_sounds(written) == SOUNDS
    assert written.read_text().splitlines()[2] == (
        'P901_01_1,P901,P901_01,00:00:03.000,00:00:04.500,72000,108000,"tap, running",water,5'
    )
    assert sample_number(2.069) == 49656


def test_files_without_classes_or_words_read(tmp_path):
    path = tmp_path / "test.csv"
    head = "annotation_id,participant_id,video_id,start_timestamp,stop_timestamp,start_sample,stop_sample"
    row = "P901_01_0,P901,P901_01,00:00:02.069,00:00:02.993,49656,71832"
    path.write_text(f"{head}\n{row}\n")
    assert read_sounds(path) == [replace(SOUNDS[0], description="", class_name="", class_id=None)]
    path.write_text(f"{head},description\n{row},clang\n")
    assert read_sounds(path) == [replace(SOUNDS[0], class_name="", class_id=None)]
    with pytest.raises(AnnotationError, match="column class: expected a class's name, got ''"):
        write_sounds(tmp_path / "sounds.csv", read_sounds(path))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("00:00:02.993", "00:00:02.000", "line 2, column stop_timestamp: expected a time after the start at 2.069 s"),
        ("71832", "71932", "column stop_sample: expected about 71832, the sample of 2.993 s at 24 kHz, got 71932"),
        ("P901_01_0", "P902_01_0", "line 2, column annotation_id"),
        ("collision,0", "collision,zero", "line 2, column class_id: expected a class's number, got 'zero'"),
        ("clang,", "", "expected 10 cells, got 9; check the quotes and commas"),
    ],
)  # fmt: skip
def test_a_bad_cell_is_named_by_file_line_and_column(written, old, new, words):
    written.write_text(written.read_text().replace(old, new, 1))
    with pytest.raises(AnnotationError) as caught:
        read_sounds(written)
    assert str(written) in str(caught.value) and words in str(caught.value)


def test_rows_that_do_not_fit_are_found():
    assert check_sounds(SOUNDS, VIDEOS) == []
    odd = [SOUNDS[0], replace(SOUNDS[0], class_name="water"), replace(SOUNDS[1], stop_s=200.0)]
    assert [one.column for one in check_sounds(odd, VIDEOS)] == ["annotation_id", "class", "stop_timestamp"]


def test_spoilt_files_raise_the_documented_error_and_nothing_else(written):
    chance, data = random.Random(7), written.read_bytes()
    for _ in range(800):
        written.write_bytes(spoilt(data, chance))
        try:
            read_sounds(written, on_bad=lambda error: None)
        except AnnotationError as error:
            assert str(written) in str(error)


def test_the_validation_file_reads_whole_and_is_written_byte_for_byte(shared_data, tmp_path):
    path = shared_data / "annotations/EPIC_Sounds_validation.csv"
    sounds = read_sounds(path)
    assert len(sounds) == 8035
    assert len({sound.class_id for sound in sounds}) == 44
    write_sounds(tmp_path / "again.csv", sounds)
    assert (tmp_path / "again.csv").read_bytes() == path.read_bytes()


def test_its_samples_are_those_of_its_times_and_only_ends_are_odd(shared_data):
    folder = shared_data / "annotations"
    sounds = read_sounds(folder / "EPIC_Sounds_validation.csv")
    below = collections.Counter(sample_number(sound.start_s) - sound.start_sample for sound in sounds)
    assert below == {0: 7481, 1: 554}
    odd = check_sounds(sounds, read_video_info(folder / "EPIC_100_video_info.csv"))
    # the sound of 21 clips lasts up to 0.4 s longer than the picture
    assert {one.column for one in odd} == {"stop_timestamp"} and len(odd) == 21
