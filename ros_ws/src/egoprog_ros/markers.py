"""Hands, objects in contact and the program as markers for rviz, in the camera's optical frame (z ahead, y down).

One image has no depth: everything is put at one distance, an arm's length by default, where it lies on the ray of its
pixels. What is shown is right seen from the camera, and roughly right from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from builtin_interfaces.msg import Duration
from egoprog_msgs.msg import ActionProgram, Hand, HandContact, HandContacts
from geometry_msgs.msg import Point, Pose, Quaternion, Transform
from sensor_msgs.msg import CameraInfo, RegionOfInterest
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

LIFETIME = Duration(sec=0, nanosec=500_000_000)  # a hand that is not seen again goes
LINE_M = 0.004
TEXT_M = 0.03
COLOURS = {
    HandContact.NONE: (0.81, 0.83, 0.87),
    HandContact.SELF: (0.75, 0.55, 1.0),
    HandContact.OTHER_PERSON: (1.0, 0.47, 0.75),
    HandContact.PORTABLE: (0.26, 0.84, 0.5),
    HandContact.STATIONARY: (1.0, 0.67, 0.24),
}
SIDES = {Hand.LEFT: "left", Hand.RIGHT: "right", Hand.BOTH: "both"}


@dataclass(frozen=True)
class Pinhole:
    """A camera without distortion. fx, fy, cx, cy: pixels."""

    fx: float
    fy: float
    cx: float
    cy: float

    @classmethod
    def of(cls, info: CameraInfo) -> Pinhole | None:
        """The camera that a driver describes; None where it is not calibrated (K is zero)."""
        return cls(info.k[0], info.k[4], info.k[2], info.k[5]) if info.k[0] > 0 and info.k[4] > 0 else None

    @classmethod
    def guess(cls, width: int, height: int, field_of_view_rad: float) -> Pinhole:
        """A camera of that horizontal field of view, looking through the image's centre."""
        focal = width / 2 / np.tan(field_of_view_rad / 2)
        return cls(focal, focal, width / 2, height / 2)

    def point(self, x_px: float, y_px: float, depth_m: float) -> Point:
        """The point at that depth which the camera sees at that pixel."""
        return Point(x=(x_px - self.cx) / self.fx * depth_m, y=(y_px - self.cy) / self.fy * depth_m, z=depth_m)


def hand_markers(contacts: HandContacts, camera: Pinhole, depth_m: float) -> Iterator[Marker]:
    """The outline of every hand, of what it holds, and a line between the two."""
    for number, hand in enumerate(contacts.hands):
        side = SIDES.get(hand.side.value, "hand")
        red, green, blue = COLOURS[hand.contact]
        outline = _marker(contacts.header, f"hand/{side}", number, Marker.LINE_STRIP, (red, green, blue))
        outline.points = _outline(hand.box, camera, depth_m)
        outline.lifetime = LIFETIME
        yield outline
        if not hand.has_object or hand.contact == HandContact.NONE:
            continue
        held = _marker(contacts.header, f"object/{side}", number, Marker.LINE_STRIP, (red, green, blue))
        held.points = [*_outline(hand.object_box, camera, depth_m), camera.point(*_centre(hand.box), depth_m)]
        held.lifetime = LIFETIME
        yield held
        name = _marker(contacts.header, f"object/{side}/name", number, Marker.TEXT_VIEW_FACING, (red, green, blue))
        name.pose.position = camera.point(*_centre(hand.object_box), depth_m)
        name.scale.z = TEXT_M
        name.text = hand.object_class or "object"
        name.lifetime = LIFETIME
        yield name


def program_marker(program: ActionProgram, header: Header, height_px: int, camera: Pinhole, depth_m: float) -> Marker:
    """The program's text, below what the camera sees."""
    marker = _marker(header, "program", 0, Marker.TEXT_VIEW_FACING, (1.0, 1.0, 1.0))
    marker.pose.position = camera.point(camera.cx, height_px * 1.2, depth_m)
    marker.scale.z = TEXT_M
    marker.text = program.text
    return marker


def placed(markers: MarkerArray, transform: Transform, frame_id: str) -> MarkerArray:
    """The markers in another frame. transform: from the markers' frame to that one."""
    turn = transform.rotation
    rotation = _rotation(turn)
    shift = np.array([transform.translation.x, transform.translation.y, transform.translation.z])
    for marker in markers.markers:
        at = marker.pose.position
        x, y, z = rotation @ np.array([at.x, at.y, at.z]) + shift
        # our markers have no rotation of their own
        marker.pose = Pose(
            position=Point(x=float(x), y=float(y), z=float(z)),
            orientation=Quaternion(x=turn.x, y=turn.y, z=turn.z, w=turn.w),
        )
        marker.header.frame_id = frame_id
    return markers


def _rotation(turn: Quaternion) -> np.ndarray:
    x, y, z, w = np.array([turn.x, turn.y, turn.z, turn.w]) / np.linalg.norm([turn.x, turn.y, turn.z, turn.w])
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def _marker(header: Header, namespace: str, number: int, kind: int, colour: tuple[float, float, float]) -> Marker:
    marker = Marker(ns=namespace, id=number, type=kind, action=Marker.ADD)
    marker.header.stamp, marker.header.frame_id = header.stamp, header.frame_id
    marker.pose.orientation.w = 1.0
    marker.scale.x = LINE_M
    marker.color = ColorRGBA(r=colour[0], g=colour[1], b=colour[2], a=1.0)
    return marker


def _outline(box: RegionOfInterest, camera: Pinhole, depth_m: float) -> list[Point]:
    x0, y0 = box.x_offset, box.y_offset
    x1, y1 = x0 + box.width, y0 + box.height
    return [camera.point(x, y, depth_m) for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0))]


def _centre(box: RegionOfInterest) -> tuple[float, float]:
    return box.x_offset + box.width / 2, box.y_offset + box.height / 2
