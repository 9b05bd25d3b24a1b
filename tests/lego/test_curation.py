"""Descriptions from a language model: what it is asked, which answers stand, and that nothing is paid for twice."""

import json

import pytest
from language_model_server import LanguageModelServer, Reply, completion, serve

from egoprog.data.frame_pairs import FramePair
from egoprog.data.object_boxes import BoxedObject, FrameBoxes
from egoprog.errors import ConfigurationError, GenerationError, InputError
from egoprog.generate.chat import Endpoint
from egoprog.lego.curation import (
    NUM_EXEMPLARS,
    Budget,
    CuratedStore,
    CurationExample,
    Curator,
    cleaned,
    example_of,
    exemplars,
    problems,
    query,
    read_exemplars,
)
from egoprog.program.types import Hand

GOOD = "The person pulls open the drawer on the right with the right hand."
DRAWER = CurationExample("open drawer", (("right hand", (0.6, 0.5, 0.8, 0.7)), ("drawer", (0.5, 0.5, 0.9, 0.9))))
EXAMPLES = {f"P01_01_{number}": DRAWER for number in range(4)}


@pytest.fixture
def server():
    yield from serve(LanguageModelServer())


@pytest.fixture
def store(tmp_path):
    return CuratedStore(tmp_path / "curated.jsonl")


def endpoint(server, **changes):
    return Endpoint("test", "secret", server.url, timeout_s=5.0, max_retries=0, **changes)


def test_the_twelve_examples_pass_their_own_checks():
    assert len(exemplars()) == NUM_EXEMPLARS
    assert len({one.action for one in exemplars()}) == NUM_EXEMPLARS
    hands = " ".join(one.description for one in exemplars())
    assert "left hand" in hands and "right hand" in hands and "both hands" in hands


def test_an_example_with_a_foreign_thing_is_refused():
    text = (
        "- action: open drawer\n  boxes: {right hand: [0, 0, 1, 1]}\n"
        "  description: The right hand takes a knife out of the drawer.\n"
    )
    with pytest.raises(ConfigurationError, match="knife"):
        read_exemplars(text)
    with pytest.raises(ConfigurationError, match="boxes"):
        read_exemplars("- action: open drawer\n")


def test_a_question_holds_the_rules_the_examples_and_normalised_boxes():
    messages = query(DRAWER)
    assert [message["role"] for message in messages] == ["system", "user", "user"]
    assert all(one.description in messages[1]["content"] for one in exemplars())
    assert messages[2]["content"].endswith(
        "Action: open drawer\nBoxes:\n- right hand: [0.60, 0.50, 0.80, 0.70]\n- drawer: [0.50, 0.50, 0.90, 0.90]\n"
        "Description:"
    )


def test_boxes_of_a_frame_become_names_that_people_say():
    boxes = FrameBoxes(
        "P01_01",
        1,
        (
            BoxedObject("chopping_board", "board:chopping", (0.1, 0.2, 0.3, 0.4)),
            BoxedObject("mug_2", "cup", (0.1, 0.2, 0.3, 0.4), Hand.LEFT),
            BoxedObject("left hand", "hand", (0.1, 0.2, 0.3, 0.4)),
        ),
    )
    example = example_of(FramePair("P01_01_0", "P01_01", "P01", 0.0, 1.0, "take mug"), boxes)
    assert [name for name, _ in example.boxes] == ["left hand", "chopping board", "mug"]


@pytest.mark.parametrize(
    ("sentence", "complaint"),
    [
        ("", "empty"),
        ("The person opens the drawer.", "no hand"),
        ("The person opens the drawer with the right hand. It is open now.", "2 sentences"),
        ("The person opens the drawer with the left hand.", "left hand has no box"),
        ("The right hand opens the drawer and takes the knife and the bowl.", "bowl, knife"),
        ("The right hand opens the drawer at 0.5.", "numbers"),
        ("The right hand opens the drawer " + "slowly " * 60 + ".", "60"),
    ],
)
def test_what_is_wrong_with_a_description_is_said(sentence, complaint):
    assert complaint in " ".join(problems(sentence, DRAWER))


def test_a_good_description_passes_in_the_plural_and_with_other_words_for_a_thing_that_is_given():
    assert problems(GOOD, DRAWER) == ()
    boxed = CurationExample("chop carrots", (("left hand", (0, 0, 1, 1)), ("board", (0, 0, 1, 1))))
    assert problems("The person chops a carrot on the board with the left hand.", boxed) == ()


