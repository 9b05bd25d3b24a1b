"""The Fréchet distance's InceptionV3: the published file's keys and shapes, and its two oddities."""

import pytest
import torch

from egoprog.errors import ModelError
from egoprog.lego.inception import InceptionV3, load_inception

SHARE = 1 / 16

CONVOLUTIONS = """
Conv2d_1a_3x3 3 32 3x3; Conv2d_2a_3x3 32 32 3x3; Conv2d_2b_3x3 32 64 3x3; Conv2d_3b_1x1 64 80 1x1
Conv2d_4a_3x3 80 192 3x3
Mixed_5b.branch1x1 192 64 1x1; Mixed_5b.branch5x5_2 48 64 5x5; Mixed_5b.branch_pool 192 32 1x1
Mixed_5c.branch_pool 256 64 1x1; Mixed_5d.branch3x3dbl_3 96 96 3x3; Mixed_5d.branch3x3dbl_1 288 64 1x1
Mixed_6a.branch3x3 288 384 3x3; Mixed_6a.branch3x3dbl_3 96 96 3x3
Mixed_6b.branch7x7_2 128 128 1x7; Mixed_6b.branch7x7_3 128 192 7x1; Mixed_6c.branch7x7dbl_2 160 160 7x1
Mixed_6d.branch7x7dbl_5 160 192 1x7; Mixed_6e.branch7x7_1 768 192 1x1; Mixed_6e.branch_pool 768 192 1x1
Mixed_7a.branch3x3_2 192 320 3x3; Mixed_7a.branch7x7x3_3 192 192 7x1; Mixed_7a.branch7x7x3_4 192 192 3x3
Mixed_7b.branch1x1 1280 320 1x1; Mixed_7b.branch3x3_2a 384 384 1x3; Mixed_7b.branch3x3dbl_3b 384 384 3x1
Mixed_7c.branch3x3dbl_1 2048 448 1x1; Mixed_7c.branch3x3dbl_2 448 384 3x3; Mixed_7c.branch_pool 2048 192 1x1
"""
"""Channels in and out and kernels of the published network's layers, one of every kind."""


def test_the_whole_network_has_the_published_files_keys_and_shapes():
    with torch.device("meta"):
        state = InceptionV3().state_dict()
    for entry in CONVOLUTIONS.replace("\n", ";").split(";"):
        if entry.strip():
            name, channels, out, kernel = entry.split()
            assert tuple(state[f"{name}.conv.weight"].shape) == (int(out), int(channels), *map(int, kernel.split("x")))
            assert tuple(state[f"{name}.bn.running_var"].shape) == (int(out),)
    assert tuple(state["fc.weight"].shape) == (1008, 2048)
    assert sum(key.endswith("conv.weight") for key in state) == 94


def small_file(path, with_counters):
    torch.manual_seed(0)
    state = InceptionV3(SHARE).state_dict()
    for key, value in state.items():
        if key.endswith("conv.weight"):
            torch.nn.init.kaiming_normal_(value)  # else nothing is left of a picture after so many layers
    torch.save({k: v for k, v in state.items() if with_counters or "num_batches" not in k}, path)
    return path


@pytest.mark.parametrize("with_counters", [True, False])
def test_a_file_in_the_published_layout_loads_and_gives_features_of_every_picture(tmp_path, with_counters):
    network = load_inception(small_file(tmp_path / "small.pth", with_counters), SHARE)
    pictures = torch.rand(2, 3, 48, 64)
    features = network(pictures)
    assert features.shape == (2, network.width) and not network.training
    assert torch.allclose(features[1:], network(pictures[1:]), atol=1e-5)


def test_averages_leave_out_what_lies_beyond_the_border():
    block = InceptionV3(SHARE).Mixed_5b
    seen = []
    block.branch_pool.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    block.eval()(torch.ones(1, 12, 5, 5))
    assert torch.equal(seen[0], torch.ones(1, 12, 5, 5))


def test_the_last_block_takes_the_maximum_and_the_one_before_it_the_average():
    network = InceptionV3(SHARE).eval()
    for block, is_last in ((network.Mixed_7b, False), (network.Mixed_7c, True)):
        seen = []
        block.branch_pool.register_forward_pre_hook(lambda _, inputs, seen=seen: seen.append(inputs[0]))
        x = torch.zeros(1, block.branch1x1.conv.in_channels, 3, 3)
        x[..., 1, 1] = 9
        block(x)
        assert seen[0][0, 0, 0, 0].item() == (9 if is_last else pytest.approx(9 / 4))


def test_other_weights_are_refused(tmp_path):
    torch.save({"Conv2d_1a_3x3.conv.weight": torch.zeros(32, 3, 3, 3)}, tmp_path / "other.pth")
    with pytest.raises(ModelError, match="missing"):
        load_inception(tmp_path / "other.pth")
    with pytest.raises(ModelError, match="no file"):
        load_inception(tmp_path / "none.pth")
