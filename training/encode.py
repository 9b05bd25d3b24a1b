"""Encodes a dataset's frames once with a frozen frame encoder, for the small recipes of `python -m training.leap`.

python -m training.encode --data kitchens --frames runs/frames/best.safetensors --out runs/encoded --mirrored
python -m training.encode --data kitchens --frames runs/frames/best.safetensors --out runs/encoded-few --videos P901_01
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from egoprog import runtime
from egoprog.data.epic import read_video_info
from egoprog.data.epic_folder import EpicFolder
from egoprog.data.frames import VideoFrames
from egoprog.errors import EgoprogError, InputError
from egoprog.leap.encoded import DONE_NAME, MIRRORED_NAME, Encode, encode_videos
from egoprog.leap.export import write_onnx
from egoprog.leap.frame_pretraining import read_frame_encoder
from egoprog.leap.live import ENCODER
from egoprog.leap.streaming import FrameEncoder
from egoprog.leap.uniformer import UniFormerV2
from egoprog.onnx_export import GraphModule
from egoprog.provenance import provenance


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.encode", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="a dataset in EPIC's layout")
    parser.add_argument("--frames", type=Path, required=True, metavar="WEIGHTS", help="of `python -m training.frames`")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--rate", type=float, default=5.0, metavar="HZ", help="frames a second (default: 5)")
    parser.add_argument("--mirrored", action="store_true", help="also in a mirror, which doubles what a training sees")
    parser.add_argument("--videos", default="", metavar="A,B", help="only these")
    options = parser.parse_args(arguments)
    try:
        folder = EpicFolder(options.data)
        encoder = read_frame_encoder(options.frames)
        video_ids = options.videos.split(",") if options.videos else sorted(read_video_info(folder.video_info))
        source = VideoFrames(folder, encoder.config.size_px)
        encode = _graph_of(encoder)
        encoded = encode_videos(encoder, source, video_ids, options.out, options.rate, encode)
        if options.mirrored:
            encode_videos(encoder, source, video_ids, options.out / MIRRORED_NAME, options.rate, encode, True)
        left_out = [video_id for video_id in video_ids if not encoded.has(video_id)]
        if len(left_out) == len(video_ids):
            raise InputError(f"expected videos to encode in {options.data}, got none that can be read")
        if not options.videos:
            done = {**provenance(), "videos": len(video_ids) - len(left_out), "left_out": left_out}
            (options.out / DONE_NAME).write_text(json.dumps(done, indent=1) + "\n", encoding="utf-8")
    except KeyboardInterrupt:
        print(f"stopped; what is encoded is in {options.out}, the same command goes on")
        return 130
    except EgoprogError as error:
        print(f"training.encode: {error}", file=sys.stderr)
        return 1
    print(f"{len(video_ids) - len(left_out)} videos in {options.out}, {len(left_out)} can't be read", *left_out)
    return 0


def _graph_of(encoder: UniFormerV2) -> Encode:
    """The encoder as the live nodes run it, in ONNX Runtime: a third of PyTorch's time."""
    frame = torch.zeros(1, 3, *encoder.config.size_px)
    graph = GraphModule(ENCODER, FrameEncoder(encoder), {"frame": frame}, ("tokens",))
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{ENCODER}.onnx"
        write_onnx(graph, path, {})
        session = runtime.load(path, ("onnxruntime",), num_threads=torch.get_num_threads())
    return lambda frames: np.concatenate([session.run({"frame": frame[None]})["tokens"] for frame in frames])


if __name__ == "__main__":
    sys.exit(main())
