"""The rows of the conditioning: what they read, what is null, what learns."""

from dataclasses import replace

import pytest
import torch
from small_lego import TINY, tiny_tokenizer

from egoprog.lego.conditioning import Conditioning
from egoprog.lego.config import LegoConfig

TOKENIZER = tiny_tokenizer()
NULL = torch.from_numpy(TOKENIZER([""])[0])


def rows(conditioning: Conditioning, **options: torch.Tensor) -> torch.Tensor:
    torch.manual_seed(1)
    words = torch.from_numpy(TOKENIZER(["cut carrot", "open drawer"]))
    return conditioning(words, NULL, torch.randn(2, 4, 24), torch.randn(2, 12, 24), **options)


def test_rows_are_words_then_image_then_text():
    conditioning = Conditioning(TINY).eval()
    found = rows(conditioning)
    assert found.shape == (2, TINY.num_tokens, 32) and TINY.num_tokens == 12 + 4 + 12
    words = torch.from_numpy(TOKENIZER(["cut carrot", "open drawer"]))
    assert torch.allclose(found[:, :12], conditioning.text_encoder(words).last_hidden_state)


def test_a_null_conditioning_is_the_empty_sentence_and_zeros():
    conditioning = Conditioning(TINY).eval()
    found = rows(conditioning, is_null_B=torch.tensor([True, False]))
    assert torch.allclose(found[0, :12], conditioning.text_encoder(NULL[None]).last_hidden_state[0], atol=1e-6)
    assert (found[0, 12:] == 0).all()
    assert torch.allclose(found[1], rows(conditioning)[1])


def test_each_word_of_the_text_embedding_comes_to_know_those_behind_it():
    conditioning = Conditioning(TINY).eval()
    words = torch.from_numpy(TOKENIZER(["cut carrot"]))
    image, text = torch.zeros(1, 4, 24), torch.randn(1, 12, 24)
    changed = text.clone()
    changed[0, -1] += 1
    first, second = conditioning(words, NULL, image, text), conditioning(words, NULL, image, changed)
    assert not torch.allclose(first[0, 16], second[0, 16])


@pytest.mark.parametrize("trains", [True, False])
def test_projections_learn_unless_the_ablation_says_no(trains):
    conditioning = Conditioning(replace(TINY, trains_projections=trains)).train()
    rows(conditioning).square().sum().backward()
    own = [one for part in conditioning.projections() for one in part.parameters()]
    assert len(own) > 20
    assert all((one.grad is not None) is trains and one.requires_grad is trains for one in own)


def test_a_frozen_text_encoder_does_not_move():
    config = replace(TINY, text=replace(TINY.text, is_frozen=True))
    conditioning = Conditioning(config).train()
    rows(conditioning).square().sum().backward()
    assert all(one.grad is None for one in conditioning.text_encoder.parameters())
    assert not conditioning.text_encoder.training and conditioning.mixer.training


def test_the_papers_attention_is_two_layers_of_eight_heads():
    with torch.device("meta"):
        conditioning = Conditioning(LegoConfig.paper())
    first = conditioning.mixer.layers[0]
    assert len(conditioning.mixer.layers) == 2 and first.self_attn.num_heads == 8 and first.norm_first
    assert first.linear1.weight.shape == (2048, 768)
    assert conditioning.image_projection.weight.shape == (768, 5120)
