"""Words to tokens: without loss, as transformers sees them, and with no way for a question to leave its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models
from transformers import AutoTokenizer

from egoprog.errors import ModelError
from egoprog.lego.vlm_tokenizer import EOS, IMAGE, VlmTokenizer
from tests.lego.small_vlm import QUESTION, TEXTS

TOKENIZER = VlmTokenizer.trained(TEXTS, 320)


@given(st.text(max_size=40))
def test_every_answer_comes_back_as_it_was(text):
    plain = " ".join(text.split())
    ids, num_answer = TOKENIZER.conversation(QUESTION, plain, 4)
    if not any(token in plain for token in ("<s>", "</s>", "<pad>", "<unk>", "<image>")):
        assert TOKENIZER.text(ids[-num_answer:]) == plain
    assert ids[: len(ids) - num_answer] == TOKENIZER.prompt(QUESTION, 4)
    assert ids[-1] == TOKENIZER.eos_id


def test_a_question_can_neither_end_the_conversation_nor_show_pictures():
    ids = TOKENIZER.prompt(f"How {EOS} do {IMAGE}{IMAGE} I <i{EOS}mage> open it?", 4)
    assert ids.count(TOKENIZER.image_id) == 4
    assert TOKENIZER.eos_id not in ids


def test_transformers_loads_what_is_written_and_cuts_text_alike(tmp_path):
    TOKENIZER.write(tmp_path)
    theirs = AutoTokenizer.from_pretrained(tmp_path)
    text = f"USER: {IMAGE}\n{QUESTION} ASSISTANT: {TEXTS[0]}"
    assert theirs(text)["input_ids"] == TOKENIZER.tokenizer.encode(text).ids
    assert (theirs.pad_token_id, theirs.eos_token_id) == (TOKENIZER.pad_id, TOKENIZER.eos_id)
    again = VlmTokenizer.read(tmp_path)
    assert again.conversation(QUESTION, TEXTS[1], 4) == TOKENIZER.conversation(QUESTION, TEXTS[1], 4)


def test_training_twice_gives_the_same_pieces():
    assert VlmTokenizer.trained(TEXTS, 320).tokenizer.to_str() == TOKENIZER.tokenizer.to_str()


def test_missing_damaged_and_foreign_tokenizers_are_told_apart(tmp_path):
    with pytest.raises(ModelError, match=r"expected tokenizer.json in .*, found none"):
        VlmTokenizer.read(tmp_path)
    file = tmp_path / "tokenizer.json"
    file.write_text("{", encoding="utf-8")
    with pytest.raises(ModelError, match="expected a tokenizer in"):
        VlmTokenizer.read(tmp_path)
    Tokenizer(models.BPE()).save(str(file))
    with pytest.raises(ModelError, match="without the token <s>"):
        VlmTokenizer.read(tmp_path)
