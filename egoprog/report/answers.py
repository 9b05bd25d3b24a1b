"""Questions that were asked of a run, and the frames that were drawn for an answer."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from egoprog.data.images import encoded_picture, raw_to_rgb
from egoprog.report.run import first_camera_stamp, messages, open_bag, seconds

_TYPE = "egoprog_msgs/msg/Imagined"  # overlay/imagined, a plain image, ends with the same name


@dataclass(frozen=True)
class Answer:
    """One drawn frame. at_s: of the frame that it was drawn from, on the run's clock.

    drawn, seen: the picture, and the camera's frame that it was drawn from, as data URIs; seen is "" where the bag
    holds no such frame. elapsed_s: from the question to the answer.
    """

    at_s: float
    question: str
    description: str
    note: str
    model: str
    steps: int
    elapsed_s: float
    drawn: str
    seen: str


def read_answers(bag: Path) -> list[Answer]:
    """In the order in which they were given. Raises RecordingError for what is no bag, FrameError for a cut picture."""
    with open_bag(bag) as reader:
        told = [message for _, _, message in messages(reader, "imagined") if message.__msgtype__ == _TYPE]
        if not told:
            return []
        origin_s = first_camera_stamp(reader)
        wanted = {_stamp(message) for message in told}
        frames = {
            _stamp(message): _data_uri(bytes(message.data), "jpeg" if "jpeg" in message.format else "png")
            for _, _, message in messages(reader, "camera/image_raw/compressed")
            if _stamp(message) in wanted
        }
        return [
            Answer(
                seconds(message.header.stamp) - origin_s,
                message.question,
                message.description,
                message.note,
                message.model,
                message.steps,
                seconds(message.elapsed),
                _drawn(message.image),
                frames.get(_stamp(message), ""),
            )
            for message in told
        ]


def _stamp(message: Any) -> tuple[int, int]:
    return message.header.stamp.sec, message.header.stamp.nanosec


def _drawn(image: Any) -> str:
    data = np.asarray(image.data, np.uint8)
    return _data_uri(encoded_picture(raw_to_rgb(data, image.encoding, image.width, image.height, image.step)), "png")


def _data_uri(data: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
