"""A tiny dataset in EPIC's layout for tests of the training commands: coloured videos whose colour is the action."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from egoprog.data import Action, ProgramClip, VideoInfo, write_actions, write_programs, write_video_info
from egoprog.data.epic import write_unseen_participants
from egoprog.data.epic_folder import EpicFolder
from egoprog.program import parse
from egoprog.world import WorldState

RATE_HZ = 10.0
CLIP_S = 0.8
KINDS = (("take", 0, "cup", 13), ("open", 3, "fridge", 12), ("wash", 2, "plate", 2))
COLOURS = ((0, 0, 255), (0, 255, 0), (255, 0, 0))
PROGRAMS = (
    "def take_cup():\n    goto(cup)\n    if cup not in hand:\n        grasp(cup, hand=right)\n",
    "def open_fridge():\n    goto(fridge)\n    grasp(fridge)\n    if fridge not open:\n        use(fridge)\n",
    "def wash_plate():\n    use(tap)\n    move(sponge, plate)\n",
)


def write_kitchens(root: Path, num_train: int = 2, num_held_out: int = 1, num_clips: int = 8) -> EpicFolder:
    """Participants P901 ... of the training, then the held-out ones; of each one video."""
    folder = EpicFolder(root)
    rng = np.random.default_rng(0)
    videos, splits = [], {"train": ([], []), "validation": ([], [])}
    for number in range(num_train + num_held_out):
        split = "train" if number < num_train else "validation"
        video_id = f"P{901 + number}_01"
        kinds = [int(kind) for kind in rng.permutation(np.resize(np.arange(3), num_clips))]
        write_video(folder.video(video_id), kinds)
        videos.append(VideoInfo(video_id, num_clips * CLIP_S, RATE_HZ, 96, 64))
        for place, kind in enumerate(kinds):
            action, clip = labelled(video_id, place, kind)
            splits[split][0].append(action)
            splits[split][1].append(clip)
    for split, (actions, clips) in splits.items():
        write_actions(folder.actions(split), actions)
        write_programs(folder.programs(split), clips)
    write_video_info(folder.video_info, videos)
    held_out = sorted({action.participant_id for action in splits["validation"][0]})
    write_unseen_participants(folder.unseen_participants, held_out)
    return folder


def write_video(path: Path, kinds: list[int]) -> None:
    path.parent.mkdir(parents=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), RATE_HZ, (96, 64))
    for kind in kinds:
        for step in range(round(CLIP_S * RATE_HZ)):
            picture = np.full((64, 96, 3), 30, np.uint8)
            cv2.circle(picture, (20 + 8 * step, 32), 18, COLOURS[kind], -1)
            writer.write(picture)
    writer.release()


def labelled(video_id: str, place: int, kind: int) -> tuple[Action, ProgramClip]:
    verb, verb_class, noun, noun_class = KINDS[kind]
    start_s, stop_s = round(place * CLIP_S, 3), round((place + 1) * CLIP_S, 3)
    frames = (max(1, int(start_s * RATE_HZ)), int(stop_s * RATE_HZ))
    labels = (f"{verb} {noun}", verb, verb_class, noun, noun_class, (noun,), (noun_class,))
    name = f"{video_id}_{place}"
    action = Action(name, video_id.partition("_")[0], video_id, start_s, start_s, stop_s, *frames, *labels)
    nobody_knows = WorldState()
    clip = ProgramClip(
        name, video_id, start_s, stop_s, f"{verb} {noun}", parse(PROGRAMS[kind]), nobody_knows, nobody_knows
    )
    return action, clip
