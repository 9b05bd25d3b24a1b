"""Muon beside AdamW: which parameters each moves, how far, and that a state comes back."""

import copy

import pytest
import torch
from torch import nn

from egoprog.train.config import TrainingConfig
from egoprog.train.optimiser import MuonAdamW, make_optimiser, orthogonal

CONFIG = TrainingConfig(optimiser="muon", learning_rate=0.01, weight_decay=0.0, muon_factor=1.0)


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 8), nn.LayerNorm(8), nn.Linear(8, 3))


def optimiser_of(model):
    return make_optimiser(model, CONFIG, lambda name: 0, [model[0]])


def step(model, optimiser, seed):
    torch.manual_seed(seed)
    loss = model(torch.randn(16, 6)).square().mean()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return float(loss.detach())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shape", [(8, 30), (30, 8)])
def test_singular_values_become_alike(shape, dtype):
    torch.manual_seed(0)
    matrix = torch.randn(shape) @ torch.diag(torch.logspace(0, -1, shape[1]))
    values = torch.linalg.svdvals(orthogonal(matrix.to(dtype)).float())
    assert values.min() > 0.5 and values.max() < 1.3


@pytest.mark.parametrize("shape", [(8, 30), (30, 8), (8, 16)])
def test_the_short_way_of_long_matrices_comes_to_the_same(shape):
    torch.manual_seed(0)
    matrix = torch.randn(shape) @ torch.diag(torch.logspace(0, -3, shape[1]))
    exact = orthogonal(matrix.double())  # which goes the long way
    torch.testing.assert_close(orthogonal(matrix).double(), exact, rtol=0, atol=1e-4)


def test_only_matrices_of_layers_go_muons_way():
    model = network()
    optimiser = optimiser_of(model)
    muon = [group["params"] for group in optimiser.param_groups if group["is_muon"]]
    assert [id(each) for group in muon for each in group] == [id(model[0].weight)]
    before = model[0].weight.detach().clone()
    step(model, optimiser, 1)
    moved = torch.linalg.svdvals(model[0].weight.detach() - before)
    # as long as a step of AdamW, which moves every number by about the learning rate
    assert 0.1 < moved.norm() / (0.01 * 48**0.5) < 1.0
    assert not any(
        torch.equal(each, other) for each, other in zip(model.parameters(), network().parameters(), strict=True)
    )


def test_it_lowers_the_loss():
    model = network()
    optimiser = optimiser_of(model)
    losses = [step(model, optimiser, 5) for _ in range(40)]
    assert losses[-1] < 0.2 * losses[0]


def test_a_state_that_was_kept_goes_on_the_same():
    model = network()
    optimiser = optimiser_of(model)
    for seed in range(3):
        step(model, optimiser, seed)
    other = network()
    other.load_state_dict(model.state_dict())
    again = optimiser_of(other)
    again.load_state_dict(copy.deepcopy(optimiser.state_dict()))
    assert isinstance(again, MuonAdamW)
    for seed in range(3, 6):
        assert step(model, optimiser, seed) == step(other, again, seed)
    torch.testing.assert_close(other[0].weight, model[0].weight, rtol=0, atol=0)


def test_a_kernel_is_a_matrix_with_a_row_for_each_channel_that_comes_out():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(4, 8, 3))
    optimiser = optimiser_of(model)
    assert [id(each) for group in optimiser.param_groups if group["is_muon"] for each in group["params"]] == [
        id(model[0].weight)
    ]
    before = model[0].weight.detach().clone()
    model(torch.randn(16, 4, 3, 3)).square().mean().backward()
    optimiser.step()
    values = torch.linalg.svdvals((model[0].weight.detach() - before).flatten(1))
    assert values.max() < 2 * values.min(), "all directions are followed alike"
