"""Encoded frames: what a frozen encoder saw once is what a training reads, nearly to the bit, and nobody else's."""

import dataclasses

import numpy as np
import pytest
import torch

from egoprog.data.clips import ClipItem, ClipSpan
from egoprog.data.fitting import normalised
from egoprog.data.program_lines import ProgramClip
from egoprog.errors import InputError, ModelError, RecordingError
from egoprog.leap.config import LeapConfig, UniFormerConfig, Vocabulary
from egoprog.leap.encoded import EncodedClipDataset, EncodedFrames, EncodedView, encode_videos, quantised
from egoprog.leap.uniformer import UniFormerV2
from egoprog.program import parse
from egoprog.world import WorldState

BACKBONE = UniFormerConfig(
    width=16, num_layers=2, num_heads=2, patch_px=8, size_px=(16, 24), num_frames=4, num_classes=3,
    global_layers=(0, 1), is_frozen=True, time_embedding="global",
)  # fmt: skip
CONFIG = LeapConfig(Vocabulary(("take",), ("cup",), ((0, 0),), ()), BACKBONE)
SECONDS, RATE_HZ = 3.0, 5.0
_NOTHING = WorldState.initial(), WorldState.initial()


class Pictures:
    """A source whose picture of a moment is as bright as the moment is late. Counts what is read."""

    def __init__(self):
        self.asked = []

    def duration_s(self, video_id):
        return SECONDS

    def rate_hz(self, video_id):
        return 10.0

    def read(self, video_id, stamps_s):
        self.asked += list(stamps_s)
        levels = np.rint(np.asarray(stamps_s) * 80).astype(np.uint8)
        return np.broadcast_to(levels[:, None, None, None], (len(levels), 16, 24, 3)).copy()


@pytest.fixture
def backbone():
    torch.manual_seed(0)
    return UniFormerV2(BACKBONE).eval()


@pytest.fixture
def encoded(backbone, tmp_path):
    return encode_videos(backbone, Pictures(), ["a", "b"], tmp_path / "encoded", RATE_HZ)


def test_tokens_come_back_within_a_hundredth(backbone, encoded):
    stamps_s = [0.0, 0.4, 2.8]
    pictures = Pictures().read("a", stamps_s)
    frames = torch.from_numpy(normalised(pictures, BACKBONE.mean, BACKBONE.std))
    with torch.inference_mode():
        exact = backbone.frames(frames[:, :, None])[:, 0].numpy()
    kept = encoded.read("a", stamps_s)
    assert kept.shape == (3, 2, 7, 16)
    assert np.linalg.norm(kept - exact) < 0.01 * np.linalg.norm(exact)


def test_the_nearest_frame_is_read_and_the_ends_hold(encoded):
    np.testing.assert_array_equal(encoded.read("a", [0.41, -1.0, 99.0]), encoded.read("a", [0.4, 0.0, 2.8]))


def test_a_run_that_was_stopped_encodes_only_what_is_left(backbone, encoded):
    (encoded.root / "b.scales.npy").unlink()
    source = Pictures()
    encode_videos(backbone, source, ["a", "b"], encoded.root, RATE_HZ)
    assert len(source.asked) == SECONDS * RATE_HZ
    assert encoded.has("b")


def test_a_video_that_breaks_is_left_out_and_told(backbone, encoded, caplog):
    """And not kept by half."""

    class Broken(Pictures):
        def read(self, video_id, stamps_s):
            if video_id == "c" and max(stamps_s) > 2.0:
                raise RecordingError("expected a picture at 2.80 s, got a video that ends")
            return super().read(video_id, stamps_s)

    encode_videos(backbone, Broken(), ["c", "d"], encoded.root, RATE_HZ)
    assert encoded.has("d") and not encoded.has("c")
    assert caplog.messages == ["c is left out: expected a picture at 2.80 s, got a video that ends"]


def test_frames_of_another_encoder_are_refused(encoded):
    torch.manual_seed(1)
    with pytest.raises(ModelError, match="another encoder"):
        encode_videos(UniFormerV2(BACKBONE).eval(), Pictures(), ["a"], encoded.root, RATE_HZ)


def test_what_fuses_frames_is_no_part_of_their_encoder(backbone, encoded):
    """The same frames serve every training of the global blocks."""
    with torch.no_grad():
        backbone.transformer.temporal_cls_token += 1
        backbone.time_embedding += 1
    encode_videos(backbone, Pictures(), ["a"], encoded.root, RATE_HZ)


def test_missing_folders_and_videos_are_told_in_one_line(encoded, tmp_path):
    with pytest.raises(ModelError, match=r"expected encoded frames in .*training.encode"):
        EncodedFrames(tmp_path / "nothing")
    with pytest.raises(InputError, match="expected encoded frames of c, found none"):
        encoded.read("c", [0.0])


