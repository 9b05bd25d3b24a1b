"""UniFormerV2 says what the original says, trains as it does, and refuses clips that it can't see.

tests/leap/golden/uniformer.json holds logits of the original implementation (OpenGVLab/UniFormerV2 at 722a434, class
VisionTransformer of slowfast/models/uniformerv2_model.py, in eval mode) for small models of every published kind. Each
was given the arguments of its case, its state dict was filled by `filled`, and it was shown `clip_of`. Every parameter
is filled, because a fresh global block gives exactly nothing. "after_training_step": norms of its gradients of the
mean squared logit, in training mode without dropout, and of its running statistics after that.
"""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from egoprog.errors import ConfigurationError, InputError
from egoprog.leap.config import UniFormerConfig
from egoprog.leap.uniformer import UniFormerV2

GOLDEN = json.loads((Path(__file__).parent / "golden" / "uniformer.json").read_text())
SMALL = UniFormerConfig(
    width=32, num_layers=3, num_heads=4, patch_px=8, size_px=(16, 24), num_frames=4, num_classes=5, global_layers=(1, 2)
)
KINDS = {
    "Kinetics": {},
    "frozen": {"is_frozen": True, "class_frames": "none"},
    "Something-Something": {"num_local": 2, "temporal_patch": 3, "temporal_stride": 2},
}


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


def filled(state):
    """A state dict of the same keys and shapes by a formula: no two parameters alike, variances positive."""
    numbers = {}
    for k, key in enumerate(sorted(state)):
        shape = state[key].shape
        place = torch.arange(state[key].numel(), dtype=torch.float64)
        wave = torch.sin(0.37 * place * place + 0.11 * place + k).reshape(shape)
        if key.endswith("num_batches_tracked"):
            numbers[key] = torch.tensor(k)
        elif key.endswith("running_var") or (len(shape) == 1 and key.endswith("weight")):
            numbers[key] = (1 + 0.5 * wave).float()
        else:
            fan_in = state[key][0].numel() if len(shape) > 1 and "embedding" not in key else 4
            numbers[key] = (wave * 1.5 / fan_in**0.5).float()
    return numbers


def clip_of(num_clips, num_frames, size_px):
    """Clips by a formula."""
    place = torch.arange(num_clips * 3 * num_frames * size_px * size_px, dtype=torch.float64)
    return torch.sin(0.013 * place * place + 0.7 * place).reshape(num_clips, 3, num_frames, size_px, size_px).float()


def model_of(case):
    """Ours, with the original's names and shapes, loaded as a published checkpoint is."""
    like = UniFormerV2(UniFormerConfig(**case["ours"] | {"size_px": tuple(case["ours"]["size_px"])})).state_dict()
    return UniFormerV2.from_official(filled(like), heads=case["ours"]["num_heads"])


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case["name"])
def test_logits_are_those_of_the_original(case):
    model = model_of(case)
    with torch.inference_mode():
        logits = model(clip_of(2, case["num_frames"], case["original"]["input_resolution"]))
    wanted = torch.tensor(case["logits"])
    difference = (logits - wanted).abs().max().item()
    print(f"{case['name']}: {difference:.1e} of 1e-4; the logits' spread is {wanted.std():.2f}")
    assert difference < 1e-4
    assert wanted.std() > 0.1  # logits of nothing would agree with anything


@pytest.mark.parametrize("case", [case for case in GOLDEN if "after_training_step" in case], ids=lambda c: c["name"])
def test_a_training_step_has_the_gradients_and_statistics_of_the_original(case):
    model = model_of(case).train()
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    logits = model(clip_of(2, case["num_frames"], case["original"]["input_resolution"]))
    logits.square().mean().backward()
    ours = {name: parameter.grad.norm() for name, parameter in model.named_parameters()}
    ours |= {name: buffer.norm() for name, buffer in model.named_buffers() if "running" in name}
    assert ours.keys() == case["after_training_step"].keys()
    for name, wanted in case["after_training_step"].items():
        assert ours[name].item() == pytest.approx(wanted, rel=1e-3, abs=1e-5), name


