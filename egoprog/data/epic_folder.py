"""A folder that is laid out as EPIC-KITCHENS is: videos by participant, and beside them what is known of them.

annotations/EPIC_100_{train,validation}.csv, EPIC_100_video_info.csv, EPIC_Sounds_*.csv
P01/videos/P01_01.mp4
epic-fields/P01_01.json          hand-objects/P01/P01_01.pkl          programs/{train,validation}.jsonl
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from egoprog.data.epic import picture_rate_hz, read_actions, read_video_info
from egoprog.data.epic_fields import poses_of, read_fields
from egoprog.data.program_lines import ProgramClip, iter_programs
from egoprog.data.samples import Intrinsics, PoseSample, Truth
from egoprog.describe.types import Narration

SPLITS = ("train", "validation")


@dataclass(frozen=True)
class EpicFolder:
    """Where things lie. root: the folder that holds `annotations`."""

    root: Path

    @classmethod
    def around(cls, video: str | Path) -> EpicFolder | None:
        """The folder that a video lies in, None where it lies in none."""
        video = Path(video).resolve()
        root = video.parents[2] if len(video.parents) > 2 and video.parent.name == "videos" else None
        return cls(root) if root is not None and (root / "annotations").is_dir() else None

    def actions(self, split: str) -> Path:
        return self.root / "annotations" / f"EPIC_100_{split}.csv"

    def sounds(self, split: str) -> Path:
        return self.root / "annotations" / f"EPIC_Sounds_{split}.csv"

    def programs(self, split: str) -> Path:
        return self.root / "programs" / f"{split}.jsonl"

    def fields(self, video_id: str) -> Path:
        return self.root / "epic-fields" / f"{video_id}.json"

    def video(self, video_id: str) -> Path:
        return self.root / video_id.partition("_")[0] / "videos" / f"{video_id}.mp4"

    def pictures(self, video_id: str) -> Path:
        """Numbered pictures in the place of a video: frame_0000000001.jpg."""
        return self.video(video_id).parents[1] / "rgb_frames" / video_id

    @property
    def video_info(self) -> Path:
        return self.root / "annotations" / "EPIC_100_video_info.csv"

    @property
    def unseen_participants(self) -> Path:
        return self.root / "annotations" / "EPIC_100_unseen_participant_ids_validation.csv"

    def boxes(self, video_id: str) -> Path:
        """See `object_boxes`."""
        return self.root / "episodes" / video_id / "boxes.jsonl"

    def hand_objects(self, video_id: str) -> Path:
        return self.root / "hand-objects" / video_id.partition("_")[0] / f"{video_id}.pkl"

    def narrations(self, video_id: str) -> list[Narration]:
        """What the wearer said in one video. Raises AnnotationError for files that are amiss."""
        files = [path for path in map(self.actions, SPLITS) if path.is_file()]
        rows = [row for path in files for row in read_actions(path) if row.video_id == video_id]
        return sorted((Narration(row.narration, row.start_s, row.stop_s) for row in rows), key=lambda n: n.start_s)

    def camera(self, video_id: str) -> tuple[Intrinsics | None, list[PoseSample]]:
        """The camera of a video and where it was; (None, []) where nobody knows. Raises AnnotationError."""
        path = self.fields(video_id)
        if not path.is_file():
            return None, []
        fields = read_fields(path)
        videos = read_video_info(self.video_info) if self.video_info.is_file() else {}
        rate_hz = picture_rate_hz(video_id, videos.get(video_id))
        camera = fields.camera
        intrinsics = None
        if camera.model == "OPENCV":
            intrinsics = Intrinsics(camera.width_px, camera.height_px, *camera.params[:4], camera.params[4:8])
        return intrinsics, poses_of(fields, rate_hz)

    def truth(self, video_id: str) -> tuple[Truth, ...]:
        """What is really done in a video; () where nobody knows. Raises AnnotationError."""
        files = [path for path in map(self.programs, SPLITS) if path.is_file()]
        return truth_of(clip for path in files for clip in iter_programs(path) if clip.video_id == video_id)


def truth_of(clips: Iterable[ProgramClip]) -> tuple[Truth, ...]:
    """One at each clip's start, and one at its end if the next does not begin there. clips: of one video."""
    ordered = sorted(clips, key=lambda clip: clip.start_s)
    truth = []
    for clip, following in zip(ordered, [*ordered[1:], None], strict=False):
        truth.append(Truth(clip.start_s, clip.program, clip.before))
        if following is None or following.start_s > clip.stop_s:
            truth.append(Truth(clip.stop_s, None, clip.after))
    return tuple(truth)
