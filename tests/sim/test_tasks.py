"""The tasks: programs that people of most kitchens can do."""

import pytest

from egoprog.errors import UnknownTask
from egoprog.program.types import Call, Comment, If, While, walk
from egoprog.sim.activity import can_do
from egoprog.sim.participants import NUM_PARTICIPANTS, participant
from egoprog.sim.rollout import ACTIONS, Scene
from egoprog.sim.stock import FINDS, plan
from egoprog.sim.tasks import STRAYS, actions, task, tasks

WAITS = {"boiling", "sizzling", "warming"}


def test_there_are_more_than_twenty_tasks():
    assert len(tasks()) - len(STRAYS) >= 20


def test_every_action_has_a_label_and_every_label_an_action():
    assert actions().keys() == ACTIONS.keys()


@pytest.mark.parametrize("name", tasks())
def test_tasks_call_nothing_that_does_not_exist(name):
    one = tasks()[name]
    for program in (one.program, *one.parts.values()):
        for statement in walk(program.body):
            assert isinstance(statement, Call | If | While | Comment)
            if isinstance(statement, Call):
                assert statement.name in actions() or statement.name in one.parts or statement.name in WAITS


@pytest.mark.parametrize("name", tasks())
def test_calls_give_as_many_objects_as_are_declared(name):
    one = tasks()[name]
    for statement in walk(one.program.body):
        if isinstance(statement, Call) and statement.name in one.parts:
            assert len(statement.objects) == len(one.parts[statement.name].objects)


def test_every_task_can_be_done_in_most_kitchens():
    scenes = [Scene.begin(participant(n), plan(participant(n), 0, tuple(FINDS))) for n in range(NUM_PARTICIPANTS)]
    able = {name: sum(can_do(scene, name) for scene in scenes) for name in tasks()}
    assert {name: count for name, count in able.items() if count < 40} == {}


def test_an_unknown_task_is_answered_with_the_nearest_names():
    with pytest.raises(UnknownTask, match=r"'make_tee'.*'make_tea'"):
        task("make_tee")
