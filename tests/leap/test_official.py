"""Published checkpoints are recognised, load or say what is wrong with them, and never run code."""

import pickle
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file

from egoprog.errors import ModelError
from egoprog.leap.config import UniFormerConfig
from egoprog.leap.official import inferred_config, load_for_fine_tuning
from egoprog.leap.uniformer import UniFormerV2
from egoprog.state_dicts import read_checkpoint, resized_positions

SMALL = UniFormerConfig(
    width=64, num_layers=3, num_heads=1, patch_px=8, size_px=(24, 24), num_classes=5, global_layers=(1, 2)
)
PUBLISHED = {
    "K400 B/16": UniFormerConfig(),
    "K710 L/14": UniFormerConfig(
        width=1024, num_layers=24, num_heads=16, patch_px=14, num_classes=710, global_layers=(20, 21, 22, 23)
    ),
    "K400 L/14 at 336, frozen": UniFormerConfig(
        width=1024,
        num_layers=24,
        num_heads=16,
        patch_px=14,
        size_px=(336, 336),
        global_layers=(20, 21, 22, 23),
        is_frozen=True,
        class_frames="none",
    ),
    "SSv2 B/16": UniFormerConfig(
        num_frames=16,
        num_classes=174,
        global_layers=tuple(range(4, 12)),
        num_local=2,
        temporal_patch=3,
        temporal_stride=2,
    ),
}


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


@pytest.fixture
def state():
    return UniFormerV2(SMALL).state_dict()


@pytest.mark.parametrize("config", PUBLISHED.values(), ids=PUBLISHED)
def test_the_configuration_is_read_off_a_state_dict(config):
    with torch.device("meta"):
        state = UniFormerV2(config).state_dict()
    assert inferred_config(state) == config


@pytest.mark.parametrize("reduction", [1.5, 2.0, 2.7, 4.0, 63.0])
def test_any_reduction_of_the_local_mhras_is_found(reduction):
    with torch.device("meta"):
        state = UniFormerV2(replace(SMALL, num_local=1, local_reduction=reduction)).state_dict()
        again = UniFormerV2(inferred_config(state)).state_dict()
    assert {key: value.shape for key, value in again.items()} == {key: value.shape for key, value in state.items()}


@pytest.mark.parametrize("prefix", ["", "backbone."])
@pytest.mark.parametrize("suffix", [".pth", ".pyth", ".safetensors"])
def test_a_file_gives_the_model_that_was_saved(state, tmp_path, prefix, suffix):
    path = tmp_path / f"model{suffix}"
    named = {prefix + key: value for key, value in state.items()}
    if suffix == ".safetensors":
        save_file(named, path)
    else:
        torch.save({"epoch": 3, "model_state": named, "cfg": "TRAIN: ..."} if suffix == ".pyth" else named, path)
    model = UniFormerV2.from_official(read_checkpoint(path))
    assert not model.training
    assert all(torch.equal(value, state[key]) for key, value in model.state_dict().items())


def test_heads_can_be_told(state):
    assert UniFormerV2.from_official(state).config.num_heads == 1
    assert UniFormerV2.from_official(state, heads=4).config.num_heads == 4


def test_a_width_that_64_does_not_divide_asks_for_the_heads():
    state = UniFormerV2(replace(SMALL, width=48, num_heads=4)).state_dict()
    with pytest.raises(ModelError, match="got 48; say how many heads"):
        UniFormerV2.from_official(state)
    assert UniFormerV2.from_official(state, heads=4).config.num_heads == 4


def test_half_precision_weights_load_as_floats(state):
    model = UniFormerV2.from_official({key: value.half() for key, value in state.items()})
    assert model.conv1.weight.dtype == torch.float32


@pytest.mark.parametrize(
    "key",
    [
        "conv1.weight",
        "class_embedding",
        "positional_embedding",
        "ln_pre.bias",
        "transformer.temporal_cls_token",
        "transformer.resblocks.1.attn.in_proj_weight",
        "transformer.dpe.0.weight",
        "transformer.dec.1.ln_3.weight",
        "transformer.proj.2.weight",
    ],
)
def test_a_missing_key_is_named(state, key):
    del state[key]
    with pytest.raises(ModelError, match=f"missing {key}"):
        UniFormerV2.from_official(state)


