"""Makes the pictures of a dataset's videos ready for training: small, at a fixed rate, quick to read anywhere.

python -m training.shards --data kitchens --out shards --short-px 128 --limit 2   # two videos, under a minute on a CPU
python -m training.shards --data EPIC --out shards --short-px 256 --rate-hz 30 --workers 8

Videos that have a shard of the same kind are passed over, so the command goes on where it was stopped. Videos that
can't be read are listed at the end, and the exit status is then 1.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
from functools import partial
from pathlib import Path

from tqdm import tqdm

from egoprog.data.epic_folder import EpicFolder
from egoprog.data.frames import VideoFrames
from egoprog.data.shards import ShardKind, write_shard
from egoprog.errors import EgoprogError


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.shards", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="a dataset in EPIC's layout")
    parser.add_argument("--out", type=Path, required=True, metavar="SHARDS", help="where the shards go")
    parser.add_argument("--rate-hz", type=float, default=ShardKind.rate_hz, help="pictures a second (default: 10)")
    parser.add_argument("--short-px", type=int, default=ShardKind.short_px, help="of the short side (default: 256)")
    parser.add_argument("--quality", type=int, default=ShardKind.quality, help="JPEG's, 1 to 100 (default: 92)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)")
    parser.add_argument("--limit", type=int, help="only the first so many videos")
    options = parser.parse_args(arguments)
    if not (options.rate_hz > 0 and options.short_px > 0 and 1 <= options.quality <= 100 and options.workers > 0):
        parser.error("expected --rate-hz, --short-px and --workers above 0 and --quality from 1 to 100")
    folder = EpicFolder(options.data)
    video_ids = VideoFrames(folder).video_ids()[: options.limit]
    if not video_ids:
        parser.error(f"expected videos PXX/videos/ID.mp4 in {options.data}, found none")
    kind = ShardKind(options.rate_hz, options.short_px, options.quality)
    counts, troubles = {True: 0, False: 0}, []
    with multiprocessing.get_context("spawn").Pool(min(options.workers, len(video_ids))) as pool:
        made = pool.imap_unordered(partial(_make, folder, options.out, kind), video_ids)
        for is_made, trouble in tqdm(made, total=len(video_ids), unit="video"):
            if trouble:
                troubles.append(trouble)
            else:
                counts[is_made] += 1
    print(f"{counts[True]} shards made, {counts[False]} were there, {len(troubles)} videos can't be read")
    for trouble in troubles:
        print(f"  {trouble}", file=sys.stderr)
    return 1 if troubles else 0


def _make(folder: EpicFolder, root: Path, kind: ShardKind, video_id: str) -> tuple[bool, str]:
    try:
        return write_shard(root, VideoFrames(folder), video_id, kind), ""
    except EgoprogError as error:
        return False, f"{video_id}: {error}"


if __name__ == "__main__":
    sys.exit(main())
