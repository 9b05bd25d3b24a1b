"""CLIP and the aesthetic predictor, loaded from files laid out as the published ones, on small models."""

import pickle

import numpy as np
import pytest
import torch
from torch import nn
from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel

from egoprog.errors import ModelError
from egoprog.lego.clip_frames import AestheticScore, ClipFrames

WIDTH = 8


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    torch.manual_seed(0)
    tower = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = CLIPConfig(
        text_config={**tower, "vocab_size": 16, "max_position_embeddings": 8},
        vision_config={**tower, "image_size": 32, "patch_size": 16},
        projection_dim=WIDTH,
    )
    path = tmp_path_factory.mktemp("clip")
    CLIPModel(config).save_pretrained(path)
    size = {"height": 32, "width": 32}
    CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size=size).save_pretrained(path)
    return path


@pytest.fixture
def pictures():
    return np.random.default_rng(0).integers(0, 256, (2, 48, 80, 3), np.uint8)


def test_similarity_is_the_cosine_of_transformers_own_features(folder, pictures):
    clip = ClipFrames.load(folder)
    assert clip.similarity(pictures[0], pictures[0]) == pytest.approx(1.0, abs=1e-5)
    pixels = CLIPImageProcessorPil.from_pretrained(folder)(images=list(pictures), return_tensors="pt")
    with torch.no_grad():
        features = clip.model.get_image_features(**pixels)
    features = getattr(features, "pooler_output", features)
    expected = nn.functional.cosine_similarity(features[0], features[1], dim=0)
    assert clip.similarity(*pictures) == pytest.approx(float(expected), abs=1e-5)


def test_a_picture_is_embedded_once_however_often_it_is_asked_about(folder, pictures):
    clip = ClipFrames.load(folder)
    one = pictures[0]
    assert clip.embedding(one) is clip.embedding(one)


def test_the_linear_head_scores_the_embedding(folder, pictures, tmp_path):
    clip = ClipFrames.load(folder)
    state = nn.Linear(WIDTH, 1).state_dict()
    torch.save(state, tmp_path / "head.pth")
    score = AestheticScore.load(tmp_path / "head.pth", clip)(pictures[0])
    expected = state["weight"][0] @ clip.embedding(pictures[0]) + state["bias"][0]
    assert score == pytest.approx(float(expected), abs=1e-6)


def test_the_improved_heads_layers_are_found_between_its_dropouts(folder, pictures, tmp_path):
    clip = ClipFrames.load(folder)
    widths = (WIDTH, 1024, 128, 64, 16, 1)
    layers = nn.ModuleDict(
        {str(place): nn.Linear(*widths[k : k + 2]) for k, place in enumerate((0, 2, 4, 6, 7))},
    )
    torch.save({f"layers.{name}": tensor for name, tensor in layers.state_dict().items()}, tmp_path / "head.pth")
    expected = clip.embedding(pictures[0])
    with torch.no_grad():
        for layer in layers.values():
            expected = layer(expected)
    assert AestheticScore.load(tmp_path / "head.pth", clip)(pictures[0]) == pytest.approx(float(expected), abs=1e-6)


def test_a_head_of_another_clip_or_another_kind_is_refused(folder, tmp_path):
    clip = ClipFrames.load(folder)
    torch.save(nn.Linear(WIDTH + 1, 1).state_dict(), tmp_path / "wide.pth")
    with pytest.raises(ModelError, match="width 8, got one on 9"):
        AestheticScore.load(tmp_path / "wide.pth", clip)
    torch.save({"other": torch.zeros(3)}, tmp_path / "other.pth")
    with pytest.raises(ModelError, match=r"layers\.0\.weight"):
        AestheticScore.load(tmp_path / "other.pth", clip)
    torch.save({"layers.0.weight": torch.zeros(1024, WIDTH)}, tmp_path / "part.pth")
    with pytest.raises(ModelError, match="other weights"):
        AestheticScore.load(tmp_path / "part.pth", clip)


def test_a_head_with_code_in_it_is_not_run(folder, tmp_path):
    (tmp_path / "head.pth").write_bytes(pickle.dumps({"weight": print}, protocol=2))
    with pytest.raises(ModelError, match="not run"):
        AestheticScore.load(tmp_path / "head.pth", ClipFrames.load(folder))


def test_a_folder_without_clip_says_which_files_it_lacks(tmp_path):
    with pytest.raises(ModelError, match=r"preprocessor_config\.json"):
        ClipFrames.load(tmp_path)
