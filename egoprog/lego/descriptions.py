"""Descriptions of how actions are done, written from what is known of them: programs, objects, boxes and hands.

They stand in for the people's and GPT-3.5's of LEGO where a dataset knows the truth, as simulated kitchens do. Each
is one sentence that names a hand, and names nothing that is not in the program, the scene or the boxes. What it says
of places is what the input frame shows, so that a model that sees this frame alone can learn to say it.
"""

from __future__ import annotations

import functools
import random
import re
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Final

import yaml

from egoprog.data.epic import read_video_info
from egoprog.data.epic_folder import EpicFolder
from egoprog.data.frame_pairs import SPLITS, FramePair, PairFolder, narration_of
from egoprog.data.object_boxes import BoxedObject, FrameBoxes, iter_boxes
from egoprog.data.program_lines import ProgramClip, iter_programs
from egoprog.program.types import Hand, SubAction, Verb
from egoprog.world.state import UNKNOWN, WorldState

NEAR_S = 0.5
"""Boxes of a frame so near to the input's still tell where things are in it."""
_SIDE_SHARE = 0.36
"""What lies in so much of the picture at a side is on that side; the rest is in front."""
_WITHOUT_HAND = ("rinse_hands", "dry_hands", "look_into", "wait")
"""Kinds of sentences whose hands are named in another way."""
_WORDS: Final = {"fingers": "hands", "washing_liquid": "washing liquid", "liquid:washing": "washing liquid"}
_BODY = ("fingers", "hands", "hand", "mouth")
Cut = tuple[float, float, float, float]
WHOLE: Cut = (0.0, 0.0, 1.0, 1.0)


def describe(pair: FramePair, clip: ProgramClip, boxes: FrameBoxes | None = None, cut: Cut = WHOLE) -> str:
    """One sentence about an action, "" where its program does not say which hand does it.

    clip: the program of the action, and the world before and after it. boxes: of the input frame, None where nobody
    knows. cut: left, top, right, bottom of the part of the frame that the pair shows, in shares of it.
    The same pair gets the same words always; which of several ways to say it is drawn from the pair's id.
    """
    steps = [step for step in clip.program.sub_actions() if step.verb not in (Verb.GOTO, Verb.NOTHING)]
    rng = random.Random(pair.pair_id)
    scene = _Scene(clip.before, {one.name: one for one in boxes.objects} if boxes else {}, cut)
    told = _told(pair, clip, steps, scene)
    if told is None:
        return ""
    kind, slots = told
    hands = scene.hands()
    clause = rng.choice(_clauses()[kind]).format(**slots)
    by = "" if kind in _WITHOUT_HAND else f" using {slots['hand']}"
    return f"{hands and f'{hands}, '}{'the' if hands else 'The'} person {clause}{by}."


def describe_folder(folder: PairFolder, dataset: EpicFolder) -> int:
    """Writes descriptions into a folder of pairs wherever a program is known; returns how many pairs have one now."""
    clips: dict[str, ProgramClip] = {}
    wanted = {narration_of(pair) for pair in folder.pairs()}
    for path in (dataset.programs(split) for split in SPLITS):
        if path.is_file():
            clips |= {clip.narration_id: clip for clip in iter_programs(path) if clip.narration_id in wanted}
    if not clips:
        return sum(bool(pair.description) for pair in folder.pairs())
    videos = read_video_info(dataset.video_info) if dataset.video_info.is_file() else {}
    seen: dict[str, list[tuple[float, FrameBoxes]]] = {}
    descriptions = {}
    for pair in folder.pairs():
        clip = clips.get(narration_of(pair))
        if clip is None:
            continue
        video = videos.get(pair.video_id)
        if pair.video_id not in seen:
            path = dataset.boxes(pair.video_id)
            is_known = video is not None and path.is_file()
            seen[pair.video_id] = [((b.frame - 1) / video.rate_hz, b) for b in iter_boxes(path)] if is_known else []
        boxes = boxes_at(seen[pair.video_id], pair.input_s)
        is_cut = video is not None and folder.fits == "cut"
        cut = middle_cut((video.height_px, video.width_px), folder.size_px) if is_cut else WHOLE
        descriptions[pair.pair_id] = describe(pair, clip, boxes, cut)
    folder.describe(descriptions)
    return sum(bool(pair.description) for pair in folder.pairs())


