"""Brings the lifecycle nodes up in order, watches them, and brings back what died.

Every node is configured as soon as it is there (models load side by side) and activated in the order of the parameter
`nodes`, so that the source, which stands last, plays nothing that nobody hears. A node that can't be brought up holds
the others back only for `patience_s`. A node that a person deactivates stays so.

The service `~/shutdown` deactivates them in the opposite order, the source first: whatever is under way is finished,
published and written down before the next node ends. It answers when all are done.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import Any

from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.client import Client
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.task import Future
from std_srvs.srv import Trigger

from egoprog_ros.base import EgoprogNode, NodeParameters, parameter, run

STEP_S = 0.05
ANSWER_S = 3.0  # a node that does not tell its state for so long is gone
ASK_AGAIN_S = 1.0  # of a node that starts or works on a transition
FIRST_RETRY_S, LAST_RETRY_S = 1.0, 30.0
SETTLE_S = 0.3  # from a node's end to the next one's, so that its last messages arrive
ALL_ACTIVE = "graph is up"  # begins the line on stdout by which `egoprog up` knows

STATE_NAMES = {
    State.PRIMARY_STATE_UNKNOWN: "gone",
    State.PRIMARY_STATE_UNCONFIGURED: "unconfigured",
    State.PRIMARY_STATE_INACTIVE: "inactive",
    State.PRIMARY_STATE_ACTIVE: "active",
    State.PRIMARY_STATE_FINALIZED: "finalized",
}
RESULTS = {
    Transition.TRANSITION_CONFIGURE: State.PRIMARY_STATE_INACTIVE,
    Transition.TRANSITION_ACTIVATE: State.PRIMARY_STATE_ACTIVE,
    Transition.TRANSITION_DEACTIVATE: State.PRIMARY_STATE_INACTIVE,
}


@dataclass(frozen=True)
class ManagerParameters(NodeParameters):
    autostart: bool = parameter(True, "the manager is brought up by nobody else", changeable=False)
    nodes: tuple[str, ...] = parameter((), "lifecycle nodes in the order of their activation", changeable=False)
    poll_period_s: float = parameter(0.5, "how often each node is asked for its state", 0.1, 60.0, "s")
    patience_s: float = parameter(
        30.0, "how long a node that does not come up holds back those after it", 0.0, 600.0, "s"
    )
    transition_timeout_s: float = parameter(60.0, "longest time that a node may take to configure", 1.0, 600.0, "s")


@dataclass
class _Call:
    """A request whose answer is awaited. Times on a monotonic clock."""

    client: Client
    future: Future
    sent_s: float
    deadline_s: float

    def has_failed(self, now_s: float) -> bool:
        """Whether no answer will come: it is too late, or the service is gone."""
        return not self.future.done() and (now_s >= self.deadline_s or not self.client.service_is_ready())

    def drop(self) -> None:
        self.client.remove_pending_request(self.future)


class Managed:
    """One node as the manager sees it. All times are seconds on a monotonic clock."""

    def __init__(self, name: str, get_state: Client, change_state: Client):
        self.name = name
        self.state = State.PRIMARY_STATE_UNKNOWN
        self.has_been_active = False
        self.failures = 0
        self.restarts = 0  # how often it had to be brought back
        self.wanted_since_s: float | None = None
        self.retry_s = 0.0
        self._get_state = get_state
        self._change_state = change_state
        self._poll: _Call | None = None
        self._change: _Call | None = None
        self._transition = 0
        self._next_poll_s = 0.0

    @property
    def is_polled(self) -> bool:
        return self._poll is not None

    @property
    def is_changing(self) -> bool:
        return self._change is not None

    @property
    def state_name(self) -> str:
        return STATE_NAMES.get(self.state, "in transition")

    def poll(self, now_s: float, period_s: float) -> None:
        """Asks for the state if it is time."""
        if self.is_polled or now_s < self._next_poll_s:
            return
        self._next_poll_s = now_s + period_s
        if self._get_state.service_is_ready():
            future = self._get_state.call_async(GetState.Request())
            # a node that has just started may miss the first question; asking again costs nothing
            patience_s = ANSWER_S if self.has_been_active else ASK_AGAIN_S
            self._poll = _Call(self._get_state, future, now_s, now_s + patience_s)
        elif not self.is_changing:
            self.state = State.PRIMARY_STATE_UNKNOWN

    def change(self, transition: int, now_s: float, deadline_s: float) -> None:
        request = ChangeState.Request()
        request.transition.id = transition
        self._transition = transition
        self._change = _Call(self._change_state, self._change_state.call_async(request), now_s, deadline_s)

    def take_answers(self, now_s: float) -> int | None:
        """Takes in what has come. Returns the transition that failed, if one did."""
        failed = self._take_change(now_s) if self.is_changing else None
        if self.is_polled:
            self._take_poll(now_s)
        return failed

    def _take_change(self, now_s: float) -> int | None:
        change = self._change
        if change.future.done():
            self._change = None
            if not change.future.result().success:
                return self._transition
            self.state = RESULTS[self._transition]
        elif change.has_failed(now_s):
            change.drop()
            self._change = None
            self.state = State.PRIMARY_STATE_UNKNOWN
        return None

    def _take_poll(self, now_s: float) -> None:
        poll, change = self._poll, self._change
        if poll.future.done():
            self._poll = None
            state = poll.future.result().current_state.id
            if change is None:
                self.state = state
            elif state == RESULTS[self._transition] or poll.sent_s - change.sent_s > ANSWER_S:
                # it was done, or never begun, or the process is a new one: the answer to the change was lost
                change.drop()
                self._change = None
                self.state = state
        elif poll.has_failed(now_s):
            poll.drop()
            self._poll = None
            if change is None:  # a node that works on a transition answers nothing else
                self.state = State.PRIMARY_STATE_UNKNOWN


class Manager(EgoprogNode):
    AWAITS = True  # until all nodes are deactivated, in `_on_shutdown`

    def __init__(self, **options: Any) -> None:
        super().__init__("manager", ManagerParameters, **options)
        self._managed: list[Managed] = []
        self._timer = None
        self._has_said_up = False
        self._started_s = time.monotonic()
        self._shutdown: Future | None = None  # done when all nodes are deactivated
        self._settled_s = 0.0
        # a group of its own: while it waits, the timer that ends the nodes must run
        self.create_service(Trigger, "~/shutdown", self._on_shutdown, callback_group=ReentrantCallbackGroup())

    def configure(self) -> None:
        self._managed = [
            Managed(
                name,
                self.create_client(GetState, f"{name}/get_state"),
                self.create_client(ChangeState, f"{name}/change_state"),
            )
            for name in self.parameters.nodes
        ]

    def activate(self) -> None:
        # steady: with use_sim_time the nodes come up before anybody publishes /clock
        self._timer = self.create_timer(STEP_S, self._step, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def deactivate(self) -> None:
        if self._timer is not None:
            self.destroy_timer(self._timer)
            self._timer = None

    async def _on_shutdown(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        if self._shutdown is None:
            self._shutdown = Future()
        await self._shutdown
        response.success = all(node.state != State.PRIMARY_STATE_ACTIVE for node in self._managed)
        response.message = ", ".join(f"{node.name} {node.state_name}" for node in self._managed)
        return response

    def _end_in_order(self, now_s: float) -> None:
        """Deactivates the last node that is still active; those before it wait until it has settled."""
        for node in reversed(self._managed):
            node.take_answers(now_s)
            if node.is_changing:
                node.poll(now_s, ASK_AGAIN_S)
                return
            if node.state == State.PRIMARY_STATE_ACTIVE:
                if now_s >= self._settled_s:
                    node.change(Transition.TRANSITION_DEACTIVATE, now_s, now_s + self.parameters.transition_timeout_s)
                    self._settled_s = now_s + SETTLE_S
                return
        if not self._shutdown.done() and now_s >= self._settled_s:
            self._shutdown.set_result(None)

    def _step(self) -> None:
        now_s = time.monotonic()
        if self._shutdown is not None:
            self._end_in_order(now_s)
            return
        may_activate = True
        for node in self._managed:
            before = node.state
            failed = node.take_answers(now_s)
            if failed is not None:
                self._note_failure(node, failed, now_s)
            self._advance(node, may_activate, now_s)
            if node.state != before:
                self._note_state(node, before)
            is_up = node.state == State.PRIMARY_STATE_ACTIVE or node.has_been_active
            if not is_up and not self._is_given_up(node, now_s):
                may_activate = False
        self._tell_when_up(now_s)

    def _advance(self, node: Managed, may_activate: bool, now_s: float) -> None:
        """The next thing to ask of a node."""
        if node.is_changing:
            node.poll(now_s, ASK_AGAIN_S)
            return
        if now_s >= node.retry_s and not node.is_polled:
            deadline_s = now_s + self.parameters.transition_timeout_s
            if node.state == State.PRIMARY_STATE_UNCONFIGURED:
                node.change(Transition.TRANSITION_CONFIGURE, now_s, deadline_s)
                return
            if node.state == State.PRIMARY_STATE_INACTIVE and may_activate and not node.has_been_active:
                node.change(Transition.TRANSITION_ACTIVATE, now_s, deadline_s)
                return
        node.poll(now_s, self.parameters.poll_period_s if node.has_been_active else 4 * STEP_S)

    def _note_state(self, node: Managed, before: int) -> None:
        logger = self.get_logger()
        match node.state:
            case State.PRIMARY_STATE_ACTIVE:
                if node.restarts:
                    logger.info(f"{node.name} is active again")
                node.has_been_active = True
                node.failures = 0
                self.counters.failed(f"{node.name} can't be brought up", False)
            case State.PRIMARY_STATE_UNCONFIGURED | State.PRIMARY_STATE_UNKNOWN if node.has_been_active:
                logger.warning(f"{node.name} was active and is {node.state_name}; bringing it back")
                node.has_been_active = False
                node.wanted_since_s = None
                node.restarts += 1
                self.counters.lost(node.name)
            case State.PRIMARY_STATE_INACTIVE if before == State.PRIMARY_STATE_ACTIVE:
                logger.info(f"{node.name} was deactivated by someone; leaving it so")
            case State.PRIMARY_STATE_FINALIZED:
                logger.error(f"{node.name} was shut down and can't come back; start its process again")
        is_short_of_active = node.state != State.PRIMARY_STATE_ACTIVE
        self.counters.degraded(f"{node.name} is not active", is_short_of_active)
        self.counters.value(node.name, node.state_name)

    def _note_failure(self, node: Managed, transition: int, now_s: float) -> None:
        step = "configure" if transition == Transition.TRANSITION_CONFIGURE else "activate"
        pause_s = min(FIRST_RETRY_S * 2**node.failures, LAST_RETRY_S)
        node.failures += 1
        node.retry_s = now_s + pause_s
        self.get_logger().error(f"{node.name} failed to {step}; its own log says why; trying again in {pause_s:.0f} s")
        self.counters.failed(f"{node.name} can't be brought up")
        self.counters.count(f"failed: {step} {node.name}")

    def _is_given_up(self, node: Managed, now_s: float) -> bool:
        """Whether the nodes after it go on without it, for now."""
        if node.wanted_since_s is None:
            node.wanted_since_s = now_s
        return node.failures > 1 or now_s - node.wanted_since_s > self.parameters.patience_s

    def _tell_when_up(self, now_s: float) -> None:
        are_active = [node.state == State.PRIMARY_STATE_ACTIVE for node in self._managed]
        if self._has_said_up or not all(are_active):
            return
        self._has_said_up = True
        took_s = now_s - self._started_s
        print(f"{ALL_ACTIVE}: {len(are_active)} nodes active after {took_s:.1f} s", flush=True)


def main() -> int:
    return run(Manager)


if __name__ == "__main__":
    sys.exit(main())
