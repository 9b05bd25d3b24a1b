"""Head poses from CSV files: our own columns, and the two layouts that HOT3D comes in."""

from __future__ import annotations

import csv
from pathlib import Path

from egoprog.data.samples import PoseSample
from egoprog.errors import RecordingError, StampError

# Columns of stamp, position x y z, quaternion x y z w; seconds a unit of the stamp; whether the stamps count from the
# recording's start. Those of a device's clock are counted from the first pose.
_LAYOUTS = (
    (("stamp_s", "x", "y", "z", "qx", "qy", "qz", "qw"), 1.0, True),
    (
        (
            "tracking_timestamp_us",
            *(f"t{axis}_world_device" for axis in "xyz"),
            *(f"q{axis}_world_device" for axis in "xyzw"),
        ),
        1e-6,
        False,
    ),
    (("timestamp[ns]", *(f"t_wo_{axis}[m]" for axis in "xyz"), *(f"q_wo_{axis}" for axis in "xyzw")), 1e-9, False),
)


def read_poses(path: str | Path) -> list[PoseSample]:
    """The poses of a CSV file in the order of their stamps.

    Layouts: "stamp_s,x,y,z,qx,qy,qz,qw" with stamps on the recording's clock; Project Aria's closed-loop trajectory
    (microseconds) and HOT3D's headset trajectory (nanoseconds), whose stamps are counted from the first pose.
    Raises RecordingError with file and line for another layout or a broken row, StampError for stamps that go back.
    """
    path = Path(path)
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file)
            columns, unit_s, on_clock = _layout(path, rows.fieldnames or ())
            poses: list[PoseSample] = []
            first: int | float | None = None
            for row in rows:
                try:
                    # Nanoseconds since boot don't fit a float: subtract before scaling.
                    stamp = float(row[columns[0]]) if on_clock else int(row[columns[0]])
                    values = [float(row[name]) for name in columns[1:]]
                except (TypeError, ValueError) as error:
                    raise RecordingError(f"{path}, line {rows.line_num}: expected numbers in a pose, {error}") from None
                first = stamp if first is None else first
                stamp_s = stamp if on_clock else (stamp - first) * unit_s
                if poses and stamp_s < poses[-1].stamp_s:
                    raise StampError(
                        f"{path}, line {rows.line_num}: expected stamps in order, got {stamp_s:.3f} s "
                        f"after {poses[-1].stamp_s:.3f} s; sort the file"
                    )
                if poses and stamp_s == poses[-1].stamp_s:
                    continue
                poses.append(PoseSample(stamp_s, tuple(values[:3]), tuple(values[3:])))
    except OSError as error:
        raise RecordingError(f"expected a file of poses, got {error}") from None
    except UnicodeDecodeError:
        raise RecordingError(f"expected a CSV file of poses, got bytes that are no text: {path}") from None
    if not poses:
        raise RecordingError(f"{path}: expected at least one pose, got none")
    return _without_repeats(poses)


def _layout(path: Path, names: tuple[str, ...] | list[str]) -> tuple[tuple[str, ...], float, bool]:
    for columns, unit_s, on_clock in _LAYOUTS:
        if set(columns) <= set(names):
            return columns, unit_s, on_clock
    raise RecordingError(
        f"{path}, line 1: expected the columns {','.join(_LAYOUTS[0][0])} (or HOT3D's), got {','.join(names) or 'none'}"
    )


def _without_repeats(poses: list[PoseSample]) -> list[PoseSample]:
    """HOT3D writes one row a camera, so poses come twice within 0.2 ms: the second tells nothing and spoils speeds."""
    kept = poses[:1]
    for pose in poses[1:]:
        is_repeat = pose.position_m == kept[-1].position_m and pose.quaternion_xyzw == kept[-1].quaternion_xyzw
        if not (is_repeat and pose.stamp_s - kept[-1].stamp_s < 1e-3):
            kept.append(pose)
    return kept