@pytest.mark.parametrize(
    "config, num_keys, num_parameters",
    [
        (UniFormerConfig(), 219, 114_552_208),
        (
            UniFormerConfig(width=1024, num_layers=24, num_heads=16, patch_px=14, global_layers=(20, 21, 22, 23)),
            363,
            354_099_600,
        ),
        (
            UniFormerConfig(
                global_layers=tuple(range(4, 12)), num_classes=174, num_local=2, temporal_patch=3, temporal_stride=2
            ),
            547,
            162_992_814,
        ),
        (
            UniFormerConfig(
                width=1024,
                num_layers=24,
                num_heads=16,
                patch_px=14,
                global_layers=tuple(range(8, 24)),
                num_classes=174,
                num_local=2,
                temporal_patch=3,
                temporal_stride=2,
            ),
            1083,
            573_949_966,
        ),
    ],
    ids=["K400 B/16", "K400 L/14", "SSv2 B/16", "SSv2 L/14"],
)
def test_published_models_have_as_many_keys_and_parameters(config, num_keys, num_parameters):
    with torch.device("meta"):
        model = UniFormerV2(config)
    assert len(model.state_dict()) == num_keys
    assert sum(parameter.numel() for parameter in model.parameters()) == num_parameters


@pytest.mark.parametrize("place", ["stem", "global"])
def test_a_fresh_time_embedding_changes_nothing_until_it_is_learned(place):
    plain = UniFormerV2(SMALL).eval()
    plain.load_state_dict(filled(plain.state_dict()))
    timed = UniFormerV2(replace(SMALL, time_embedding=place)).eval()
    missing = timed.load_state_dict(plain.state_dict(), strict=False).missing_keys
    clip = torch.randn(2, 3, 4, 16, 24)
    assert missing == ["time_embedding"]
    torch.testing.assert_close(timed(clip), plain(clip))
    torch.nn.init.normal_(timed.time_embedding)
    assert (timed(clip) - plain(clip)).abs().max() > 1e-3
    assert not torch.allclose(timed(clip), timed(clip.flip(2)))


def test_frames_of_the_kinetics_kinds_are_independent_of_each_other():
    model = UniFormerV2(replace(SMALL, time_embedding="global")).eval()
    model.load_state_dict(filled(model.state_dict()))
    clip = torch.randn(1, 3, 4, 16, 24)
    assert model.is_per_frame
    alone = torch.cat([model.frames(clip[:, :, k : k + 1]) for k in range(4)], dim=1)
    torch.testing.assert_close(alone, model.frames(clip), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_every_parameter_that_learns_gets_a_gradient(kind):
    model = UniFormerV2(replace(SMALL, drop_path=0.2, dropout=0.1, **KINDS[kind])).train()
    model.load_state_dict(filled(model.state_dict()))
    torch.manual_seed(1)
    sum(model(torch.randn(2, 3, 4, 16, 24)).square().mean() for _ in range(4)).backward()
    untouched = {name for name, parameter in model.named_parameters() if parameter.grad is None}
    if kind == "frozen":
        assert untouched and all(not name.startswith(("transformer.d", "transformer.proj")) for name in untouched)
    else:
        assert not untouched


def test_drop_path_and_dropout_act_in_training_alone():
    model = UniFormerV2(replace(SMALL, drop_path=0.5, dropout=0.5))
    model.load_state_dict(filled(model.state_dict()))
    clip = torch.randn(2, 3, 4, 16, 24)
    assert not torch.equal(model.train()(clip), model(clip))
    assert torch.equal(model.eval()(clip), model(clip))


def test_clips_of_another_size_are_refused_with_the_expected_one():
    with pytest.raises(InputError, match=r"expected clips \(B, 3, T, 16, 24\), got \(1, 3, 4, 24, 24\)"):
        UniFormerV2(SMALL)(torch.zeros(1, 3, 4, 24, 24))


@pytest.mark.parametrize("place", ["stem", "global"])
def test_another_number_of_frames_is_refused_where_times_are_learned(place):
    with pytest.raises(InputError, match="expected 4 frames after the stem, got 3"):
        UniFormerV2(replace(SMALL, time_embedding=place))(torch.zeros(1, 3, 3, 16, 24))


@pytest.mark.parametrize(
    "change, said",
    [
        ({"num_heads": 5}, "5 heads divide"),
        ({"size_px": (16, 20)}, "whole patches of 8 px"),
        ({"global_layers": (1, 3)}, "end with the last, 2"),
    ],
)
def test_shapes_that_do_not_fit_together_are_refused(change, said):
    with pytest.raises(ConfigurationError, match=said):
        UniFormerV2(replace(SMALL, **change))
