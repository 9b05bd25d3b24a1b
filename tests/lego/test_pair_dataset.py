"""Pairs as the generator is trained on them."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from small_lego import PLAIN, TINY, tiny_model, tiny_tokenizer, write_enriched, write_pair_folder
from torch.utils.data import Dataset

from egoprog.errors import RecordingError
from egoprog.lego.latents import LatentFolder, encode_pairs
from egoprog.lego.pair_dataset import (
    PairDataset,
    PairSource,
    as_picture,
    mirrored_words,
    spread_subset,
    whole_dataset,
)

LABELS = replace(PLAIN, words="label")


def dataset_of(source: PairSource, config=TINY, split="train", **options: object) -> PairDataset:
    return PairDataset(source, split, config, tiny_tokenizer(), **options)


def test_mirrored_words_name_the_other_side():
    assert mirrored_words("Left hand, RIGHT side, leftover right.") == "Right hand, LEFT side, leftover left."
    told = "With the left hand free and the right hand holding the tea, the person shuts the bin using the left hand."
    other = "With the left hand holding the tea and the right hand free, the person shuts the bin using the right hand."
    assert (mirrored_words(told), mirrored_words(other)) == (other, told)


def test_a_mirrored_pair_mirrors_both_pictures_and_the_words(tmp_path):
    source = PairSource.opened(write_pair_folder(tmp_path / "p").path)
    plain, mirrored = dataset_of(source, PLAIN), dataset_of(source, PLAIN, is_training=True, flip=1.0)
    as_is, other = plain[0], mirrored[0]
    for name in ("frame_picture", "target_picture"):
        assert torch.equal(as_is[name].flip(2), other[name])
    pair = plain.pairs[0]
    assert plain.words(pair) == "The person will open drawer with the left hand, which is on the right."
    assert mirrored.words(pair, True) == "The person will open drawer with the right hand, which is on the left."
    label = dataset_of(source, LABELS, is_training=True, flip=1.0)[2]["words"].numpy()
    assert (label == tiny_tokenizer()(["take right cup"])[0]).all()
    shown = as_picture(as_is["frame_picture"][None])[0]
    assert (shown == source.folder.pictures(pair)[0]).all()


def test_labels_and_descriptions_of_the_vlm_are_read_as_the_row_says(tmp_path):
    folder = write_pair_folder(tmp_path / "p")
    write_enriched(folder)
    source = PairSource.opened(folder.path, "tuned")
    pair = folder.pairs("train")[1]
    assert dataset_of(source, LABELS).words(pair) == "cut carrot"
    assert dataset_of(source, PLAIN).words(pair).startswith("VLM: The person will cut carrot")
    sample = dataset_of(source)[1]
    image = np.load(folder.path / "enriched/tuned/image.npy")
    assert (sample["image"].numpy() == image[1]).all() and sample["text"].shape == (12, 24)
    assert "image" not in dataset_of(source, PLAIN)[1]


def test_mirrored_pairs_take_the_mirrored_pictures_embeddings_where_there_are_any(tmp_path, caplog):
    folder = write_pair_folder(tmp_path / "p")
    write_enriched(folder)
    alone = dataset_of(PairSource.opened(folder.path, "tuned"), is_training=True, flip=1.0)
    assert "keep the embeddings of the unmirrored picture" in caplog.text
    as_is = alone[0]["image"]
    other = write_enriched(folder, "tuned_mirrored")
    np.save(other / "image.npy", np.load(other / "image.npy") + 1)
    both = dataset_of(PairSource.opened(folder.path, "tuned"), is_training=True, flip=1.0)
    assert torch.allclose(both[0]["image"].float(), as_is.float() + 1, atol=1e-2)


def test_text_embeddings_are_cut_or_filled_with_zeros(tmp_path):
    folder = write_pair_folder(tmp_path / "p")
    write_enriched(folder, "short", num_words=5)
    write_enriched(folder, "long", num_words=20)
    short = dataset_of(PairSource.opened(folder.path, "short"))[0]["text"]
    assert short.shape == (12, 24) and (short[5:] == 0).all() and (short[:5] != 0).any()
    assert dataset_of(PairSource.opened(folder.path, "long"))[0]["text"].shape == (12, 24)


def test_what_is_missing_is_told_before_training_begins(tmp_path):
    folder = write_pair_folder(tmp_path / "p")
    with pytest.raises(RecordingError, match="expected embeddings of a VLM"):
        dataset_of(PairSource.opened(folder.path))
    path = write_enriched(folder)
    (path / "done.json").unlink()
    with pytest.raises(RecordingError, match=r"found no done.json"):
        PairSource.opened(folder.path, "tuned")
    write_enriched(folder, "wide", replace(TINY, vlm_width=30))
    with pytest.raises(RecordingError, match=r"image.npy of 4 tokens of width 24, got 4 of 30"):
        dataset_of(PairSource.opened(folder.path, "wide"))
    lines = (path / "descriptions.jsonl").read_text().splitlines()
    (path / "done.json").write_text("{}")
    (path / "descriptions.jsonl").write_text("\n".join(lines[1:]))
    with pytest.raises(RecordingError, match="got none of P01_01_0"):
        PairSource.opened(folder.path, "tuned")
    folder.describe({"P01_01_0": ""})
    with pytest.raises(RecordingError, match="expected a description of P01_01_0"):
        dataset_of(PairSource.opened(folder.path), PLAIN)[0]


@pytest.mark.parametrize("is_mixed", [False, True])
def test_kept_latents_are_those_of_the_pictures(tmp_path, monkeypatch, is_mixed):
    monkeypatch.setattr("egoprog.lego.latents.cpu_multiplies_bf16", lambda: is_mixed)
    source = PairSource.opened(write_pair_folder(tmp_path / "p").path)
    autoencoder = tiny_model().autoencoder
    kept = replace(source, latents=encode_pairs(source.folder, autoencoder, TINY.size_px))
    for flip in (0.0, 1.0):
        pictures = dataset_of(source, PLAIN, is_training=True, flip=flip)[2]
        latents = dataset_of(kept, PLAIN, is_training=True, flip=flip)[2]
        for name in ("frame", "target"):
            own = autoencoder.encode(pictures[f"{name}_picture"][None]).latent_dist.mode()[0]
            error = latents[name] - own
            if is_mixed:
                assert 0 < error.square().mean() < 1e-3 * own.square().mean()
            else:
                assert error.abs().max() < 2e-3 * own.abs().max()  # half precision


def test_mirrored_pictures_are_encoded_only_where_a_training_mirrors(tmp_path):
    folder = write_pair_folder(tmp_path / "p")
    autoencoder = tiny_model().autoencoder
    whole, plain = (encode_pairs(folder, autoencoder, TINY.size_px, mirrors=mirrors) for mirrors in (True, False))
    assert whole.path != plain.path
    for one, other in zip(whole.pair(2, False), plain.pair(2, False), strict=True):
        assert np.abs(one - other).max() < 2e-3 * np.abs(one).max()
    with pytest.raises(RecordingError, match="expected latents of mirrored pictures"):
        plain.pair(2, True)


def test_encoding_goes_on_where_it_was_stopped(tmp_path):
    folder = write_pair_folder(tmp_path / "p")
    autoencoder = tiny_model().autoencoder
    path = encode_pairs(folder, autoencoder, TINY.size_px).path
    state = json.loads((path / "latents.json").read_text())
    (path / "latents.json").write_text(json.dumps(state | {"done": 3}))
    with pytest.raises(RecordingError, match="got a part"):
        LatentFolder(path)
    latents = np.load(path / "latents.npy")
    np.save(path / "latents.npy", latents * 0)  # what is done is not done again
    encode_pairs(folder, autoencoder, TINY.size_px)
    again = np.load(path / "latents.npy")
    assert (again[:3] == 0).all() and (again[3:] == latents[3:]).all()


def test_two_datasets_are_joined_and_validation_is_spread(tmp_path):
    parts = [dataset_of(PairSource.opened(write_pair_folder(tmp_path / name).path), PLAIN) for name in "ab"]
    whole = whole_dataset(parts)
    assert len(whole) == 8
    few = spread_subset(whole, 3)
    assert [sample["narration_id"] for sample in few] == ["P01_01_0", "P01_01_0", "P01_01_3"]
    assert isinstance(few, Dataset) and spread_subset(whole, None) is whole
