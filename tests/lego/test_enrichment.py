"""Descriptions at scale: one row a pair, resumed where they stopped, never mixed with another model's."""

import json
from dataclasses import replace

import numpy as np
import pytest

from egoprog.data.frame_pairs import PairFolder, write_pairs
from egoprog.errors import ConfigurationError
from egoprog.lego.enriched_folder import EnrichedFolder
from egoprog.lego.enrichment import enrich, read_done
from egoprog.lego.instruction import question_of
from tests.lego.described import described_folder
from tests.lego.small_vlm import tiny_vlm
from training.enrich import main


@pytest.fixture
def pairs(tmp_path):
    return described_folder(tmp_path / "pairs", num_train=4, num_validation=2)


@pytest.fixture(scope="module")
def vlm():
    return tiny_vlm()


def enriched(vlm, pairs, name="tiny", model="m", num_text_tokens=12, **options):
    return enrich(vlm, pairs, name, model, num_text_tokens, most_tokens=8, **options)


def ids_of(pairs):
    return [pair.pair_id for pair in pairs.pairs()]


def test_every_pair_gets_what_the_model_says_and_thinks_of_its_input_frame(pairs, vlm):
    folder = enriched(vlm, pairs, batch=4)
    found = EnrichedFolder(folder, ids_of(pairs))
    pair = pairs.pairs()[5]
    picture, question = pairs.pictures(pair)[0], question_of(pair.action)
    assert found.description(5) == vlm.describe([picture], [question], 8)[0]
    own = vlm.embeddings([picture], [question], [found.description(5)], 12)
    np.testing.assert_allclose(found.image(5), own.image[0].numpy(), atol=2e-3)
    np.testing.assert_allclose(found.text(5, 12), own.text[0].numpy(), atol=1e-2)
    assert np.load(folder / "lengths.npy")[5] == own.lengths[0]
    done = json.loads((folder / "done.json").read_text())
    assert done["num_pairs"] == 6 and done["model"] == "m" and "command" in done


def test_pairs_that_share_frame_and_action_are_described_once(pairs, vlm, monkeypatch):
    """Three targets of one action are three pairs to a generator, and one question to the model."""
    first, *_, last = pairs.pairs()
    write_pairs(pairs.path / "pairs.jsonl", [first, replace(first, pair_id="later", target_s=9.0), *pairs.pairs()[2:]])
    inputs = np.load(pairs.path / "inputs.npy")
    np.save(pairs.path / "inputs.npy", inputs[[0, 0, *range(2, len(inputs))]])
    asked, describe = [], vlm.describe
    monkeypatch.setattr(vlm, "describe", lambda pictures, *rest: asked.extend(pictures) or describe(pictures, *rest))
    pairs = PairFolder(pairs.path)
    found = EnrichedFolder(enriched(vlm, pairs, batch=4), ids_of(pairs))
    assert len(asked) == len(inputs) - 1
    assert found.description(0) == found.description(1)
    np.testing.assert_array_equal(found.image(0), found.image(1))
    own = vlm.embeddings([inputs[-1]], [question_of(last.action)], [found.description(len(inputs) - 1)], 12)
    np.testing.assert_allclose(found.text(len(inputs) - 1, 12), own.text[0].numpy(), atol=1e-2)


def test_what_was_killed_goes_on_with_the_same_rows(pairs, vlm):
    whole = enriched(vlm, pairs, "whole", batch=2)
    parts = enriched(vlm, pairs, "parts", batch=2, most=2)
    assert read_done(parts) is None
    with (parts / "descriptions.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"pair_id": "half a li')
    enriched(vlm, pairs, "parts", batch=2)
    assert read_done(parts).startswith("6 pairs")
    assert (parts / "descriptions.jsonl").read_text() == (whole / "descriptions.jsonl").read_text()
    for name in ("image", "text", "lengths"):
        np.testing.assert_array_equal(np.load(parts / f"{name}.npy"), np.load(whole / f"{name}.npy"))


def test_a_name_is_not_shared_by_two_models(pairs, vlm):
    enriched(vlm, pairs, most=2)
    with pytest.raises(ConfigurationError, match="go on with model m, got other; choose another --name"):
        enriched(vlm, pairs, model="other")
    enriched(vlm, pairs)
    with pytest.raises(ConfigurationError, match="num_text_tokens 12, got 13"):
        enriched(vlm, pairs, num_text_tokens=13)
    with pytest.raises(ConfigurationError, match="a name of letters"):
        enriched(vlm, pairs, "../tiny")


def test_mirrored_pictures_have_a_folder_of_their_own(pairs, vlm):
    plain, mirrored = (enriched(vlm, pairs, is_mirrored=each) for each in (False, True))
    assert mirrored.name == "tiny_mirrored"
    one, other = (EnrichedFolder(folder, ids_of(pairs)).image(0) for folder in (plain, mirrored))
    assert not np.allclose(one, other)


def test_the_command_enriches_goes_on_and_names_what_is_amiss(pairs, vlm, tmp_path, capsys):
    vlm.save(tmp_path / "vlm")
    arguments = ["--pairs", str(pairs.path), "--vlm", str(tmp_path / "vlm"), "--name", "tiny", "--most-tokens", "8"]
    assert main([*arguments, "--most", "2"]) == 0
    assert "the same command goes on" in capsys.readouterr().out
    assert main(arguments) == 0
    assert "6 pairs, the last 4 in" in capsys.readouterr().out
    assert main([*arguments[:2], "--vlm", str(tmp_path), "--name", "tiny"]) == 1
    assert capsys.readouterr().err.startswith("training.enrich: expected a visual language model's folder")
