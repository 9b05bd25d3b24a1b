"""Videos whose pictures carry their number, so that a test can tell which picture was read."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

NUM_BITS = 10
SIZE_PX = (32, 80)
"""Height and width."""
RATES = {"10": Fraction(10), "29.97": Fraction(30000, 1001), "30": Fraction(30), "50": Fraction(50), "60": Fraction(60)}


def numbered_picture(number: int) -> np.ndarray:
    """(32, 80, 3) uint8: the number's bits as bright and dark columns."""
    bits = np.array([number >> bit & 1 for bit in range(NUM_BITS)], np.uint8)
    row = np.repeat(30 + 200 * bits, SIZE_PX[1] // NUM_BITS)
    return np.broadcast_to(row[None, :, None], (*SIZE_PX, 3)).copy()


def number_of(picture: np.ndarray) -> int:
    """Of a picture of any size that shows the whole of a numbered one."""
    columns = (np.arange(NUM_BITS) + 0.5) * picture.shape[1] / NUM_BITS
    values = picture[:, columns.astype(int)].mean(axis=(0, 2))
    return sum(1 << bit for bit in range(NUM_BITS) if values[bit] > 130)


def write_numbered(
    path: Path,
    num_pictures: int = 100,
    rate_hz: Fraction | int = 30,
    codec: str = "libx264",
    key_every: int = 12,
    stamps_s: Sequence[float] | None = None,
) -> Path:
    """A video of numbered pictures. stamps_s: theirs, for a rate that varies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    options = {"movflags": "+faststart"} if path.suffix == ".mp4" else {}
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(codec, rate=rate_hz)
        stream.height, stream.width = SIZE_PX
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.gop_size = key_every
        if stamps_s is not None:
            stream.codec_context.time_base = stream.time_base = Fraction(1, 1000)
        for number in range(num_pictures):
            frame = av.VideoFrame.from_ndarray(numbered_picture(number), format="rgb24")
            if stamps_s is not None:
                frame.pts, frame.time_base = round(1000 * stamps_s[number]), Fraction(1, 1000)
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path