def boxes_at(stamped: Sequence[tuple[float, FrameBoxes]], stamp_s: float, near_s: float = NEAR_S) -> FrameBoxes | None:
    """The boxes of the frame nearest to a moment, None where none is near."""
    nearest = min(stamped, key=lambda one: abs(one[0] - stamp_s), default=None)
    return nearest[1] if nearest is not None and abs(nearest[0] - stamp_s) <= near_s else None


def middle_cut(frame_px: tuple[int, int], size_px: tuple[int, int]) -> Cut:
    """The part of a frame that `fit_frame` leaves where it cuts, in shares. Sizes are height and width."""
    scale = max(size_px[0] / frame_px[0], size_px[1] / frame_px[1])
    down, across = size_px[0] / (frame_px[0] * scale), size_px[1] / (frame_px[1] * scale)
    return (1 - across) / 2, (1 - down) / 2, (1 + across) / 2, (1 + down) / 2


def words_of(name: str) -> str:
    """A thing's name as it is said: "chopping_board" and "board:chopping" are "chopping board", "mug_2" is "mug"."""
    if name in _WORDS:
        return _WORDS[name]
    plain = re.sub(r"_\d+$", "", name)
    head, *rest = plain.split(":")
    return " ".join([*rest, head]).replace("_", " ")


class _Scene:
    """What is known before an action, in words."""

    def __init__(self, before: WorldState, boxes: Mapping[str, BoxedObject], cut: Cut) -> None:
        self.before, self._boxes, self._cut = before, boxes, cut

    def side(self, name: str) -> str:
        """Where a thing is seen: " on the left", " in front", " on the right"; "" where it is not in view."""
        if not self._is_in_view(name):
            return ""
        box, (left, _, right, _) = self._boxes[name].box, self._cut
        across = ((box[0] + box[2]) / 2 - left) / (right - left)
        if box[0] < left + 0.15 * (right - left) and box[2] > right - 0.15 * (right - left):
            return ""  # as a counter that spans the picture
        if across < _SIDE_SHARE:
            return " on the left"
        return " on the right" if across > 1 - _SIDE_SHARE else " in front"

    def _is_in_view(self, name: str) -> bool:
        """Whether the middle of a thing's box lies in what the pair shows."""
        if name not in self._boxes:
            return False
        box, (left, top, right, bottom) = self._boxes[name].box, self._cut
        return left <= (box[0] + box[2]) / 2 <= right and top <= (box[1] + box[3]) / 2 <= bottom

    def place(self, name: str, preposition: str = "") -> str:
        """Where a thing lies, " on the counter", or with another word before the place; "" where nobody knows."""
        if name not in self.before.places:
            return ""
        relation, place = self.before.places[name]
        return f" {preposition or relation} the {words_of(place)}"

    def is_held(self, name: str) -> bool:
        """Whether a hand holds it."""
        return name in (self.before.left, self.before.right)

    def hands(self) -> str:
        """ "With the left hand holding the mug and the right hand free"; "" where nothing is known and in view."""
        if self.before.left is None and self.before.right is None:
            return "With both hands free"
        states = []
        for side in ("left", "right"):
            thing = getattr(self.before, side)
            if thing is None:
                states.append(f"the {side} hand free")
            elif thing != UNKNOWN and (not self._boxes or self._is_in_view(thing)):
                states.append(f"the {side} hand holding the {words_of(thing)}")
        return f"With {' and '.join(states)}" if states else ""


