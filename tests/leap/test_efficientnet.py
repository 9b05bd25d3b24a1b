"""The stem of pretrained convolutions: the published network's own figures, frame by frame, and what it refuses."""

from dataclasses import replace

import onnxruntime
import pytest
import torch
import torch.nn.functional as F

from egoprog.errors import ConfigurationError, ModelError
from egoprog.leap.efficientnet import EfficientNetStem, published_weights
from egoprog.leap.export import graph_of, write_onnx
from egoprog.leap.network import LeapNetwork
from egoprog.leap.recipes import SMALL_BACKBONE
from egoprog.leap.uniformer import UniFormerV2
from egoprog.state_dicts import read_checkpoint
from tests.leap.small_model import ALONE

STRIDES = {0: 1, 1: 2, 3: 2, 5: 2, 8: 1, 11: 2}
"""Of the first block of each stage; the others have 1."""
FINE, LAST = 10, 14


@pytest.fixture(scope="module")
def published():
    return read_checkpoint(published_weights())


@pytest.fixture(scope="module")
def stem(published):
    torch.manual_seed(0)
    stem = EfficientNetStem(192)
    stem.start_from(published)
    return stem.eval()


def same_convolution(seen, state, name, norm, stride=1):
    """As TensorFlow pads, and with the batch norm apart."""
    weight = state[f"{name}.weight"]
    kernel = weight.shape[-1]
    sizes = [max((-(-size // stride) - 1) * stride + kernel - size, 0) for size in seen.shape[2:]]
    down, across = sizes
    seen = F.pad(seen, (across // 2, across - across // 2, down // 2, down - down // 2))
    seen = F.conv2d(seen, weight, stride=stride, groups=seen.shape[1] // weight.shape[1])
    parts = [state[f"{norm}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")]
    return F.batch_norm(seen, *parts, eps=1e-3)


def published_features(state, frames, last):
    seen = F.relu6(same_convolution(frames, state, "_conv_stem", "_bn0", 2))
    for k in range(last + 1):
        block, wide = f"_blocks.{k}", seen
        if f"{block}._expand_conv.weight" in state:
            wide = F.relu6(same_convolution(seen, state, f"{block}._expand_conv", f"{block}._bn0"))
        stride = STRIDES.get(k, 1)
        wide = F.relu6(same_convolution(wide, state, f"{block}._depthwise_conv", f"{block}._bn1", stride))
        out = same_convolution(wide, state, f"{block}._project_conv", f"{block}._bn2")
        seen = seen + out if out.shape == seen.shape and k not in STRIDES else out
    return seen


@pytest.mark.parametrize("size", [(112, 192), (48, 80)])
def test_the_convolutions_say_what_the_published_network_says(published, stem, size):
    """112 rows become 7, then 4: an odd number, where padding differs from side to side."""
    frames = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(0))
    seen = F.relu6(stem.first(frames))
    for k, block in enumerate(stem.blocks):
        seen = block(seen)
        if k in (FINE, LAST):
            expected = published_features(published, frames, k)
            assert torch.allclose(seen, expected, atol=1e-3 * expected.abs().max().item())
    assert seen.shape == (2, 192, -(-size[0] // 32), -(-size[1] // 32))


def test_patches_of_a_clip_are_those_of_its_frames(stem):
    clip = torch.randn(2, 3, 3, 112, 192, generator=torch.Generator().manual_seed(1))
    patches = stem(clip)
    assert patches.shape == (2, 192, 3, 7, 12)
    assert torch.allclose(patches[1, :, 2], stem(clip[1:, :, 2:])[0, :, 0], atol=1e-4)
    assert not torch.allclose(patches[1, :, 2], patches[1, :, 1], atol=0.1)


def test_what_is_published_takes_no_gradient_and_the_projection_learns(stem):
    stem(torch.randn(1, 3, 1, 48, 64)).square().mean().backward()
    assert stem.project.weight.grad is not None
    assert all(each.grad is None for each in (*stem.first.parameters(), *stem.blocks.parameters()))


def test_without_published_weights_all_of_it_learns():
    stem = EfficientNetStem(16)
    stem(torch.randn(1, 3, 1, 48, 64)).square().mean().backward()
    assert all(each.grad is not None for each in stem.parameters())


def test_another_network_is_refused_by_name():
    with pytest.raises(ModelError, match=r"expected an EfficientNet-Lite0.*_conv_stem"):
        EfficientNetStem(16).start_from({"conv1.weight": torch.zeros(1)})


def test_another_patch_is_refused():
    with pytest.raises(ConfigurationError, match="patches of 16 px"):
        UniFormerV2(replace(SMALL_BACKBONE, patch_px=8))


def test_the_small_frame_encoder_as_a_graph_says_the_same(tmp_path):
    torch.manual_seed(2)
    network = LeapNetwork(replace(ALONE, backbone=replace(SMALL_BACKBONE, num_classes=ALONE.backbone.num_classes)))
    graph = graph_of("frame_encoder", network)
    write_onnx(graph, tmp_path / "encoder.onnx", {})
    frame = torch.randn(1, 3, 112, 192)
    session = onnxruntime.InferenceSession(tmp_path / "encoder.onnx")
    (said,) = session.run(None, {"frame": frame.numpy()})
    with torch.no_grad():
        expected = graph.module(frame)
    assert said.shape == (1, 1, 85, 192)
    assert abs(said - expected.numpy()).max() <= 1e-4 * max(1.0, expected.abs().max().item())
