"""Contact from a made-up scene: a drawn hand over a textured table, with and without a patch that goes along."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from egoprog.describe.contact import ContactConfig, ContactEstimator, HandContactExtractor, grip_closure
from egoprog.describe.hands import FINGERS, PALM, DetectedHand
from egoprog.describe.types import Contact, ContactKind
from egoprog.errors import ConfigurationError, FrameError, ModelError, StampError
from egoprog.models import model_path
from egoprog.program.types import Hand

WIDTH, HEIGHT = 320, 240
SKIN = (205, 150, 125)
# A hand of 40 px palm whose fingers point up; the middle of its palm at (0, 0).
FINGER_ROOTS = np.array([(-14, -16), (-4, -20), (6, -18), (15, -12)], float)
WRIST = np.array([0.0, 20.0])


def texture(height, width, seed, contrast=90.0):
    noise = np.random.default_rng(seed).normal(size=(height, width, 3)).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), 2.5)
    return np.clip(120 + contrast * noise / noise.std(), 0, 255).astype(np.uint8)


TABLE = texture(HEIGHT + 200, WIDTH + 200, seed=1, contrast=35)
PATCH = texture(36, 70, seed=2, contrast=60)
SHADE = cv2.GaussianBlur(texture(HEIGHT, WIDTH, seed=3), (0, 0), 3).astype(int)[..., :1] - 120


def hand_at(x, y, bend=1.0, side=Hand.RIGHT, track_id=1):
    """A hand in the picture. bend: 0 for straight fingers, 1 for a fist."""
    points = np.zeros((21, 2))
    points[0] = WRIST
    points[1:5] = np.linspace(WRIST + (-12, -6), (-22 + 12 * bend, -18), 4)
    for (root, *joints), base in zip(FINGERS, FINGER_ROOTS, strict=True):
        points[root] = base
        for index, joint in enumerate(joints, start=1):
            points[joint] = base + (0, -12 * index * (1 - bend))
    points_m = np.hstack([points, np.zeros((21, 1))]) / 400
    for _, *joints in FINGERS:
        # Bent fingers come towards the camera and back to the palm.
        points_m[joints, 2] = -0.02 * bend * np.array([1, 1, 0.5])
        points_m[joints[2], 1] += 0.03 * bend
    if bend == 0:
        points_m[4, 0] -= 0.06  # the thumb is spread
    points = points + (x, y)
    low, high = points.min(axis=0), points.max(axis=0)
    return DetectedHand(track_id, side, 0.95, (*low.tolist(), *high.tolist()), points, points_m)


def scene(hand, patch_at=None, camera=(0, 0)):
    """The picture of a hand, a patch with its middle at `patch_at` and the table as a shifted camera sees it."""
    dx, dy = camera
    image = TABLE[100 + dy : 100 + dy + HEIGHT, 100 + dx : 100 + dx + WIDTH].copy()
    if patch_at is not None:
        height, width = PATCH.shape[:2]
        shift = np.array([[1, 0, patch_at[0] - width / 2], [0, 1, patch_at[1] - height / 2]])
        moved = cv2.warpAffine(PATCH, shift, (WIDTH, HEIGHT))
        covers = cv2.warpAffine(np.full(PATCH.shape[:2], 255, np.uint8), shift, (WIDTH, HEIGHT))
        image[covers > 127] = moved[covers > 127]
    if hand is not None:
        points = hand.landmarks_px.round().astype(int)
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        for finger in ((0, 1, 2, 3, 4), *((0, *finger) for finger in FINGERS)):
            cv2.polylines(mask, [points[list(finger)]], False, 255, 9)
        cv2.fillConvexPoly(mask, cv2.convexHull(points[list(PALM)]), 255)
        local = np.roll(SHADE, tuple(points[0][::-1] - 100), axis=(0, 1))  # the skin's pattern goes with the hand
        image[mask > 0] = np.clip(np.array(SKIN) + local // 3, 0, 255)[mask > 0]
    return image


class Run:
    """Pushes a scene frame by frame and keeps what came out."""

    def __init__(self, rate_hz=30.0, config=None):
        self.estimator = ContactEstimator(config)
        self.stamp_s, self.period_s = 0.0, 1 / rate_hz
        self.states, self.events, self.last = [], [], None

    def push(self, hand, **rest):
        image = scene(hand, **rest)
        hands = () if hand is None else (hand,)
        observations, events = self.estimator.push(self.stamp_s, image, hands)
        self.states.append(observations[0].contact if observations else None)
        self.last = observations[0] if observations else None
        self.events.extend(events)
        self.stamp_s += self.period_s
        return self


def held(run, frames, step=(3.0, 0.0), start=(90.0, 150.0), bend=0.55, with_patch=True):
    """The hand moves and the patch with it; returns where the hand ended."""
    x, y = start
    for _ in range(frames):
        run.push(hand_at(x, y, bend), patch_at=(x + 5, y - 38) if with_patch else None)
        x, y = x + step[0], y + step[1]
    return x - step[0], y - step[1]


def test_a_patch_that_moves_with_the_hand_is_held():
    run = Run()
    x, y = held(run, 40)
    assert run.states[-1] == Contact.PORTABLE
    assert [(event.kind, event.hand) for event in run.events] == [(ContactKind.GRABBED, Hand.RIGHT)]
    assert run.last.contact_score > 0.8
    left, top, right, bottom = run.last.contact_object.box_px
    # The patch spans 70x36 px around (x + 5, y - 38); its box is found to within a quarter of the hand.
    assert abs(left - (x - 30)) < 10 and abs(right - (x + 40)) < 10
    assert abs(top - (y - 56)) < 10 and y - 30 < bottom < y + 10


def test_the_track_of_a_held_object_stays_the_same():
    run = Run()
    tracks = set()
    x = 90.0
    for _ in range(40):
        run.push(hand_at(x, 150), patch_at=(x + 5, 112))
        if run.last.contact_object:
            tracks.add(run.last.contact_object.track_id)
        x += 3
    assert tracks == {run.events[0].track_id}


@pytest.mark.parametrize("bend", [0.0, 0.55, 1.0])
def test_a_hand_that_moves_alone_holds_nothing_however_closed(bend):
    run = Run()
    held(run, 40, bend=bend, with_patch=False)
    assert Contact.PORTABLE not in run.states
    assert run.events == []


def test_a_patch_that_stays_behind_is_not_held():
    run = Run()
    for index in range(40):
        run.push(hand_at(90 + 3 * index, 150, 0.55), patch_at=(150, 112))
    assert Contact.PORTABLE not in run.states


def test_a_hand_that_is_closed_at_the_start_holds_from_the_first_frame():
    run = Run()
    for _ in range(10):
        run.push(hand_at(150, 150, bend=1.0), patch_at=(155, 112))
    assert run.states[4] == Contact.PORTABLE  # 0.13 s
    assert [(event.kind, event.stamp_s) for event in run.events] == [(ContactKind.GRABBED, 0.0)]


def test_at_five_hertz_a_hold_is_known_by_the_third_frame():
    run = Run(rate_hz=5)
    held(run, 12, step=(8, -2), bend=1.0)
    assert run.states[2] == Contact.PORTABLE
    assert [(event.kind, event.stamp_s) for event in run.events] == [(ContactKind.GRABBED, 0.0)]


def test_an_open_hand_at_rest_holds_nothing():
    run = Run()
    for _ in range(20):
        run.push(hand_at(150, 150, bend=0.0))
    assert set(run.states) == {Contact.NONE}
    assert run.last.contact_score < 0.4


def test_a_still_hand_keeps_what_it_was_seen_to_hold():
    run = Run()
    x, y = held(run, 40)
    for _ in range(60):
        run.push(hand_at(x, y, 0.55), patch_at=(x + 5, y - 38))
    assert run.states[-1] == Contact.PORTABLE
    assert len(run.events) == 1


def test_an_object_that_is_left_behind_is_released_once():
    run = Run()
    x, y = held(run, 40)
    patch = (x + 5, y - 38)
    left_at_s = run.stamp_s
    for index in range(40):
        run.push(hand_at(x - 3 * index, y + 0.5 * index, bend=0.0), patch_at=patch)
    assert [event.kind for event in run.events] == [ContactKind.GRABBED, ContactKind.RELEASED]
    grabbed, released = run.events
    assert released.track_id == grabbed.track_id
    assert left_at_s <= released.stamp_s < left_at_s + 0.8
    assert run.states[-1] == Contact.NONE


def test_motion_counts_against_the_background_when_the_camera_turns():
    # The hand and its patch stay in the middle of the picture while the table runs away below them.
    run = Run()
    for index in range(30):
        run.push(hand_at(150, 150, 0.55), patch_at=(155, 112), camera=(-3 * index, index))
    assert run.states[-1] == Contact.PORTABLE

    alone = Run()
    for index in range(30):
        alone.push(hand_at(150, 150, 0.55), camera=(-3 * index, index))
    assert Contact.PORTABLE not in alone.states


def test_a_hand_out_of_sight_keeps_its_object_for_a_while_and_then_gives_it_up():
    run = Run(config=ContactConfig(keep_s=1.0))
    held(run, 30)
    lost_at_s = run.stamp_s - run.period_s
    for _ in range(25):
        run.push(None)
    assert len(run.events) == 1
    for _ in range(10):
        run.push(None)
    assert [event.kind for event in run.events] == [ContactKind.GRABBED, ContactKind.RELEASED]
    assert run.events[1].score == 0
    assert run.events[1].stamp_s - lost_at_s == pytest.approx(1.0, abs=0.05)


def test_a_hand_that_comes_back_in_time_still_holds_the_same():
    run = Run()
    x, y = held(run, 30)
    for _ in range(15):
        run.push(None)
    run.push(hand_at(x, y, 0.55, track_id=2), patch_at=(x + 5, y - 38))
    assert run.last.contact == Contact.PORTABLE
    assert run.last.contact_object.track_id == run.events[0].track_id
    assert len(run.events) == 1


def test_a_closed_hand_that_rests_is_stationary_after_it_moved_alone():
    run = Run()
    x, y = held(run, 30, bend=1.0, with_patch=False)
    for _ in range(20):
        run.push(hand_at(x, y, 1.0))
    assert run.states[-1] == Contact.STATIONARY
    assert run.events == []


def test_the_end_of_a_stream_confirms_what_had_begun():
    run = Run(config=ContactConfig(grab_s=10.0))
    held(run, 30)
    assert run.events == []
    (event,) = run.estimator.flush()
    assert event.kind == ContactKind.GRABBED
    assert run.estimator.flush() == ()


def test_two_hands_have_states_of_their_own():
    estimator = ContactEstimator()
    for index in range(10):
        hands = (hand_at(80, 150, 0.0, Hand.LEFT, 1), hand_at(230, 150, 1.0, Hand.RIGHT, 2))
        left, right = estimator.push(index / 30, scene(hands[1], patch_at=(235, 112)), hands)[0]
    assert (left.contact, right.contact) == (Contact.NONE, Contact.PORTABLE)


def test_numbers_of_objects_go_on_after_a_reset():
    run = Run()
    held(run, 20, bend=1.0)
    run.estimator.reset()
    run.stamp_s = 0.0
    held(run, 20, bend=1.0)
    assert [event.track_id for event in run.events] == [0, 1]


@pytest.mark.parametrize("size", [(64, 64), (48, 200), (1080, 1920)])
def test_any_size_of_picture_works(size):
    estimator = ContactEstimator()
    image = texture(*size, seed=5)
    for index in range(4):
        hand = hand_at(size[1] * 0.5 + index, size[0] * 0.9, 1.0)
        (observation,), _ = estimator.push(index / 5, np.roll(image, index, axis=1), (hand,))
        if observation.contact_object:
            left, top, right, bottom = observation.contact_object.box_px
            assert 0 <= left <= right <= size[1] and 0 <= top <= bottom <= size[0]


def test_grip_closure_grows_from_a_flat_hand_to_a_fist():
    closures = [grip_closure(hand_at(0, 0, bend).landmarks_m) for bend in (0.0, 0.5, 1.0)]
    assert closures[0] == 0 and closures[2] == 1
    assert closures == sorted(closures)


def test_thresholds_that_contradict_each_other_are_refused():
    with pytest.raises(ConfigurationError, match="release_score <= grab_score"):
        ContactConfig(grab_score=0.3, release_score=0.5)


@pytest.fixture(scope="module")
def hand_model():
    try:
        return model_path("hand_landmarker")
    except ModelError as error:
        pytest.skip(str(error))


def frames_of(path):
    from egoprog.data.recording import open_recording
    from egoprog.data.samples import Frame

    return [sample for sample in open_recording(path).samples() if isinstance(sample, Frame)]


def run_video(path, every=1):
    with HandContactExtractor() as extractor:
        results = [extractor.push(frame) for frame in frames_of(path)[::every]]
        return results, [event for result in results for event in result.events] + list(extractor.flush())


def test_the_right_hand_holds_something_while_it_stirs(shared_data, hand_model):
    results, events = run_video(shared_data / "video" / "ego4d_stir_pan.mp4")
    right = [hand for result in results for hand in result.hands if hand.side == Hand.RIGHT]
    holding = [hand for hand in right if hand.contact == Contact.PORTABLE]
    assert len(results) == 60 and len(right) >= 45
    assert len(holding) > 0.8 * len(right)
    first = next(event for event in events if event.hand == Hand.RIGHT)
    assert (first.kind, first.stamp_s) == (ContactKind.GRABBED, results[0].stamp_s)
    assert not any(event.kind == ContactKind.RELEASED for event in events)
    # What it holds moves about the picture (the spatula), by more than a fifth of its height.
    centres = np.array([np.reshape(hand.contact_object.box_px, (2, 2)).mean(axis=0) for hand in holding])
    assert np.ptp(centres, axis=0).max() > 288 / 5


def test_the_mug_is_held_in_the_fisheye_pictures(shared_data, hand_model):
    results, events = run_video(shared_data / "video" / "hot3d_mug.mp4")
    hands = [hand for result in results for hand in result.hands]
    assert len(hands) >= 10 and {hand.side for hand in hands} == {Hand.LEFT}
    assert sum(hand.contact == Contact.PORTABLE for hand in hands) >= 8
    assert [event.kind for event in events] == [ContactKind.GRABBED]


def test_where_no_hand_is_seen_nothing_is_claimed(shared_data, hand_model):
    results, events = run_video(shared_data / "video" / "pouring_1.mp4", every=15)
    assert all(result.hands == () for result in results) and events == []


def test_bad_frames_leave_the_extractor_as_it_was(hand_model):
    image = np.zeros((120, 160, 3), np.uint8)
    with HandContactExtractor() as extractor:
        extractor.push(SimpleNamespace(stamp_s=1.0, image=image))
        with pytest.raises(StampError, match="after 1"):
            extractor.push(SimpleNamespace(stamp_s=1.0, image=image))
        with pytest.raises(FrameError, match="0x0"):
            extractor.push(SimpleNamespace(stamp_s=2.0, image=np.zeros((0, 0, 3), np.uint8)))
        result = extractor.push(SimpleNamespace(stamp_s=1.5, image=image))
        assert result.hands == () and result.model_s > 0
        extractor.reset()
        assert extractor.push(SimpleNamespace(stamp_s=0.0, image=image)).stamp_s == 0.0
