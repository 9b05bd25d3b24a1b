"""When the two frames of a pair are to be found: before an action, and when it is done.

EPIC-KITCHENS says when an action starts and stops; Ego4D says which frame is 0.5 s before its pre-condition (PRE-15)
and which is its point of no return (PNR). Source: LEGO, section 4.1.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from egoprog.data.ego4d import Ego4dFolder, read_lta, read_narrated_actions
from egoprog.data.epic import Action, ClassTable, read_actions, read_classes, read_unseen_participants
from egoprog.data.epic_folder import EpicFolder
from egoprog.data.frame_pairs import SPLITS, FramePair, narration_of
from egoprog.data.frames import MICROSECOND
from egoprog.data.program_lines import ProgramClip, iter_programs
from egoprog.errors import AnnotationError, ConfigurationError
from egoprog.program.types import Verb

BEFORE_S = 0.25
TARGET_SHARE = 0.6
NUM_NEIGHBOURS = 3
"""Frames to either side among which the sharpest is taken: 7 in all."""
MAX_APART_S = 0.1
"""And no further away: 3 frames of Ego4D's. At 10 frames a second, 3 would reach from before a grasp to after it."""


@dataclass(frozen=True, slots=True)
class PairMoments:
    """An action, and the stretches of its video in which its two frames lie.

    pair: input_s and target_s are the moments asked for; what is really taken lies some frames around them.
    inputs_s, targets_s: first and last moment that may be taken. An input is never later than the action's start,
    a target never outside the action.
    """

    pair: FramePair
    inputs_s: tuple[float, float]
    targets_s: tuple[float, float]

    def input_candidates_s(self, rate_hz: float, num_neighbours: int = NUM_NEIGHBOURS) -> NDArray[np.float64]:
        """The moments of the frames around the input's, each once, in their order."""
        return _around(self.pair.input_s, rate_hz, num_neighbours, self.inputs_s)

    def target_candidates_s(self, rate_hz: float, num_neighbours: int = NUM_NEIGHBOURS) -> NDArray[np.float64]:
        """The moments of the frames around the target's, each once, in their order."""
        return _around(self.pair.target_s, rate_hz, num_neighbours, self.targets_s)


def _around(stamp_s: float, rate_hz: float, num_neighbours: int, limits_s: tuple[float, float]) -> NDArray[np.float64]:
    apart_s = np.arange(-num_neighbours, num_neighbours + 1) / rate_hz
    stamps_s = stamp_s + apart_s[np.abs(apart_s) <= MAX_APART_S + MICROSECOND]
    inside = stamps_s[(stamps_s >= limits_s[0]) & (stamps_s <= limits_s[1])]
    return inside if len(inside) else np.array([stamp_s])


def epic_moments(
    folder: EpicFolder,
    split: str,
    before_s: float = BEFORE_S,
    target_share: float = TARGET_SHARE,
    mark: str = "",
) -> list[PairMoments]:
    """Those of a split of a dataset in EPIC-KITCHENS' layout, by video and time.

    The input lies before_s before the action, or at the video's start where the action begins sooner; the target when
    so much of the action has passed. mark: stands after the narration's id and "@" in the pairs' ids, so that there
    can be several pairs of one action. Raises AnnotationError for a split without actions.
    """
    verbs, nouns = (_classes(folder.root / "annotations" / f"EPIC_100_{what}_classes.csv") for what in ("verb", "noun"))
    unseen = set(read_unseen_participants(folder.unseen_participants)) if folder.unseen_participants.is_file() else ()
    found = []
    for row in read_actions(folder.actions(split)):
        one = moments_of(row, before_s, target_share, mark)
        pair = dataclasses.replace(
            one.pair,
            verb=verbs[row.verb_class].key if row.verb_class in verbs else row.verb,
            noun=nouns[row.noun_class].key if row.noun_class in nouns else row.noun,
            split=split,
            is_unseen=row.participant_id in unseen,
        )
        found.append(dataclasses.replace(one, pair=pair))
    if not found:
        raise AnnotationError(folder.actions(split), "", "actions", "none")
    return _ordered(found)


