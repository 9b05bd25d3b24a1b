"""What a visual language model is shown: the right picture, a question, and a loss on the answer alone."""

import numpy as np
import pytest
import torch

from egoprog.errors import ConfigurationError
from egoprog.lego.instruction import IGNORED, InstructionDataset, question_of
from egoprog.lego.questions import TEMPLATES
from egoprog.lego.vlm_pictures import PicturePreparation
from egoprog.lego.vlm_tokenizer import VlmTokenizer
from tests.lego.described import described_folder
from tests.lego.small_vlm import TEXTS

TOKENIZER = VlmTokenizer.trained(TEXTS, 320)
PREPARATION = PicturePreparation((32, 32), is_cut=False)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    return described_folder(tmp_path_factory.mktemp("described") / "pairs")


def dataset(pairs, split="train", is_training=True, num_tokens=160, **options):
    return InstructionDataset(pairs, split, TOKENIZER, PREPARATION, 4, num_tokens, is_training, **options)


def test_the_labels_are_the_answer_and_nothing_else(pairs):
    for sample in (dataset(pairs)[3], dataset(pairs, is_training=False)[3]):
        labels = sample["labels"][sample["labels"] != IGNORED]
        assert TOKENIZER.text(labels.tolist()) == sample["description"]
        assert labels[-1] == TOKENIZER.eos_id
        length = int(sample["length"])
        assert (sample["ids"][length:] == TOKENIZER.pad_id).all()
        assert (sample["labels"][length - len(labels) : length] != IGNORED).all()
        assert (sample["ids"] == TOKENIZER.image_id).sum() == 4


def test_training_asks_in_many_words_and_validation_in_the_first(pairs):
    asked = {dataset(pairs)[0]["question"] for _ in range(60)}
    assert asked <= {question_of(pairs.pairs()[0].action, number) for number in range(len(TEMPLATES))}
    assert len(asked) > 1
    still = dataset(pairs, "validation", is_training=False, mirror=1.0, jitter=0.5, sees="both")
    assert still[0]["question"] == question_of(still.pairs[0].action)
    np.testing.assert_array_equal(still[0]["pixels"], PREPARATION([pairs.pictures(still.pairs[0])[0]])[0])


def test_a_mirrored_picture_has_the_other_hand_in_its_words(pairs):
    plain, mirrored = dataset(pairs)[0], dataset(pairs, mirror=1.0)[0]
    assert "left hand" in plain["description"] and "right hand" in mirrored["description"]
    bright = [sample["pixels"][0].mean(0) for sample in (plain, mirrored)]  # by columns
    assert bright[0][:16].mean() > bright[0][16:].mean() and bright[1][:16].mean() < bright[1][16:].mean()


def test_the_frame_of_the_action_is_seen_too_where_asked_for(pairs):
    both = dataset(pairs, sees="both")
    assert len({both[0]["pixels"].sum().item() for _ in range(20)}) == 2
    assert len({dataset(pairs)[0]["pixels"].sum().item() for _ in range(5)}) == 1


def test_colours_change_by_chance_and_alike_for_one_seed(pairs):
    changed = dataset(pairs, jitter=0.4)
    torch.manual_seed(3)
    first = changed[0]["pixels"]
    assert not torch.equal(first, changed[0]["pixels"])
    torch.manual_seed(3)
    assert torch.equal(first, changed[0]["pixels"])


def test_validation_shows_held_out_people(pairs):
    assert {pair.participant_id for pair in dataset(pairs, "validation", False).pairs} == {"P02"}


def test_pairs_that_do_not_fit_are_left_out_and_counted(pairs):
    lengths = sorted(int(dataset(pairs, is_training=False)[k]["length"]) for k in range(12))
    shorter = dataset(pairs, is_training=False, num_tokens=lengths[5])
    assert 0 < len(shorter) < 12 and len(shorter) + shorter.num_too_long == 12
    with pytest.raises(ConfigurationError, match="expected described pairs of at most 9 tokens in the train split"):
        dataset(pairs, num_tokens=9)
