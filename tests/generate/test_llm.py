"""A language model answers well, badly, slowly and not at all; each time one gets programs or one clear line."""

import re
import socket

import pytest
from language_model_server import Reply, completion

from egoprog.describe.types import ClipDescription
from egoprog.errors import ConfigurationError, GenerationError
from egoprog.generate.llm import Endpoint, LanguageModelGenerator
from egoprog.generate.verify import problems
from egoprog.program.types import Hand

KEY = "sk-very-secret-0123456789"
TAKE = ClipDescription("take_plate", 0.0, 2.0, narration="take plate", objects=("plate",))
PUT = ClipDescription("put_plate", 4.0, 7.0, narration="put plate", holding_at_start=((Hand.RIGHT, "plate"),))
GOOD_TAKE = "def take_plate(start_t=0, stop_t=2):\n    goto(plate)\n    grasp(plate, hand=right)\n"
GOOD_PUT = "def put_plate(start_t=0, stop_t=3):\n    move(plate, table)\n    release(plate)\n"
BAD_TAKE = "def take_plate(start_t=0, stop_t=2):\n    use(knife, carrot)\n    release(plate, hand=left)\n"


def generator(server, **more):
    given = {"timeout_s": 5.0, "max_retries": 2, **more}
    per_query = given.pop("clips_per_query", 35)
    return LanguageModelGenerator(Endpoint("test-model", KEY, server.url, **given), clips_per_query=per_query)


def tried_verbs(program):
    return [step.verb.value for step in program.sub_actions()]


def test_a_good_answer_becomes_programs_with_their_provenance(server):
    server.answers(completion(f"Here you are:\n```python\n{GOOD_TAKE}\n{GOOD_PUT}```\n", prompt_tokens=1001))
    asked = generator(server, prompt_usd_per_million=2.0, completion_usd_per_million=10.0)
    take, put = asked.generate_batch([TAKE, PUT])
    assert tried_verbs(take) == ["goto", "grasp"]
    assert tried_verbs(put) == ["move", "release"]
    assert take.provenance.generator == "llm"
    assert take.provenance.model == "test-model"
    assert take.provenance.attempts == 1
    assert take.provenance.prompt_tokens + put.provenance.prompt_tokens == 1001
    assert take.provenance.cost_usd + put.provenance.cost_usd == pytest.approx((1001 * 2 + 100 * 10) / 1e6)
    assert (asked.counts.clips, asked.counts.at_once, asked.counts.queries) == (2, 2, 1)
    assert asked.counts.cost_usd == pytest.approx((1001 * 2 + 100 * 10) / 1e6)
    assert server.requests[0]["model"] == "test-model"
    assert "Holding plate at start" in server.requests[0]["messages"][-1]["content"]
    assert server.keys == [f"Bearer {KEY}"]


def test_without_prices_the_cost_is_unknown(server):
    server.answers(completion(GOOD_TAKE))
    assert generator(server).generate_batch([TAKE])[0].provenance.cost_usd is None


def test_thirty_six_clips_take_two_queries(server):
    clips = [ClipDescription(f"take_plate_{i}", 0.0, 2.0) for i in range(36)]

    def answer(request):
        heads = re.findall(
            r"def (take_plate_\d+)\(start_t=0, stop_t=2\):\n    # objects", request["messages"][-1]["content"]
        )
        return completion("\n".join(f"def {name}(start_t=0, stop_t=2):\n    goto(plate)\n" for name in heads))

    server.answers(answer)
    asked = generator(server)
    programs = asked.generate_batch(clips)
    assert [program.name for program in programs] == [clip.name for clip in clips]
    assert asked.counts.queries == 2


def test_what_is_impossible_is_sent_back_once_with_the_exact_explanation_and_mended(server):
    server.answers(completion(BAD_TAKE + GOOD_PUT), completion(GOOD_TAKE))
    asked = generator(server)
    take, put = asked.generate_batch([TAKE, PUT])
    second = server.requests[1]["messages"][-1]["content"]
    assert "use(knife, carrot): no hand holds the knife" in second
    assert "def put_plate" not in second.split("These 1 programs")[1], "what stands is not asked for again"
    assert tried_verbs(take) == ["goto", "grasp"]
    assert (take.provenance.attempts, put.provenance.attempts) == (2, 1)
    assert take.provenance.prompt_tokens == 500 + 1000
    assert (asked.counts.at_once, asked.counts.mended, asked.counts.fallback) == (1, 1, 0)


def test_what_fails_twice_is_written_locally_and_says_why(server):
    server.answers(completion(BAD_TAKE))
    asked = generator(server)
    (take,) = asked.generate_batch([TAKE])
    assert problems(take, TAKE) == ()
    assert take.provenance.generator == "local"
    assert "test-model failed twice" in take.provenance.fallback
    assert "no hand holds the knife" in take.provenance.fallback
    assert take.provenance.prompt_tokens == 2000, "what was paid stands in it"
    assert asked.counts.fallback == 1
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("I am sorry, I can't help with that.", "program"),
        ("", "program"),
        (None, "program"),
        (GOOD_TAKE.replace("take_plate", "dance_tango").replace("stop_t=2", "stop_t=9"), "dance_tango"),
    ],
)
def test_prose_emptiness_and_wrong_names_are_sent_back_and_then_written_locally(server, text, why):
    server.answers(completion(text))
    (take,) = generator(server).generate_batch([TAKE])
    assert take.provenance.generator == "local"
    assert why in take.provenance.fallback
    assert len(server.requests) == 2


