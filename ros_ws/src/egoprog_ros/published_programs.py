"""Programs as they were published, so that one of their steps can be asked for later."""

from __future__ import annotations

from collections import OrderedDict

from egoprog_msgs.msg import ActionProgram

from egoprog.errors import InputError
from egoprog.lego.step_questions import question_about
from egoprog_ros.convert import message_to_part

PROGRAMS_KEPT = 16
REVISIONS_KEPT = 64  # of each program


class UnknownStep(InputError):
    """A program, a revision or a node that nobody has published."""


class StaleStep(InputError):
    """A step that a later revision has taken back or changed."""


class PublishedPrograms:
    """The last revisions of the last programs."""

    def __init__(self) -> None:
        self._programs: OrderedDict[bytes, OrderedDict[int, ActionProgram]] = OrderedDict()

    def take(self, message: ActionProgram) -> None:
        key = bytes(message.program_id.uuid)
        revisions = self._programs.setdefault(key, OrderedDict())
        revisions[message.revision] = message
        self._programs.move_to_end(key)
        while len(revisions) > REVISIONS_KEPT:
            revisions.popitem(last=False)
        while len(self._programs) > PROGRAMS_KEPT:
            self._programs.popitem(last=False)

    def clear(self) -> None:
        self._programs.clear()

    def question(self, program_id: bytes, revision: int, node_id: int) -> str:
        """What a person asks who wants to see that step, see `question_about`. revision: 0 for the newest.

        Raises UnknownStep, StaleStep where the newest revision says something else of the node, and InputError for a
        node that can't be seen being done.
        """
        revisions = self._programs.get(program_id)
        if revisions is None:
            raise UnknownStep(
                f"expected one of the last {PROGRAMS_KEPT} published programs, got {program_id.hex()}; "
                "name one from the topic program"
            )
        newest = revisions[max(revisions)]
        if revision > newest.revision:
            raise UnknownStep(f"expected a revision up to {newest.revision} of {newest.name}, got {revision}")
        named = revisions.get(revision, newest)  # one that never came here is held against the newest
        asked, now = message_to_part(named, node_id), message_to_part(newest, node_id)
        if asked is None and (named is not newest or revision in (0, newest.revision)):
            known = ", ".join(str(node.id) for node in named.nodes)
            raise UnknownStep(f"expected a node of {known} in revision {named.revision} of {named.name}, got {node_id}")
        if now is None or question_about(now) != question_about(asked):
            raise StaleStep(
                f"expected a step that stands in revision {newest.revision} of {newest.name} too, got node {node_id} "
                f"of revision {revision}, which was changed; ask for a step of the newest revision"
            )
        return question_about(asked)
