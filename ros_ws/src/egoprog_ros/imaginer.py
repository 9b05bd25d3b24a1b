"""`imaginer`: a question about a frame in; the frame in which the action is done out, drawn while the asker waits.

The action `imagine` answers one question after the other. While the node is active every goal is accepted and gets a
result: what can't be answered ends with an error code and one line. A doubt is told with the answer, in `error_msg`.
The executor's thread takes goals and cancels them, at once; the worker draws, and gives a cancelled goal up at its
next step.
"""

from __future__ import annotations

import random
import sys
import time
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from egoprog_msgs.action import ImagineAction
from egoprog_msgs.msg import ActionProgram, Imagined, ObjectDetections
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.task import Future
from sensor_msgs.msg import CompressedImage, Image

from egoprog.errors import (
    ConfigurationError,
    DrawingCancelled,
    EgoprogError,
    FrameError,
    InputError,
    ModelError,
)
from egoprog.lego.drawing import BACKENDS, Drawer, Drawn, Picture
from egoprog.lego.questions import Question, parse_question
from egoprog.lego.shipped import drawer_folder
from egoprog_ros.backlog import Backlog
from egoprog_ros.base import EgoprogNode, NodeParameters, gives_way, one_line, parameter, run
from egoprog_ros.camera import TOPICS, image_parameter
from egoprog_ros.convert import message_to_detections, message_to_frame
from egoprog_ros.images import rgb_to_compressed, rgb_to_image
from egoprog_ros.published_programs import PublishedPrograms, StaleStep, UnknownStep
from egoprog_ros.stamps import duration_to_seconds, to_duration, to_seconds

ACTION = "imagine"
RESULTS_KEPT_S = 60  # for askers that are late to fetch theirs
SEEN_S = 1.0  # objects that were detected so near to a frame are in it
LARGEST_SEED = 2**31 - 1  # of those that the node chooses
WARM_UP = parse_question("open the drawer")
Result = ImagineAction.Result


@dataclass(frozen=True)
class ImaginerParameters(NodeParameters):
    niceness: int = gives_way(10)
    image: str = image_parameter("frames to draw from")
    model: str = parameter("", "folder of an exported model; empty for the one that ships", changeable=False)
    backends: tuple[str, ...] = parameter(
        BACKENDS,
        "what the model may run on, first choice first: tensorrt, onnxruntime",
        changeable=False,
    )
    precision: str = parameter("fp32", "of the model's files", choices=("fp32", "fp16", "int8"), changeable=False)
    threads: int = parameter(
        0, "threads of the model on the processor; 0 for as many as there are cores", 0, 64, changeable=False
    )
    steps: int = parameter(0, "denoising steps where a goal names none; 0 for the model's own", 0, 1000)
    max_waiting: int = parameter(
        2, "questions that may wait while one is answered; beyond it they are refused as BUSY", 0, 100, changeable=False
    )
    max_wait_s: float = parameter(30.0, "a question that waited longer is refused as STALE", 0.1, 3600.0, "s")
    max_frame_age_s: float = parameter(
        2.0, "the latest camera frame counts as none where it came longer ago", 0.05, 3600.0, "s"
    )
    scene_detector: str = parameter(
        "", "model in `objects` that names all things in view, so that others are doubted; empty: there is none"
    )
    preview_quality: int = parameter(80, "of the feedback's JPEGs", 1, 100)