def test_an_answer_cut_at_its_length_limit_keeps_what_is_whole_and_asks_for_the_rest(server):
    cut = GOOD_TAKE + "def put_plate(start_t=0, stop_t=3):\n    move(plate, ta"
    server.answers(completion(cut, finish_reason="length"), completion(GOOD_PUT))
    take, put = generator(server).generate_batch([TAKE, PUT])
    assert (take.provenance.attempts, put.provenance.attempts) == (1, 2)
    assert put.is_complete


def test_objects_outside_of_the_vocabulary_are_sent_back(server):
    clip = ClipDescription("take_plate", 0.0, 2.0, vocabulary=("plate", "cup"))
    server.answers(completion(GOOD_TAKE.replace("goto(plate)", "goto(dragon)")), completion(GOOD_TAKE))
    (take,) = generator(server).generate_batch([clip])
    assert "not among the objects of the scene: dragon; use only: cup, plate" in str(server.requests[1])
    assert take.provenance.attempts == 2


def test_a_busy_server_is_asked_again(server):
    busy = Reply(
        429, '{"error": {"message": "slow down"}}', {"content-type": "application/json", "retry-after-ms": "10"}
    )
    server.answers(busy, busy, completion(GOOD_TAKE))
    assert generator(server).generate_batch([TAKE])[0].provenance.generator == "llm"


def one_line(error):
    assert "\n" not in str(error.value)
    assert KEY not in str(error.value)
    return str(error.value)


def test_a_server_that_stays_busy_is_told_of_in_one_line(server):
    headers = {"content-type": "application/json", "retry-after-ms": "5"}
    server.answers(Reply(429, '{"error": {"message": "slow\\ndown"}}', headers))
    with pytest.raises(GenerationError, match="HTTP 429") as error:
        generator(server).generate_batch([TAKE])
    assert "slow down" in one_line(error)
    assert len(server.requests) == 3, "asked once and twice again"


def test_a_refused_key_is_told_of_without_showing_it(server):
    server.answers(Reply(401, f'{{"error": {{"message": "Incorrect API key provided: {KEY}"}}}}'))
    with pytest.raises(GenerationError, match="EGOPROG_LLM_API_KEY") as error:
        generator(server).generate_batch([TAKE])
    one_line(error)
    assert KEY not in repr(Endpoint("m", KEY))
    assert len(server.requests) == 1


@pytest.mark.parametrize("body", ['{"choices": [', "[]", '{"choices": []}', '{"error": "no"}', "3"])
def test_garbage_instead_of_a_completion_is_told_of(server, body):
    server.answers(Reply(body=body))
    with pytest.raises(GenerationError, match="expected a chat completion") as error:
        generator(server, max_retries=0).generate_batch([TAKE])
    one_line(error)


def test_a_page_of_html_is_told_of_and_not_repeated_whole(server):
    server.answers(Reply(body="<html>" + "welcome " * 500, headers={"content-type": "text/html"}))
    with pytest.raises(GenerationError, match="OpenAI-compatible") as error:
        generator(server, max_retries=0).generate_batch([TAKE])
    assert len(one_line(error)) < 500


def test_a_slow_server_is_waited_for_within_the_timeout(server):
    slow = completion(GOOD_TAKE)
    slow.after_s = 0.4
    server.answers(slow)
    assert generator(server, timeout_s=5.0).generate_batch([TAKE])[0].provenance.generator == "llm"


def test_a_server_that_hangs_is_told_of_after_the_timeout(server):
    server.answers(Reply(after_s=2.0))
    with pytest.raises(GenerationError, match=r"within 0\.2 s") as error:
        generator(server, timeout_s=0.2, max_retries=0).generate_batch([TAKE])
    one_line(error)


def test_a_closed_port_is_told_of():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    endpoint = Endpoint("m", KEY, f"http://user:hunter2@127.0.0.1:{port}/v1", timeout_s=2.0, max_retries=0)
    with pytest.raises(GenerationError, match="no connection") as error:
        LanguageModelGenerator(endpoint).generate_batch([TAKE])
    assert "hunter2" not in one_line(error)


def test_a_server_that_dies_before_the_second_query_does_not_cost_what_the_first_one_brought(server):
    server.answers(completion(BAD_TAKE + GOOD_PUT), Reply(500, "{}"))
    take, put = generator(server, max_retries=0).generate_batch([TAKE, PUT])
    assert put.provenance.generator == "llm"
    assert take.provenance.generator == "local"
    assert "HTTP 500" in take.provenance.fallback


def test_the_environment_names_the_endpoint():
    environment = {
        "EGOPROG_LLM_MODEL": "m",
        "OPENAI_BASE_URL": "http://other/v1",
        "EGOPROG_LLM_BASE_URL": "http://own/v1",
        "OPENAI_API_KEY": KEY,
        "EGOPROG_LLM_PROMPT_USD_PER_MILLION": "2.5",
    }
    endpoint = Endpoint.from_environment(environment, timeout_s=3.0)
    assert (endpoint.base_url, endpoint.api_key, endpoint.timeout_s) == ("http://own/v1", KEY, 3.0)
    assert endpoint.prompt_usd_per_million == 2.5
    assert KEY not in str(endpoint)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "EGOPROG_LLM_MODEL"),
        ({"EGOPROG_LLM_MODEL": "m"}, "EGOPROG_LLM_API_KEY"),
        ({"EGOPROG_LLM_MODEL": "m", "OPENAI_API_KEY": "k", "EGOPROG_LLM_TIMEOUT_S": "soon"}, "EGOPROG_LLM_TIMEOUT_S"),
        ({"EGOPROG_LLM_MODEL": "m", "OPENAI_API_KEY": "k", "EGOPROG_LLM_TIMEOUT_S": "-1"}, "timeout"),
    ],
)
def test_an_incomplete_environment_is_told_of(environment, said):
    with pytest.raises(ConfigurationError, match=said):
        Endpoint.from_environment(environment)
