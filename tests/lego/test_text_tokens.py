"""Words to tokens: as transformers' CLIP tokenizer has them, without transformers."""

import pytest
from small_lego import tiny_tokenizer
from transformers import CLIPTokenizer

from egoprog.errors import ModelError
from egoprog.lego.text_tokens import TextTokenizer

TEXTS = [
    "Open the  drawer!",
    "",
    "xylophon's 12 é, take it",
    "the person shall wash plate with the right hand and more",
]


@pytest.mark.parametrize("kept", ["tokenizer.json", "vocab.json"])
def test_tokens_are_those_of_transformers(tmp_path, kept):
    tokenizer = tiny_tokenizer()
    tokenizer.save(tmp_path)
    if kept == "vocab.json":  # as Stable Diffusion 1.5's folder is published
        (tmp_path / "tokenizer.json").unlink()
    ours = TextTokenizer.read(tmp_path, 12)(TEXTS)
    theirs = CLIPTokenizer.from_pretrained(tmp_path)(TEXTS, padding="max_length", max_length=12, truncation=True)
    assert ours.tolist() == theirs["input_ids"]
    assert ours.tolist() == tokenizer(TEXTS).tolist()


def test_long_texts_are_cut_and_end_like_others():
    tokens = tiny_tokenizer()(["wash " * 10_000])
    assert tokens.shape == (1, 12) and tokens[0, -1] == tiny_tokenizer()([""])[0, -1]


def test_letters_that_training_never_showed_have_tokens():
    first, second = tiny_tokenizer()(["ж", "你"])
    assert (first != second).any()


def test_a_folder_without_a_tokenizer_is_told(tmp_path):
    with pytest.raises(ModelError, match=r"expected tokenizer.json, or vocab.json and merges.txt"):
        TextTokenizer.read(tmp_path, 12)
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(ModelError, match="expected CLIP's tokenizer in"):
        TextTokenizer.read(tmp_path, 12)