@pytest.mark.parametrize(
    "answer",
    [GOOD, f"Description: {GOOD}", f'"{GOOD}"', f"- {GOOD}", f"**Description:** {GOOD[:-1]}\n", f"(13) {GOOD}"],
)
def test_what_models_put_around_a_sentence_is_taken_off(answer):
    assert cleaned(answer) == GOOD


def test_a_good_answer_costs_one_question_and_a_second_run_costs_none(server, store):
    server.answers(completion(GOOD))
    curator = Curator(endpoint(server), store)
    assert curator.curate(EXAMPLES) == dict.fromkeys(EXAMPLES, GOOD)
    assert (curator.counts.at_once, curator.counts.queries) == (4, 4)
    again = Curator(endpoint(server), CuratedStore(store.path))
    assert again.curate(EXAMPLES) == dict.fromkeys(EXAMPLES, GOOD)
    assert (again.counts.stored, again.counts.queries, len(server.requests)) == (4, 0, 4)


def test_a_bad_answer_is_sent_back_with_the_reason(server, store):
    server.answers(completion("The person opens the drawer."), completion(GOOD))
    curator = Curator(endpoint(server), store)
    assert curator.curate({"a": DRAWER}) == {"a": GOOD}
    assert curator.counts.mended == 1
    second = server.requests[1]["messages"]
    assert second[-2] == {"role": "assistant", "content": "The person opens the drawer."}
    assert "no hand is named" in second[-1]["content"]


def test_an_answer_that_fails_twice_is_dropped_kept_on_record_and_not_asked_again(server, store):
    server.answers(completion("I can't see the picture."))
    curator = Curator(endpoint(server), store)
    assert curator.curate({"a": DRAWER}) == {}
    record = CuratedStore(store.path).get("a", "test")
    assert record.description == "" and "no hand" in record.why[0] and record.attempts == 2
    assert Curator(endpoint(server), CuratedStore(store.path)).curate({"a": DRAWER}) == {}
    assert len(server.requests) == 2


def test_a_run_stops_at_its_budget_and_the_next_goes_on(server, store):
    server.answers(completion(GOOD, prompt_tokens=1000, completion_tokens=100))
    prices = {"prompt_usd_per_million": 1000.0, "completion_usd_per_million": 0.0}  # 1 USD an answer
    curator = Curator(endpoint(server, **prices), store, Budget(usd=2.0))
    assert len(curator.curate(EXAMPLES)) == 2
    assert curator.counts.is_spent and store.cost_usd("test") == pytest.approx(2.0)
    assert len(Curator(endpoint(server, **prices), store, Budget(usd=2.0)).curate(EXAMPLES)) == 2
    assert len(Curator(endpoint(server, **prices), store, Budget(usd=9.0)).curate(EXAMPLES)) == 4
    assert len(server.requests) == 4


def test_a_budget_of_questions_needs_no_prices(server, store):
    server.answers(completion(GOOD))
    assert len(Curator(endpoint(server), store, Budget(queries=3)).curate(EXAMPLES)) == 3
    with pytest.raises(ConfigurationError, match="prices"):
        Curator(endpoint(server), store, Budget(usd=1.0))


def test_a_server_in_trouble_keeps_what_came_before(server, store):
    server.answers(completion(GOOD), Reply(500, "{}"))
    with pytest.raises(GenerationError, match="HTTP 500"):
        Curator(endpoint(server), store).curate(EXAMPLES)
    assert len(CuratedStore(store.path)) == 1


def test_a_line_that_a_crash_cut_is_asked_again(server, store):
    server.answers(completion(GOOD))
    Curator(endpoint(server), store).curate({"a": DRAWER, "b": DRAWER})
    content = store.path.read_bytes()
    store.path.write_bytes(content[:-20])
    assert len(CuratedStore(store.path)) == 1
    store.path.write_bytes(b"{}\n" + content)
    with pytest.raises(InputError, match="line 1"):
        CuratedStore(store.path)


def test_models_are_kept_apart(server, store):
    server.answers(completion(GOOD))
    Curator(endpoint(server), store).curate({"a": DRAWER})
    assert store.descriptions("another") == {}
    assert json.loads(store.path.read_text(encoding="utf-8"))["model"] == "test"
