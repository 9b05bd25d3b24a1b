"""What a language model is asked, and which of its answers belongs to which clip."""

from egoprog.describe.types import ClipDescription, SoundEvent
from egoprog.generate import prompt
from egoprog.program import parse, parse_all
from egoprog.program.types import Comment, SubAction, Verb

EXEMPLARS = (parse("def take_cup(start_t=0, stop_t=1):\n    goto(cup)\n    grasp(cup)\n"),)


def clip(name, start_s=0.0, stop_s=2.0, **more):
    return ClipDescription(name, start_s, stop_s, **more)


def answers(*heads):
    return parse_all("\n\n".join(f"def {head}:\n    wait()" for head in heads))


def names(matched):
    return [None if program is None else (program.name, program.stop_s) for program in matched]


def test_a_query_holds_the_library_then_every_clip_with_what_was_heard():
    clips = [clip("take_plate", sounds=(SoundEvent("water", 0.5, 1.5, 0.9),)), clip("put_plate")]
    messages = prompt.query(clips, EXEMPLARS)
    text = messages[-1]["content"]
    assert messages[0]["role"] == "system"
    assert text.index("def take_cup") < text.index("def take_plate") < text.index("def put_plate")
    assert "# Heard sound of water at time 0.5 sec to 1.5 sec" in text
    assert "these 2 programs" in text


def test_a_second_query_holds_the_answer_and_the_exact_explanation():
    failure = prompt.Failure(clip("cut_carrot"), "def cut_carrot():\n    use(knife, carrot)\n", ("no hand holds it",))
    text = prompt.second_query([failure], EXEMPLARS)[-1]["content"]
    assert "use(knife, carrot)" in text
    assert "- no hand holds it" in text


def test_answers_in_another_order_find_their_clips():
    clips = [clip("take_plate"), clip("put_plate")]
    assert names(prompt.match(answers("put_plate()", "take_plate()"), clips)) == [
        ("take_plate", None),
        ("put_plate", None),
    ]


def test_a_dropped_answer_leaves_its_clip_without_and_an_added_one_goes_nowhere():
    clips = [clip("take_plate"), clip("put_plate"), clip("open_fridge")]
    found = prompt.match(answers("take_plate()", "dance()", "open_fridge()"), clips)
    assert names(found) == [("take_plate", None), None, ("open_fridge", None)]


def test_repeated_names_are_dealt_out_in_order():
    clips = [clip("take_plate", 0, 2), clip("take_plate", 4, 7)]
    found = prompt.match(answers("take_plate(start_t=0, stop_t=2)", "take_plate(start_t=0, stop_t=3)"), clips)
    assert names(found) == [("take_plate", 2), ("take_plate", 3)]


def test_repeated_names_with_one_answer_short_are_told_apart_by_their_times():
    clips = [clip("take_plate", 0, 2), clip("take_plate", 4, 7)]
    found = prompt.match(answers("take_plate(start_t=0, stop_t=3)"), clips)
    assert names(found) == [None, ("take_plate", 3)]


def test_repeated_names_that_nothing_tells_apart_are_given_to_nobody():
    clips = [clip("take_plate", 0, 2), clip("take_plate", 4, 7)]
    assert names(prompt.match(answers("take_plate()"), clips)) == [None, None]


def test_a_strange_name_is_taken_only_where_the_times_leave_no_doubt():
    clips = [clip("take_plate", 0, 2), clip("put_plate", 4, 7), clip("put_cup", 9, 12)]
    found = prompt.match(answers("grab_plate(start_t=0, stop_t=2)", "place_it(start_t=0, stop_t=3)"), clips)
    assert names(found) == [("grab_plate", 2), None, None]


def test_a_completion_bears_its_clips_name_times_and_evidence_once():
    description = clip("take_plate", 3.0, 5.0, sounds=(SoundEvent("water", 3.5, 4.5, 0.9),), objects=("plate",))
    text = """def Take_Plate():
        # Heard sound of water at time 0.5 sec to 1.5 sec
        # objects = [plate]
        # quickly
        goto(plate)
    """
    program = prompt.completed(parse(text), description)
    assert (program.name, program.start_s, program.stop_s) == ("take_plate", 0.0, 2.0)
    assert program.body == (
        Comment("Heard sound of water at time 0.5 sec to 1.5 sec"),
        Comment("Holding nothing at start."),
        Comment("quickly"),
        SubAction(Verb.GOTO, ("plate",)),
    )