def test_zero_tokens_survive():
    values, scales = quantised(np.zeros((1, 2, 3, 4), np.float32))
    assert not (values.astype(np.float32) * scales).any()


def item(span, context=()):
    return ClipItem("a_0", "a", "a", span, context, None, None)


def targets(action, program):
    return {"verb": np.int64(0)}


def test_a_dataset_gives_what_the_network_wants(encoded):
    before = ClipSpan("a", 0.0, 1.0)
    items = [item(ClipSpan("a", 1.0, 2.0), (None, before))]
    views = [EncodedView(encoded, context={before: torch.ones(16)})]
    dataset = EncodedClipDataset(items, views, CONFIG, targets)
    found = dataset[0]
    assert found["features"].shape == (4, 2, 7, 16)
    assert found["context"].tolist() == [[0.0] * 16, [1.0] * 16]
    assert found["has_context"].tolist() == [False, True]
    np.testing.assert_array_equal(found["features"], encoded.read("a", [1.0, 1.2, 1.4, 1.6]))


def is_right_handed(action, clip):
    return {"verb": np.int64(next(iter(clip.program.sub_actions())).hand == "right")}


def test_views_in_time_see_other_frames_of_the_same_clip(encoded):
    items, seen = [item(ClipSpan("a", 0.0, 3.0))], [EncodedView(encoded)]
    views = [EncodedClipDataset(items, seen, CONFIG, targets, view=view, num_views=2)[0] for view in range(2)]
    assert not torch.equal(views[0]["features"], views[1]["features"])


def test_training_draws_other_frames_of_the_same_clip(encoded):
    items = [item(ClipSpan("a", 0.0, 3.0))]
    dataset = EncodedClipDataset(items, [EncodedView(encoded)], CONFIG, targets, is_jittered=True)
    drawn = {dataset[0]["features"].numpy().tobytes() for _ in range(8)}
    assert len(drawn) > 1
    torch.manual_seed(5)
    first = dataset[0]["features"]
    torch.manual_seed(5)
    torch.testing.assert_close(dataset[0]["features"], first)


def test_training_also_sees_clips_in_a_mirror(backbone, encoded):
    """Frames, the clips around and the hands of the program change sides together."""

    class Lopsided(Pictures):
        def read(self, video_id, stamps_s):
            pictures = super().read(video_id, stamps_s)
            pictures[:, :, :8] = 200
            return pictures

    class Turned(Lopsided):
        def read(self, video_id, stamps_s):
            return super().read(video_id, stamps_s)[:, :, ::-1].copy()

    root = encoded.root.parent / "sides"
    frames = encode_videos(backbone, Lopsided(), ["a"], root, RATE_HZ)
    assert frames.mirrored() is None
    mirrored = encode_videos(backbone, Lopsided(), ["a"], root / "mirrored", RATE_HZ, is_mirrored=True)
    turned = encode_videos(backbone, Turned(), ["a"], root.parent / "turned", RATE_HZ)
    np.testing.assert_array_equal(mirrored.read("a", [0.4]), turned.read("a", [0.4]))
    assert not np.allclose(mirrored.read("a", [0.4]), frames.read("a", [0.4]))

    around, span = ClipSpan("a", 0.0, 0.2), ClipSpan("a", 0.0, 3.0)
    views = [
        EncodedView(frames, context={around: torch.zeros(16)}),
        EncodedView(frames.mirrored(), True, {around: torch.ones(16)}),
    ]
    program = parse("def take_cup(start_t=0.0, stop_t=3.0):\n    grasp(cup, hand=left)\n")
    one = ClipItem("a_0", "a", "a", span, (around,), None, ProgramClip("a_0", "a", 0.0, 3.0, "", program, *_NOTHING))
    dataset = EncodedClipDataset([one], views, CONFIG, is_right_handed, is_jittered=True)
    seen = set()
    for _ in range(32):
        found = dataset[0]
        is_mirrored = bool(found["context"].all())
        assert found["verb"] == is_mirrored
        frames_of = {frame.tobytes() for frame in views[is_mirrored].frames.read("a", np.arange(0.0, 3.0, 0.2))}
        assert {frame.numpy().tobytes() for frame in found["features"]} <= frames_of
        seen.add(is_mirrored)
    assert seen == {False, True}
    shown = EncodedClipDataset([one], views, CONFIG, is_right_handed)
    assert not shown[0]["context"].any() and shown[0]["verb"] == 0


def test_an_empty_split_is_refused(encoded):
    with pytest.raises(InputError, match="empty split"):
        EncodedClipDataset([], [EncodedView(encoded)], dataclasses.replace(CONFIG), targets)
