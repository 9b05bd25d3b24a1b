"""Recordings and datasets: what was seen, heard and tracked, and what is known of it, whatever the file it lies in."""

from egoprog.data.ego4d import read_hands, read_lta, read_state_changes
from egoprog.data.epic import (
    Action,
    ClassTable,
    NamedClass,
    Segment,
    VideoInfo,
    read_actions,
    read_classes,
    read_segments,
    read_tail_classes,
    read_unseen_participants,
    read_video_info,
    write_actions,
    write_classes,
    write_segments,
    write_tail_classes,
    write_unseen_participants,
    write_video_info,
)
from egoprog.data.epic_fields import CameraFields, FieldsCamera, read_camera_poses, read_fields, write_fields
from egoprog.data.epic_sounds import SoundSegment, read_sounds, write_sounds
from egoprog.data.hand_objects import FrameDetections, SeenHand, SeenObject, read_hand_objects, write_hand_objects
from egoprog.data.program_lines import ProgramClip, iter_programs, read_programs, write_programs
from egoprog.data.recording import Recording, open_recording
from egoprog.data.samples import AudioBlock, Frame, ImuSample, PoseSample

__all__ = [
    "Action",
    "AudioBlock",
    "CameraFields",
    "ClassTable",
    "FieldsCamera",
    "Frame",
    "FrameDetections",
    "ImuSample",
    "NamedClass",
    "PoseSample",
    "ProgramClip",
    "Recording",
    "SeenHand",
    "SeenObject",
    "Segment",
    "SoundSegment",
    "VideoInfo",
    "iter_programs",
    "open_recording",
    "read_actions",
    "read_camera_poses",
    "read_classes",
    "read_fields",
    "read_hand_objects",
    "read_hands",
    "read_lta",
    "read_programs",
    "read_segments",
    "read_sounds",
    "read_state_changes",
    "read_tail_classes",
    "read_unseen_participants",
    "read_video_info",
    "write_actions",
    "write_classes",
    "write_fields",
    "write_hand_objects",
    "write_programs",
    "write_segments",
    "write_sounds",
    "write_tail_classes",
    "write_unseen_participants",
    "write_video_info",
]