def moments_of(
    action: Action, before_s: float = BEFORE_S, target_share: float = TARGET_SHARE, mark: str = ""
) -> PairMoments:
    """As `epic_moments`, of an action whose classes and split nobody asks for. Raises ConfigurationError."""
    if not (before_s >= 0.0 and 0.0 <= target_share <= 1.0):
        raise ConfigurationError(
            f"expected 0 s or more before the action and a share of it from 0 to 1, got {before_s} and {target_share}"
        )
    pair = FramePair(
        f"{action.narration_id}@{mark}" if mark else action.narration_id,
        action.video_id,
        action.participant_id,
        max(0.0, action.start_s - before_s),
        action.start_s + target_share * (action.stop_s - action.start_s),
        action.narration,
    )
    return PairMoments(pair, (0.0, action.start_s), (action.start_s, action.stop_s))


def without_walking(
    moments: Iterable[PairMoments],
    folder: EpicFolder,
    before_s: float = BEFORE_S,
) -> list[PairMoments]:
    """The same actions, each beginning when its wearer has arrived, where a program of it tells when that is.

    Annotators start an action where the hands do; a simulated one starts with the walk to it, and a frame from before
    the walk shows another place. Actions without a program, or without a walk at their start, stay as they are.
    """
    clips = (clip for path in filter(Path.is_file, map(folder.programs, SPLITS)) for clip in iter_programs(path))
    return _ordered(after_walking(moments, clips, before_s))


def after_walking(
    moments: Iterable[PairMoments], clips: Iterable[ProgramClip], before_s: float = BEFORE_S
) -> list[PairMoments]:
    """As `without_walking`, with the programs of the actions, in the order of `moments`."""
    arrivals_s: dict[str, tuple[float, float]] = {}
    for clip in clips:
        walk = itertools.takewhile(lambda one: one.verb is Verb.GOTO, clip.program.sub_actions())
        arrived_s = max((one.stop_s for one in walk if one.stop_s is not None), default=None)
        if arrived_s is not None and arrived_s < clip.stop_s:
            arrivals_s[clip.narration_id] = arrived_s, clip.stop_s
    changed = []
    for one in moments:
        if narration_of(one.pair) in arrivals_s:
            start_s, stop_s = arrivals_s[narration_of(one.pair)]
            share = (one.pair.target_s - one.targets_s[0]) / (one.targets_s[1] - one.targets_s[0])
            target_s = start_s + share * (stop_s - start_s)
            pair = dataclasses.replace(one.pair, input_s=max(0.0, start_s - before_s), target_s=target_s)
            one = PairMoments(pair, (0.0, start_s), (start_s, stop_s))
        changed.append(one)
    return changed


def _classes(path: Path) -> ClassTable:
    return read_classes(path) if path.is_file() else ClassTable(())


def ego4d_moments(folder: Ego4dFolder) -> list[PairMoments]:
    """Those of Ego4D's narrated actions that have both frames, by video and time.

    The split is that of fho_lta_{train,val}.json: what is in the second is for validation; without these files all is
    for training. Nobody is known to be unseen: Ego4D's files do not name their participants.
    Raises AnnotationError where no action has both frames.
    """
    held_out: set[str] = set()
    if folder.lta("val").is_file():
        held_out = {action.video_uid for action in read_lta(folder.lta("val"))}
    found = []
    for action in read_narrated_actions(folder.main):
        if not {"pre_15", "pnr_frame"} <= action.frames.keys():
            continue
        input_s, target_s = (action.frames[name] / action.rate_hz for name in ("pre_15", "pnr_frame"))
        if input_s >= target_s:
            continue
        pair = FramePair(
            action.uid,
            action.video_uid,
            "",
            input_s,
            target_s,
            action.label,
            verb=action.verb,
            noun=action.noun,
            split=SPLITS[action.video_uid in held_out],
        )
        limits_s = (max(0.0, input_s - 1.0), target_s + 1.0)
        found.append(PairMoments(pair, (limits_s[0], target_s), (input_s, limits_s[1])))
    if not found:
        raise AnnotationError(folder.main, "", "actions with the frames pre_15 and pnr_frame", "none")
    return _ordered(found)


def taken(moments: PairMoments, input_s: float, target_s: float, similarity: float) -> FramePair:
    """The pair with the frames that were taken."""
    return dataclasses.replace(
        moments.pair, input_s=float(input_s), target_s=float(target_s), similarity=round(float(similarity), 4)
    )


def _ordered(found: list[PairMoments]) -> list[PairMoments]:
    return sorted(found, key=lambda one: (one.pair.split != SPLITS[0], one.pair.video_id, one.pair.input_s))