def _told(
    pair: FramePair, clip: ProgramClip, steps: Sequence[SubAction], scene: _Scene
) -> tuple[str, dict[str, str]] | None:
    """Which kind of sentence, and what fills it; None where too little is known."""
    if all(step.verb is Verb.WAIT for step in steps):
        return _idle(pair, scene)
    hands = list(dict.fromkeys(step.hand for step in steps if step.hand is not None))
    acting = [step for step in steps if step.objects]
    if not hands or not acting:
        return None
    last = acting[-1]
    moved = next((step for step in acting if step.verb is Verb.MOVE and len(step.objects) == 2), None)
    main = moved or next((step for step in reversed(acting) if step.verb is Verb.USE), acting[0])
    thing, second = main.objects[0], main.objects[1] if len(main.objects) > 1 else ""
    if thing == "button":  # the button is no thing of the scene; what it is on is
        thing, second = second, ""
    kind = _kind(pair.verb, thing, second, acting, last, scene)
    if kind == "fill":
        second = next(step.objects[1] for step in reversed(acting) if len(step.objects) == 2)
    hand = "both hands" if len(hands) == 2 or Hand.BOTH in hands else f"the {hands[0].value} hand"
    is_held = scene.is_held(thing)
    place = scene.place(thing, "out of" if scene.before.places.get(thing, ("",))[0] == "in" else "from")
    at = "" if scene.is_held(second) else scene.place(second) or scene.side(second)
    relation, goal = _destination(moved, clip) if moved else ("", "")
    slots = {
        "thing": f"the {words_of(thing)}",
        "short": words_of(thing),
        "where": "" if is_held else scene.side(thing),
        "from": "" if is_held else place,
        "second": f"the {words_of(second)}" if second else "",
        "at": at,
        "onto": f"{relation}to the {goal}",
        "there": f"{relation} the {goal}",
        "hand": hand,
    }
    return kind, slots


def _idle(pair: FramePair, scene: _Scene) -> tuple[str, dict[str, str]] | None:
    """Looking and waiting: no hand does anything, so what they hold has to be told."""
    if not pair.noun or not scene.hands():
        return None
    kind = "wait" if pair.verb == "wait" else "look_into"
    thing = words_of(pair.noun)
    seen = [name for name in scene.before.places if words_of(name) == thing] or [pair.noun]
    where = scene.side(seen[0]) if len(seen) == 1 else ""
    return kind, {"thing": f"the {thing}", "short": thing, "where": where}


# Verbs whose sentence follows from the verb alone where a thing is used on another.
_USED_ON: Final = {
    "pour": "pour", "add": "add", "insert": "add", "sprinkle": "sprinkle", "cut": "cut", "peel": "peel", "mix": "mix",
    "scoop": "scoop", "apply": "apply", "break": "break", "squeeze": "squeeze", "throw": "throw", "empty": "empty",
    "fill": "fill",
}  # fmt: skip


def _kind(verb: str, thing: str, second: str, acting: Sequence[SubAction], last: SubAction, scene: _Scene) -> str:
    """Of sentence: a key of descriptions.yaml."""
    if verb in ("open", "close"):
        return f"{verb}{'_held' if scene.is_held(thing) else ''}"
    if verb in ("turn-on", "turn-off"):
        return verb.replace("-", "_")
    if verb in ("check", "look") and not second:
        return "look_at" if scene.is_held(thing) else "use"
    if verb == "take":
        return "reach" if last.verb is Verb.RELEASE else "take"
    if verb == "drink":
        return "drink"
    if verb == "wash":
        if thing in _BODY:
            return "rinse_hands"
        return "rinse" if second == "tap" else "scrub"
    if verb == "dry":
        return "dry_hands" if second in _BODY else "dry"
    if acting[-1].verb is Verb.RELEASE:
        return "move" if acting[0].verb is Verb.GRASP else "put"
    if verb == "put" and second:
        return "cover"
    if second:
        return _USED_ON.get(verb, "use_on")
    return "use"


def _destination(moved: SubAction, clip: ProgramClip) -> tuple[str, str]:
    """Where a thing is put, ("in", "drawer"): as it lies after the action, or as the program says."""
    thing, place = moved.objects
    relation, place = clip.after.places.get(thing, ("on", place))
    return relation, words_of(place)


@functools.cache
def _clauses() -> dict[str, tuple[str, ...]]:
    text = resources.files("egoprog.lego").joinpath("descriptions.yaml").read_text(encoding="utf-8")
    return {kind: tuple(ways) for kind, ways in yaml.safe_load(text).items()}
