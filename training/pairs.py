"""Makes frame pairs of a dataset: what was seen before each action, and the frame in which it is done.

python -m training.pairs --data kitchens --out pairs --limit 4     # four videos of each split, under a minute on a CPU
python -m training.pairs --data EPIC --out pairs --size-px 256 455 --clip clip-vit-large-patch14 --aesthetic HEAD.pth
python -m training.pairs --ego4d v2 --out pairs --size-px 256 455 --clip clip-vit-large-patch14
python -m training.pairs --lego-json train.json --pictures frames --out pairs

The sharpest of up to 7 frames around each moment is taken, and pairs that are too alike or too different are dropped
(LEGO, section 4.1). Without CLIP's folder and the aesthetic predictor's file, stand-ins do both, and say so. The
command goes on where it was stopped; at the end it prints what was kept and dropped, and writes contact sheets of
both. Where a dataset has programs of its actions, each pair gets a description from them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import get_args

from tqdm import tqdm

from egoprog.data.ego4d import Ego4dFolder
from egoprog.data.epic_folder import EpicFolder
from egoprog.data.fitting import Fits
from egoprog.data.frame_pairs import SPLITS, PairFolder, read_lego_json, read_picture, write_lego_json
from egoprog.data.frames import FrameSource, VideoFrames
from egoprog.data.pair_making import PairChoice, PairMaker, make_pairs
from egoprog.data.pair_moments import (
    BEFORE_S,
    NUM_NEIGHBOURS,
    TARGET_SHARE,
    PairMoments,
    ego4d_moments,
    epic_moments,
    without_walking,
)
from egoprog.data.shards import ShardFrames
from egoprog.errors import ConfigurationError, EgoprogError
from egoprog.lego.contact_sheet import write_sheets
from egoprog.lego.descriptions import describe_folder
from egoprog.lego.sharpness import FOCUS_NAME, focus
from egoprog.lego.similarity import CLIP_BOUNDS, PATCH_NAME, Bounds, calibrate, patch_similarity


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        if options.lego_json:
            counts = _from_lego_json(options)
            frames = None
        else:
            counts, frames = _from_videos(options)
        folder = PairFolder(options.out)
        if options.data and not options.no_descriptions:
            num_described = describe_folder(folder, EpicFolder(options.data))
            print(f"{num_described} of {len(folder)} pairs have a description from the truth")
        sheets = write_sheets(folder, frames, options.out / "sheets") if frames else ()
        for split in SPLITS if options.lego_out else ():
            write_lego_json(folder, split, options.lego_out)
    except KeyboardInterrupt:
        print("stopped; the same command goes on from here")
        return 130
    except EgoprogError as error:
        print(f"training.pairs: {error}", file=sys.stderr)
        return 1
    print(_table(counts))
    for path in sheets:
        print(f"look at {path}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.pairs", description=__doc__.splitlines()[0])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--data", type=Path, metavar="FOLDER", help="a dataset in EPIC's layout")
    source.add_argument("--ego4d", type=Path, metavar="FOLDER", help="Ego4D: annotations/fho_main.json, full_scale/")
    source.add_argument("--lego-json", type=Path, metavar="FILE", help="a dataset as LEGO's code has it")
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="where --lego-json's pictures lie")
    parser.add_argument("--split", choices=SPLITS, default="train", help="that --lego-json is of (default: train)")
    parser.add_argument("--shards", type=Path, metavar="SHARDS", help="read pictures from shards instead of videos")
    parser.add_argument("--out", type=Path, required=True, metavar="PAIRS")
    parser.add_argument(
        "--size-px", type=int, nargs=2, default=(128, 160), metavar=("H", "W"), help="of the pictures (128 160)"
    )
    parser.add_argument(
        "--fits", choices=get_args(Fits), default="cut", help="cut the middle of frames out, or squeeze all of it (cut)"
    )
    parser.add_argument("--before-s", type=float, default=BEFORE_S, help="input before the action (default: 0.25)")
    parser.add_argument("--share", type=float, default=TARGET_SHARE, help="of the action at the target (default: 0.6)")
    parser.add_argument(
        "--more-shares", type=float, nargs="+", default=[], help="further targets of each action, for training alone"
    )
    parser.add_argument("--neighbours", type=int, default=NUM_NEIGHBOURS, help="frames to either side (default: 3)")
    parser.add_argument(
        "--after-walking", action="store_true", help="an action starts when its walk ends, as its program tells"
    )
    parser.add_argument("--clip", type=Path, metavar="FOLDER", help="of CLIP ViT-L/14, as transformers saves it")
    parser.add_argument("--aesthetic", type=Path, metavar="FILE", help="the LAION aesthetic predictor's head")
    parser.add_argument("--bounds", type=float, nargs=2, metavar=("LOW", "HIGH"), help="of similarity")
    parser.add_argument("--no-descriptions", action="store_true", help="none from the truth")
    parser.add_argument("--lego-out", type=Path, metavar="FOLDER", help="write LEGO's dataset JSON and pictures too")
    parser.add_argument("--limit", type=int, help="only the first so many videos of each split")
    return parser


def _from_videos(options: argparse.Namespace) -> tuple[dict[str, dict[str, int]], FrameSource]:
    # 1. which moments of which videos
    moments, folder = _moments(options)
    by_split = {split: [one for one in moments if one.pair.split == split] for split in SPLITS}
    videos = {split: list(dict.fromkeys(one.pair.video_id for one in those)) for split, those in by_split.items()}
    chosen = {video_id for those in videos.values() for video_id in those[: options.limit]}
    moments = [one for one in moments if one.pair.video_id in chosen]
    frames = ShardFrames(options.shards) if options.shards else VideoFrames(folder)
    # 2. how pictures are judged; bounds of a stand-in come from the training videos alone
    choice = _choice(options, frames, [video_id for video_id in videos["train"] if video_id in chosen])
    about = {
        "source": str(options.data or options.ego4d),
        "before_s": options.before_s,
        "target_share": options.share,
        "more_shares": options.more_shares,
        "after_walking": options.after_walking,
        "limit": options.limit,
        **choice.about(),
    }
    # 3. one part a video
    maker = PairMaker(options.out, tuple(options.size_px), about, options.fits)
    parts = []
    with tqdm(total=len(chosen), unit="video") as progress:
        for video_id in dict.fromkeys(one.pair.video_id for one in moments):
            parts += make_pairs(maker, frames, [one for one in moments if one.pair.video_id == video_id], choice)
            progress.update()
    return maker.finish(parts), frames


def _moments(options: argparse.Namespace) -> tuple[list[PairMoments], EpicFolder]:
    if options.ego4d:
        folder = Ego4dFolder(options.ego4d)
        return ego4d_moments(folder), folder
    folder = EpicFolder(options.data)
    splits = [split for split in SPLITS if folder.actions(split).is_file()]
    if not splits:
        raise ConfigurationError(f"expected a dataset with annotations/EPIC_100_train.csv, got {options.data}")
    moments = [one for split in splits for one in epic_moments(folder, split, options.before_s, options.share)]
    for share in options.more_shares:
        moments += epic_moments(folder, "train", options.before_s, share, mark=f"{share:g}")
    if options.after_walking:
        moments = without_walking(moments, folder, options.before_s)
    return moments, folder


def _choice(options: argparse.Namespace, frames: FrameSource, training_videos: Sequence[str]) -> PairChoice:
    score, score_name = focus, FOCUS_NAME
    similarity, similarity_name, bounds = patch_similarity, PATCH_NAME, None
    if options.clip:
        from egoprog.lego.clip_frames import AestheticScore, ClipFrames  # torch, which the stand-ins need not

        clip = ClipFrames.load(options.clip)
        similarity, similarity_name, bounds = clip.similarity, f"CLIP similarity, {options.clip.name}", CLIP_BOUNDS
        if options.aesthetic:
            score = AestheticScore.load(options.aesthetic, clip)
            score_name = f"LAION aesthetic predictor, {options.aesthetic.name}"
    elif options.aesthetic:
        raise ConfigurationError("expected --clip with --aesthetic, got none: the predictor reads CLIP's embeddings")
    if options.bounds:
        if not options.bounds[0] < options.bounds[1]:
            raise ConfigurationError(f"expected bounds LOW below HIGH, got {options.bounds[0]} and {options.bounds[1]}")
        bounds = Bounds(*options.bounds, "given")
    if bounds is None:
        bounds = calibrate(frames, training_videos, similarity)
    print(f"similarity from {bounds.low:g} to {bounds.high:g}: {bounds.how}")
    return PairChoice(
        score, score_name, similarity, similarity_name, bounds.low, bounds.high, bounds.how, options.neighbours
    )


def _from_lego_json(options: argparse.Namespace) -> dict[str, dict[str, int]]:
    if options.pictures is None:
        raise ConfigurationError("expected --pictures with --lego-json, got none: its paths begin there")
    entries = read_lego_json(options.lego_json, options.split)
    maker = PairMaker(options.out, tuple(options.size_px), {"source": str(options.lego_json)}, options.fits)
    clips = {clip: list(those) for clip, those in groupby(entries, key=lambda entry: entry[0].video_id)}
    for clip, those in tqdm(clips.items(), unit="clip"):
        if not maker.has(clip):
            pictures = [[read_picture(options.pictures / path) for path in paths] for _, *paths in those]
            maker.write(clip, [(pair, *two) for (pair, *_), two in zip(those, pictures, strict=True)], [])
    return maker.finish(list(clips))


def _table(counts: dict[str, dict[str, int]]) -> str:
    rows = list(dict.fromkeys(reason for those in counts.values() for reason in those))
    rows.sort(key=lambda reason: not reason.startswith("kept"))
    lines = [f"{'':28}" + "".join(f"{split:>12}" for split in counts)]
    lines += [f"{row:28}" + "".join(f"{those.get(row, 0):12}" for those in counts.values()) for row in rows]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
