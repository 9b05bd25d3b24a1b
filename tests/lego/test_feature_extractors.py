"""Networks that measures use: published layouts of small size go in, one row a picture comes out."""

import numpy as np
import pytest
import torch

from egoprog.errors import ModelError
from egoprog.lego import metric_networks
from egoprog.lego.caption_similarity import BlipCaptions, BlipSimilarity, ClipTexts, EgoVlpTexts
from egoprog.lego.feature_extractors import (
    ClipPictures,
    EgoVlpClips,
    FrameEncoderDistances,
    FrameEncoderFeatures,
    InceptionFeatures,
    LpipsDistances,
    RecogniserClips,
    two_halves,
)
from egoprog.lego.features import Origin, in_batches
from tests.leap.small_model import ALONE, save_network, small_network
from tests.lego import test_egovlp, test_inception, test_lpips
from tests.lego.metric_models import save_blip, save_clip, save_frame_network

torch.set_num_threads(1)
RNG = np.random.default_rng(0)
PICTURES = RNG.integers(0, 256, (3, 32, 40, 3), np.uint8)


def egovlp_clips(folder):
    return EgoVlpClips(test_egovlp.saved(folder / "egovlp.pth", test_egovlp.small_network()), 2, 2)


def test_every_picture_gets_its_own_features_whatever_is_beside_it(tmp_path):
    extractors = [
        InceptionFeatures(test_inception.small_file(tmp_path / "inception.pth", True), test_inception.SHARE),
        ClipPictures(save_clip(tmp_path / "clip")),
        FrameEncoderFeatures(save_frame_network(tmp_path / "frames" / "best.safetensors")),
    ]
    for extractor in extractors:
        whole = extractor(PICTURES)
        assert whole.shape[0] == 3 and np.isfinite(whole).all() and np.abs(whole[0] - whole[1]).max() > 1e-5
        assert np.allclose(in_batches(extractor, PICTURES, batch=2), whole, atol=1e-4)
    assert [extractor.origin.is_stand_in for extractor in extractors] == [False, False, True]
    assert extractors[2].origin.label == "stand-in: class token of the frame encoder frames/best.safetensors"


def test_distances_are_nothing_between_equal_pictures_and_grow_with_noise(tmp_path):
    lpips = LpipsDistances(*test_lpips.small_files(tmp_path), test_lpips.SHARE)
    stand_in = FrameEncoderDistances(save_frame_network(tmp_path / "frames" / "best.safetensors").parent)
    smooth = np.full((3, 32, 40, 3), 128, np.uint8)
    faint = np.clip(smooth + RNG.normal(0, 3, smooth.shape), 0, 255).astype(np.uint8)
    for distances in (lpips, stand_in):
        assert distances(PICTURES, PICTURES) == pytest.approx([0, 0, 0], abs=1e-6)
        assert (distances(smooth, faint) < distances(smooth, PICTURES)).all()


def test_a_clip_of_two_pictures_shows_each_for_half_of_its_frames():
    halves = two_halves(torch.zeros(1, 3, 2, 2), torch.ones(1, 3, 2, 2), 5)
    assert halves[0, :, 0, 0, 0].tolist() == [0, 0, 1, 1, 1]


def test_clips_know_the_input_from_the_output(tmp_path):
    weights = save_network(small_network(ALONE), tmp_path / "run" / "best.safetensors")
    for clips in (egovlp_clips(tmp_path), RecogniserClips(weights.parent)):
        one = clips(PICTURES, PICTURES[::-1].copy())
        assert one.shape[0] == 3
        assert np.abs(one - clips(PICTURES, PICTURES)).max() > 1e-6


def test_blip_says_words_and_clip_compares_them(tmp_path):
    blip, clip = save_blip(tmp_path / "blip-base"), save_clip(tmp_path / "clip")
    captions = BlipCaptions(blip)(PICTURES)
    assert len(captions) == 3 and not any(one.startswith("a picture of") for one in captions)
    similarity = BlipSimilarity(blip, clip)
    assert np.abs(similarity(PICTURES, ["open drawer", "the hand", "cup"])).max() <= 1.0001
    similarity.captions = lambda pictures: ["open the drawer"] * len(pictures)
    assert similarity(PICTURES, ["open the drawer"] * 3) == pytest.approx(1, abs=1e-5)
    with pytest.raises(ModelError, match="a sentence for each of 3"):
        similarity(PICTURES, ["open"])


def test_texts_of_clip_and_of_egovlp_do_not_depend_on_what_is_padded(tmp_path):
    clip = ClipTexts(save_clip(tmp_path / "clip"))
    egovlp = EgoVlpTexts(egovlp_clips(tmp_path).network, save_blip(tmp_path / "bert"), Origin("EgoVLP"))
    for texts in (clip, egovlp):
        both = texts(["open", "the right hand takes the cup"])
        assert np.allclose(both[0], texts(["open"])[0], atol=1e-5)
        assert texts(["cup " * 500]).shape == both[:1].shape


def test_a_folder_of_published_files_wins_over_stand_ins_and_what_is_missing_stays_missing(tmp_path):
    save_clip(tmp_path / "published" / "clip")
    run = save_frame_network(tmp_path / "frames" / "best.safetensors").parent
    networks = metric_networks.open_networks(tmp_path / "published", run)
    assert not networks.clip.origin.is_stand_in
    assert networks.fid.origin.is_stand_in and networks.lpips.origin.is_stand_in
    assert networks.egovlp is None and networks.blip_base is None
    nothing = metric_networks.open_networks()
    assert nothing.fid is None and nothing.clip is None


def test_what_is_no_model_is_refused_in_one_line(tmp_path):
    (tmp_path / "clip").mkdir()
    (tmp_path / "clip" / "config.json").write_text("{}")
    for trouble in (lambda: ClipPictures(tmp_path / "clip"), lambda: metric_networks.open_networks(tmp_path / "none")):
        with pytest.raises(ModelError, match="expected a folder") as caught:
            trouble()
        assert "\n" not in str(caught.value)
