"""The texts in an ONNX file, read without the package `onnx`, which robots have no other use for.

An ONNX file is a protobuf message ModelProto; its field 14 repeats StringStringEntryProto {1: key, 2: value}.
Source: onnx/onnx.proto; the protobuf documentation, "Encoding".
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from egoprog.errors import ModelError

_METADATA_FIELD = 14
_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5


def onnx_metadata(path: str | Path) -> dict[str, str]:
    """The metadata of an ONNX file. Raises ModelError for a file that is none."""
    try:
        data = memoryview(Path(path).read_bytes())
        entries = [dict(_fields(value)) for field, value in _fields(data) if field == _METADATA_FIELD]
        return {str(entry[1], "utf-8"): str(entry.get(2, b""), "utf-8") for entry in entries}
    except (OSError, ValueError, IndexError, KeyError, TypeError) as error:
        raise ModelError(f"expected an ONNX graph in {path}, got {error}; fetch or export it again") from None


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Numbers and contents of a message's fields of bytes; those of other kinds are passed over."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == _VARINT:
            _, at = _varint(message, at)
        elif kind == _BYTES:
            length, at = _varint(message, at)
            if at + length > len(message):
                raise ValueError("a file that ends early")
            yield key >> 3, message[at : at + length]
            at += length
        elif kind in (_FIXED_32, _FIXED_64):
            at += 4 if kind == _FIXED_32 else 8
        else:
            raise ValueError(f"a field of the unknown kind {kind}")


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """A number, and where the next thing starts."""
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