def test_a_misspelt_key_is_named_with_the_nearest(state):
    state["transformer.dec.0.atn.out_proj.bias"] = state.pop("transformer.dec.0.attn.out_proj.bias")
    with pytest.raises(ModelError) as caught:
        UniFormerV2.from_official(state)
    message = str(caught.value)
    assert "missing transformer.dec.0.attn.out_proj.bias (instead of transformer.dec.0.atn.out_proj.bias?)" in message
    assert "unknown transformer.dec.0.atn.out_proj.bias (did you mean transformer.dec.0.attn.out_proj.bias?)" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "key, shape",
    [
        ("transformer.resblocks.2.mlp.c_fc.weight", (64, 64)),
        ("class_embedding", (32,)),
        ("conv1.weight", (32, 3, 1, 8, 8)),
        ("positional_embedding", (10, 32)),
        ("transformer.proj.2.bias", (6,)),
    ],
)
def test_a_misshapen_key_is_named_with_both_shapes(state, key, shape):
    wanted = tuple(state[key].shape)
    state[key] = torch.zeros(shape)
    with pytest.raises(ModelError) as caught:
        UniFormerV2.from_official(state)
    assert f"misshapen {key} (expected {wanted}, got {shape})" in str(caught.value)


def test_something_else_is_refused():
    with pytest.raises(ModelError, match="expected a UniFormerV2"):
        UniFormerV2.from_official({"fc.weight": torch.zeros(2, 2)})
    with pytest.raises(ModelError, match="got a str under 'epoch'"):
        UniFormerV2.from_official({"epoch": "3"})


class _Trap:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.parametrize("write", [torch.save, lambda value, path: path.write_bytes(pickle.dumps(value, protocol=2))])
def test_a_pickle_with_code_is_refused_and_not_run(tmp_path, write):
    path, mark = tmp_path / "model.pth", tmp_path / "mark"
    write({"conv1.weight": _Trap(mark)}, path)
    with pytest.raises(ModelError, match=r"a pickle with code in it \(.*open\).*it was not run") as caught:
        read_checkpoint(path)
    assert "\n" not in str(caught.value)
    assert not mark.exists()


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_damaged_or_missing_file_is_refused_in_one_line(state, tmp_path, suffix):
    path = tmp_path / f"model{suffix}"
    with pytest.raises(ModelError, match="got no file"):
        read_checkpoint(path)
    (save_file if suffix == ".safetensors" else torch.save)(state, path)
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", b"what is this"):
        path.write_bytes(damaged)
        with pytest.raises(ModelError) as caught:
            read_checkpoint(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_fine_tuning_takes_other_classes_another_size_and_more_frames_when_asked(state):
    config = replace(SMALL, num_classes=9, size_px=(16, 32), num_frames=32, time_embedding="stem")
    model = UniFormerV2(config)
    classifier = model.transformer.proj[2].weight.clone()
    for asked in ({}, {"resize": True}, {"new_classifier": True}):
        with pytest.raises(ModelError, match="misshapen"):
            load_for_fine_tuning(model, state, **asked)
    load_for_fine_tuning(model, {"model_state": state}, new_classifier=True, resize=True)
    assert torch.equal(model.transformer.proj[2].weight, classifier)
    assert torch.equal(model.conv1.weight, state["conv1.weight"])
    assert torch.equal(model.positional_embedding[0], state["positional_embedding"][0])
    assert model(torch.zeros(1, 3, 32, 16, 32)).shape == (1, 9)


def test_fine_tuning_still_names_what_is_missing(state):
    del state["transformer.balance"]
    with pytest.raises(ModelError, match=r"missing transformer\.balance"):
        load_for_fine_tuning(UniFormerV2(SMALL), state, new_classifier=True, resize=True)


def test_resized_positions_keep_their_picture():
    ramp = torch.linspace(0, 1, 6).expand(6, 6).flatten()[:, None]
    positions = torch.cat([torch.full((1, 1), 7.0), ramp])
    resized = resized_positions(positions, (3, 12))
    assert resized.shape == (37, 1) and resized[0] == 7
    rows = resized[1:, 0].unflatten(0, (3, 12))
    torch.testing.assert_close(rows[0], rows[2])
    assert (rows[0].diff() > 0).all()
    assert torch.equal(resized_positions(positions, (6, 6)), positions)
    with pytest.raises(ModelError, match="square grid"):
        resized_positions(positions[:-1], (3, 12))
