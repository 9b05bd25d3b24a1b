"""Drawing many pairs, in Python and by  python -m training.draw."""

import json
from dataclasses import replace

import numpy as np
import pytest
from small_lego import PLAIN, TINY, tiny_model, write_enriched, write_pair_folder

from egoprog.errors import ConfigurationError
from egoprog.lego.checkpoints import save_model
from egoprog.lego.generated import GeneratedFolder
from egoprog.lego.pair_dataset import PairSource
from egoprog.lego.pair_drawing import DrawingOptions, about, draw_pairs, seed_of
from egoprog.lego.pipeline import generate
from egoprog.train.precision import cpu_multiplies_bf16
from training.draw import main

STEPS = DrawingOptions(num_steps=2)


@pytest.fixture
def folder(tmp_path):
    return write_pair_folder(tmp_path / "pairs")


def drawn(out, pairs):
    return [GeneratedFolder(out).read(pair.pair_id) for pair in pairs]


def test_a_stop_and_the_size_of_batches_change_no_picture(folder, tmp_path):
    model, source = tiny_model(PLAIN), PairSource.opened(folder.path)
    pairs = folder.pairs()
    assert list(draw_pairs(model, source, pairs, GeneratedFolder(tmp_path / "a"), STEPS, batch=4)) == [4, 2]
    out = GeneratedFolder(tmp_path / "b")
    assert next(draw_pairs(model, source, pairs, out, STEPS, batch=1)) == 1
    first = out.path_of(pairs[0].pair_id).stat().st_mtime_ns
    assert sum(draw_pairs(model, source, pairs, out, STEPS, batch=5)) == 5
    assert out.path_of(pairs[0].pair_id).stat().st_mtime_ns == first, "what was there is not drawn again"
    for one, other in zip(drawn(tmp_path / "a", pairs), drawn(tmp_path / "b", pairs), strict=True):
        assert np.abs(one.astype(int) - other).max() <= 1


def test_each_pair_is_drawn_from_its_own_frame_words_and_embeddings(folder, tmp_path):
    write_enriched(folder)
    model, source = tiny_model(TINY), PairSource.opened(folder.path, "tuned")
    pair = folder.pairs()[3]
    list(draw_pairs(model, source, [pair], GeneratedFolder(tmp_path / "a"), STEPS))
    (picture,) = drawn(tmp_path / "a", [pair])
    row, enriched = folder.row(pair), source.enriched
    (expected,) = generate(
        model, [folder.pictures(pair)[0]], [enriched.description(row)], enriched.image(row)[None],
        enriched.text(row, model.config.num_words)[None], seeds=[seed_of(pair)], num_steps=2,
    )  # fmt: skip
    assert (picture == expected).all()


def test_half_the_work_draws_nearly_the_same_and_is_told(folder, tmp_path):
    model, source = tiny_model(PLAIN), PairSource.opened(folder.path)
    pairs = folder.pairs()
    for precision in ("fp32", "bf16"):
        options = replace(STEPS, precision=precision)
        list(draw_pairs(model, source, pairs, GeneratedFolder(tmp_path / precision), options))
    plain, mixed = (np.stack(drawn(tmp_path / one, pairs)).astype(int) for one in ("fp32", "bf16"))
    assert np.abs(plain - mixed).mean() < 3.0
    assert about(replace(STEPS, precision="bf16"))["precision"] == ("bf16" if cpu_multiplies_bf16() else "fp32")


@pytest.mark.parametrize("method", ["sdedit", "proxnpi"])
def test_baselines_take_a_model_that_sees_no_frame(folder, tmp_path, method):
    source, out = PairSource.opened(folder.path), GeneratedFolder(tmp_path / "a")
    options = DrawingOptions(method, num_steps=2)
    blind = tiny_model(replace(PLAIN, sees_frame=False))
    assert sum(draw_pairs(blind, source, folder.pairs(), out, options)) == 6
    with pytest.raises(ConfigurationError, match="text-to-frame"):
        list(draw_pairs(tiny_model(PLAIN), source, folder.pairs(), GeneratedFolder(tmp_path / "b"), options))


def test_the_command_draws_held_out_pairs_and_says_how(folder, tmp_path, capsys):
    save_model(tiny_model(PLAIN), tmp_path / "model")
    arguments = ["--model", str(tmp_path / "model"), "--pairs", str(folder.path), "--out", str(tmp_path / "out")]
    assert main([*arguments, "--steps", "2"]) == 0
    held_out = folder.pairs("validation")
    assert GeneratedFolder(tmp_path / "out").ids() == {pair.pair_id for pair in held_out}
    about = json.loads((tmp_path / "out" / "about.json").read_text())
    assert about["num_steps"] == 2 and about["method"] == "generator" and about["commit"]
    assert f"{len(held_out)} pictures" in capsys.readouterr().out
    assert main([*arguments, "--unseen"]) == 1
    assert "expected held-out pairs" in capsys.readouterr().err