class Refusal(EgoprogError):
    """A goal that is not answered. code: the name of the result's error code."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(eq=False)
class _Job:
    """One question under way. began_s: on the monotonic clock. deadline_s: from then; None for none."""

    goal: ServerGoalHandle
    question: Question
    image: Image | CompressedImage
    seed: int
    began_s: float
    deadline_s: float | None
    answer: Future  # of a Result; touched in the executor's thread alone
    is_over: bool = False

    @property
    def key(self) -> bytes:
        return bytes(self.goal.goal_id.uuid)


class Imaginer(EgoprogNode):
    """Runs a `Drawer` on questions, one at a time."""

    AWAITS = True  # an answer, in `_execute`

    def __init__(self, **options: Any) -> None:
        super().__init__("imaginer", ImaginerParameters, **options)
        self._drawer: Drawer | None = None
        self._drawer_trouble = ""
        self._jobs: dict[bytes, _Job] = {}
        self._backlog: Backlog[_Job] | None = None
        self._server: ActionServer | None = None

    def configure(self) -> None:
        parameters = self.parameters
        self._forget()
        try:
            self._drawer = self._opened()
        except Exception as error:  # the graph goes on without, and goals are told why
            self._drawer_trouble = one_line(error)
            self.get_logger().error(self._drawer_trouble)
            self.counters.degraded(f"draws nothing: {self._drawer_trouble}")
        self._answers = self.advertise(Imagined, "imagined", "latched")
        message_type, topic = TOPICS[parameters.image]
        self.subscribe(message_type, topic, self._take_frame, "image", is_expected=True)
        self.subscribe(ActionProgram, "program", self._take_program, "latched")
        self.subscribe(ObjectDetections, "objects", self._take_objects)
        self._backlog = Backlog(
            self._work,
            lambda error: self.complain(f"{type(error).__name__} while drawing", error),
            partial(self.counters.lost, "questions"),
            self.get_name(),
            parameters.max_waiting,
        )
        self._server = ActionServer(
            self,
            ImagineAction,
            ACTION,
            self._execute,
            goal_callback=self._welcome,
            cancel_callback=self._cancel,
            result_timeout=RESULTS_KEPT_S,
        )

    def _opened(self) -> Drawer:
        parameters = self.parameters
        drawer = Drawer.open(
            drawer_folder(parameters.model), parameters.backends, parameters.precision, parameters.threads or None
        )
        # the first run of a graph is its slowest
        drawer.draw(np.zeros((*drawer.size_px, 3), np.uint8), WARM_UP, steps=1)
        self.counters.value("model", drawer.name)
        self.get_logger().info(f"{drawer.name} draws {drawer.size_px[1]}x{drawer.size_px[0]} px")
        return drawer

    def activate(self) -> None:
        self._backlog.start()

    def deactivate(self) -> None:
        self._give_up("the node was deactivated")
        if self._backlog is not None:
            self._backlog.stop()

    def cleanup(self) -> None:
        if self._server is not None:
            self._server.destroy()
        self._drawer = self._server = self._backlog = None

    def enabled_changed(self, is_enabled: bool) -> None:
        if not is_enabled:
            self._give_up("the node was disabled")

    def reset(self, keep_world: bool) -> None:
        self._forget()

    def _forget(self) -> None:
        self._frame: tuple[Image | CompressedImage, float] | None = None  # and when it came, monotonic
        self._programs = PublishedPrograms()
        self._objects: ObjectDetections | None = None

    # What comes

    def _take_frame(self, message: Image | CompressedImage) -> None:
        self.counters.count("frames")
        self._frame = message, time.monotonic()

    def _take_program(self, message: ActionProgram) -> None:
        self._programs.take(message)

    def _take_objects(self, message: ObjectDetections) -> None:
        """Only of who looks at the whole scene: `hands` names what is held, and the rest may be there all the same."""
        if message.model and message.model == self.parameters.scene_detector:
            self._objects = message

    # Goals, in the executor's thread

    def _welcome(self, _: ImagineAction.Goal) -> GoalResponse:
        if self.is_active and self.is_enabled:
            return GoalResponse.ACCEPT
        self.complain("inactive", "expected a goal while the node is active and enabled; activate it, then ask again")
        return GoalResponse.REJECT

    async def _execute(self, goal: ServerGoalHandle) -> Result:
        began_s = time.monotonic()
        self.counters.count("questions")
        try:
            job = self._enqueued(goal, began_s)
            result = await job.answer
        except Exception as error:  # whatever a goal brings, the server stays up
            result = self._refused(error)
        goal.request.image = Image()  # rclpy keeps the goal as long as its result
        result.elapsed = to_duration(time.monotonic() - began_s)
        if goal.is_cancel_requested:
            self.counters.count("cancelled")
            goal.canceled()
            return Result(elapsed=result.elapsed, error_code=Result.CANCELED, error_msg="cancelled by the asker")
        if result.error_code == Result.NONE:
            goal.succeed()
        else:
            goal.abort()
        return result

    def _enqueued(self, goal: ServerGoalHandle, began_s: float) -> _Job:
        """Checks a goal and puts it into the queue."""
        request = goal.request
        if self._drawer is None:
            raise Refusal("NO_MODEL", self._drawer_trouble)
        if request.seed < -1:
            raise ConfigurationError(f"expected a seed of 0 or more, or -1 for any, got {request.seed}")
        image = request.image if request.use_image else self._latest_frame()
        if request.use_program_step:
            text = self._programs.question(bytes(request.program_id.uuid), request.revision, request.node_id)
        else:
            text = request.question
        seen = self._seen(to_seconds(image.header.stamp))
        deadline_s = duration_to_seconds(request.deadline)
        job = _Job(
            goal,
            parse_question(text, known=seen or (), seen=seen),
            image,
            request.seed if request.seed >= 0 else random.randint(0, LARGEST_SEED),
            began_s,
            deadline_s if deadline_s else None,
            Future(executor=self.executor),
        )
        self._jobs[job.key] = job
        if not self._backlog.offer(job):
            del self._jobs[job.key]
            most = self.parameters.max_waiting
            raise Refusal("BUSY", f"expected at most {most} questions to wait, and {most} do; ask again later")
        return job

    def _latest_frame(self) -> Image | CompressedImage:
        _, topic = TOPICS[self.parameters.image]
        if self._frame is None:
            raise Refusal("NO_FRAME", f"expected a frame on {topic}, none has come; start the camera or send an image")
        message, came_s = self._frame
        age_s = time.monotonic() - came_s
        if age_s > self.parameters.max_frame_age_s:
            raise Refusal(
                "NO_FRAME",
                f"expected a frame on {topic} within {self.parameters.max_frame_age_s:g} s, the last one came "
                f"{age_s:.1f} s ago; start the camera or send an image",
            )
        return message

    def _seen(self, stamp_s: float) -> tuple[str, ...] | None:
        """Names of the things in view at that stamp; None where nobody has looked."""
        if self._objects is None or abs(to_seconds(self._objects.header.stamp) - stamp_s) > SEEN_S:
            return None
        return tuple(each.name for each in message_to_detections(self._objects) if each.name) or None

    def _cancel(self, goal: ServerGoalHandle) -> CancelResponse:
        """The asker gets the answer now; the worker, where it draws this, notices at its next step."""
        job = self._jobs.get(bytes(goal.goal_id.uuid))
        if job is not None:
            self._finish(job, Result(error_code=Result.CANCELED))
        return CancelResponse.ACCEPT

    def _give_up(self, why: str) -> None:
        for job in tuple(self._jobs.values()):
            self._finish(job, Result(error_code=Result.CANCELED, error_msg=why))

    def _finish(self, job: _Job, result: Result) -> None:
        self._jobs.pop(job.key, None)
        if not job.is_over:
            job.is_over = True
            if self._backlog is not None:
                self._backlog.discard(job)
            job.answer.set_result(result)

    def _refused(self, error: Exception) -> Result:
        """One line and its code, in the result and in diagnostics."""
        code = _code(error)
        self.complain(code, error)
        return Result(error_code=getattr(Result, code), error_msg=one_line(error))

    # Drawing, in the worker's thread

    def _work(self, job: _Job) -> None:
        if job.is_over:
            return
        try:
            result = self._answer(job)
        except DrawingCancelled:
            return
        except Exception as error:  # ONNX Runtime's own, say: this question fails, the next one may not
            result = self._refused(error)
        executor = self.executor
        if executor is not None:
            executor.create_task(self._finish, job, result)

    def _answer(self, job: _Job) -> Result:
        waited_s = time.monotonic() - job.began_s
        limit_s = min(self.parameters.max_wait_s, job.deadline_s or self.parameters.max_wait_s)
        if waited_s >= limit_s:
            raise Refusal("STALE", f"expected an answer to begin within {limit_s:g} s, it would after {waited_s:.1f} s")
        request = job.goal.request
        asked_steps = request.steps or self.parameters.steps or self._drawer.num_steps
        drawn = self._drawer.draw(
            message_to_frame(job.image).image,
            job.question,
            job.seed,
            asked_steps,
            request.guidance_image or None,
            request.guidance_text or None,
            None if job.deadline_s is None else job.deadline_s - waited_s,
            partial(self._tell_step, job),
        )
        self.counters.count("answers")
        self.counters.measure("answer_ms", drawn.elapsed_s * 1e3)
        self.counters.measure("waited_ms", waited_s * 1e3)
        return self._result(job, drawn, asked_steps)

    def _tell_step(self, job: _Job, step: int, total_steps: int, preview: Picture) -> bool:
        if job.is_over:
            return False
        image = rgb_to_compressed(preview, job.image.header, self.parameters.preview_quality)
        job.goal.publish_feedback(ImagineAction.Feedback(step=step, total_steps=total_steps, preview=image))
        return not job.is_over

    def _result(self, job: _Job, drawn: Drawn, asked_steps: int) -> Result:
        """The answer, also told to whoever watches."""
        late = f"Took {drawn.steps} of {asked_steps} steps to keep the deadline." if drawn.shortened else ""
        told = Imagined(
            header=job.image.header,
            image=rgb_to_image(drawn.picture, job.image.header),
            question=job.question.text,
            description=drawn.description,
            note=" ".join(filter(None, (job.question.doubt, late))),
            model=self._drawer.name,
            seed=drawn.seed,
            steps=drawn.steps,
            elapsed=to_duration(time.monotonic() - job.began_s),
        )
        if not job.is_over:
            self._answers.publish(told)
        return Result(
            image=told.image,
            enriched_description=told.description,
            model=told.model,
            seed=told.seed,
            steps=told.steps,
            error_msg=told.note,
        )


def _code(error: Exception) -> str:
    """The name of the result's error code for what went wrong."""
    match error:
        case Refusal():
            return error.code
        case UnknownStep():
            return "UNKNOWN_PROGRAM"
        case StaleStep():
            return "STALE"
        case FrameError():
            return "BAD_IMAGE"
        case ModelError():
            return "NO_MODEL"
        case InputError() | ConfigurationError():
            return "BAD_QUESTION"
        case _:
            return "INTERNAL"


def main() -> int:
    return run(Imaginer)


if __name__ == "__main__":
    sys.exit(main())
