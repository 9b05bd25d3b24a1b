"""LPIPS on SqueezeNet: that published files go in whole, and that what comes out is a distance."""

import pytest
import torch

from egoprog.errors import ModelError
from egoprog.lego.lpips import Lpips, load_lpips

SHARE = 0.125
PUBLISHED_FIRES = {3: (64, 16, 64), 4: (128, 16, 64), 6: (128, 32, 128), 7: (256, 32, 128)} | {
    9: (256, 48, 192), 10: (384, 48, 192), 11: (384, 64, 256), 12: (512, 64, 256)
}  # fmt: skip


def published_shapes():
    """Keys and shapes of torchvision's squeezenet1_1 and of the heads file, written down from their documentation."""
    shapes = {"features.0.weight": (64, 3, 3, 3), "features.0.bias": (64,)}
    for number, (channels, squeezed, half) in PUBLISHED_FIRES.items():
        for name, shape in (
            ("squeeze", (squeezed, channels, 1, 1)),
            ("expand1x1", (half, squeezed, 1, 1)),
            ("expand3x3", (half, squeezed, 3, 3)),
        ):
            shapes |= {f"features.{number}.{name}.weight": shape, f"features.{number}.{name}.bias": shape[:1]}
    heads = {f"lin{k}.model.1.weight": (1, width, 1, 1) for k, width in enumerate((64, 128, 256, 384, 384, 512, 512))}
    return shapes, heads


def small_files(folder):
    torch.manual_seed(0)
    state = Lpips(SHARE).state_dict()
    trunk = {key: value for key, value in state.items() if key.startswith("features.")}
    trunk |= {"classifier.1.weight": torch.zeros(1000, 64, 1, 1), "classifier.1.bias": torch.zeros(1000)}
    heads = {f"lin{k}.model.1.weight": state[f"heads.{k}.weight"].abs() for k in range(7)}
    torch.save(trunk, folder / "trunk.pth")
    torch.save(heads, folder / "heads.pth")
    return folder / "trunk.pth", folder / "heads.pth"


def test_the_whole_network_has_the_published_files_keys_and_shapes():
    trunk, heads = published_shapes()
    own = {key: tuple(value.shape) for key, value in Lpips().state_dict().items()}
    assert {key: shape for key, shape in own.items() if key.startswith("features.")} == trunk
    assert {f"lin{key.split('.')[1]}.model.1.weight": own[key] for key in own if key.startswith("heads.")} == heads


def test_it_is_a_distance(tmp_path):
    network = load_lpips(*small_files(tmp_path), SHARE)
    one, other = torch.rand(3, 3, 32, 40), torch.rand(3, 3, 32, 40)
    assert network(one, one).tolist() == [0, 0, 0]
    assert torch.allclose(network(one, other), network(other, one), atol=1e-6)
    near = network(one, (one + 0.05 * torch.randn_like(one)).clamp(0, 1))
    assert (near < network(one, other)).all() and (near > 0).all()


def test_a_file_that_lacks_a_part_is_refused_by_name(tmp_path):
    trunk, heads = small_files(tmp_path)
    state = torch.load(trunk, weights_only=True)
    del state["features.3.squeeze.weight"]
    torch.save(state, tmp_path / "cut.pth")
    with pytest.raises(ModelError, match=r"features\.3\.squeeze\.weight"):
        load_lpips(tmp_path / "cut.pth", heads, SHARE)
    with pytest.raises(ModelError, match=r"lin0\.model\.1\.weight"):
        load_lpips(trunk, trunk, SHARE)
    with pytest.raises(ModelError):
        load_lpips(trunk, heads)  # the small file in the whole network
