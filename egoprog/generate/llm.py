"""Programs from a language model behind any OpenAI-compatible endpoint.

Set EGOPROG_LLM_BASE_URL, EGOPROG_LLM_MODEL and EGOPROG_LLM_API_KEY (or OPENAI_BASE_URL and OPENAI_API_KEY), then
    egoprog generate RECORDING --llm
Every answer is parsed and checked by the world model; what fails is sent back once with the exact explanation, and
what fails again is written by the local generator, with the reason in `provenance.fallback`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from egoprog.describe.types import ClipDescription
from egoprog.errors import ConfigurationError, GenerationError, ProgramSyntaxError
from egoprog.generate import prompt
from egoprog.generate.local import LocalGenerator
from egoprog.generate.prompt import Failure
from egoprog.generate.verify import problems
from egoprog.program import library as program_library
from egoprog.program import parse_all, to_text
from egoprog.program.types import Program, Provenance
from egoprog.world import Domain

if TYPE_CHECKING:
    import openai

_MAX_QUOTE = 160  # characters of a server's message that an error repeats


@dataclass(frozen=True)
class Endpoint:
    """A language model and what is paid for it.

    base_url: of an OpenAI-compatible API, e.g. "http://127.0.0.1:8000/v1"; None for OpenAI's own.
    api_key: never printed. timeout_s: for one answer. max_retries: after 408, 409, 429, 5xx, a timeout or a broken
    connection, with a backoff that doubles up to 8 s or as long as the server asks.
    *_usd_per_million: prices of tokens; None where unknown, and then costs are unknown too.
    """

    model: str
    api_key: str = field(repr=False)
    base_url: str | None = None
    timeout_s: float = 180.0
    max_retries: int = 4
    temperature: float | None = None
    prompt_usd_per_million: float | None = None
    completion_usd_per_million: float | None = None

    def __post_init__(self) -> None:
        if not self.timeout_s > 0:
            raise ConfigurationError(f"expected a timeout above 0 s, got {self.timeout_s!r}")
        if self.max_retries < 0:
            raise ConfigurationError(f"expected 0 retries or more, got {self.max_retries!r}")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None, **given) -> Endpoint:
        """The endpoint that the environment names; `given` fields that are not None go before it.

        Reads EGOPROG_LLM_BASE_URL, _MODEL, _API_KEY, _TIMEOUT_S, _PROMPT_USD_PER_MILLION and
        _COMPLETION_USD_PER_MILLION; OPENAI_BASE_URL and OPENAI_API_KEY stand in for the first and the third.
        """
        environment = os.environ if environment is None else environment
        given = {name: value for name, value in given.items() if value is not None}
        own = "EGOPROG_LLM_"
        base_url = given.pop("base_url", environment.get(own + "BASE_URL") or environment.get("OPENAI_BASE_URL"))
        model = given.pop("model", environment.get(own + "MODEL"))
        api_key = given.pop("api_key", environment.get(own + "API_KEY") or environment.get("OPENAI_API_KEY"))
        if not model:
            raise ConfigurationError(
                "expected a language model's name, got none; set EGOPROG_LLM_MODEL (and EGOPROG_LLM_BASE_URL, "
                "EGOPROG_LLM_API_KEY), or leave out --llm"
            )
        if not api_key:
            if not base_url:
                raise ConfigurationError(
                    "expected a key for the language model, got none; set EGOPROG_LLM_API_KEY, or "
                    "EGOPROG_LLM_BASE_URL to a server that needs none"
                )
            api_key = "none"  # servers on one's own machine ask for none, the client insists on some
        for name, variable in (
            ("timeout_s", own + "TIMEOUT_S"),
            ("prompt_usd_per_million", own + "PROMPT_USD_PER_MILLION"),
            ("completion_usd_per_million", own + "COMPLETION_USD_PER_MILLION"),
        ):
            text = environment.get(variable)
            if text and name not in given:
                try:
                    given[name] = float(text)
                except ValueError:
                    raise ConfigurationError(f"expected a number in {variable}, got {text!r}") from None
        return cls(model=model, api_key=api_key, base_url=base_url or None, **given)


@dataclass
class Counts:
    """What became of the clips that a generator was given.

    at_once, mended: written by the model at the first and at the second try. fallback: by the local generator.
    failed: sent back after the first try. cost_usd: None where a price is unknown.
    """

    clips: int = 0
    at_once: int = 0
    mended: int = 0
    fallback: int = 0
    queries: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True)
class _Answer:
    text: str
    was_cut: bool
    prompt_tokens: int
    completion_tokens: int


class LanguageModelGenerator:
    """Asks a language model for the programs of up to `clips_per_query` clips at a time."""

    def __init__(
        self,
        endpoint: Endpoint,
        domain: Domain | None = None,
        library: Sequence[Program] | None = None,
        clips_per_query: int = prompt.CLIPS_PER_QUERY,
    ) -> None:
        if clips_per_query < 1:
            raise ConfigurationError(f"expected at least 1 clip a query, got {clips_per_query}")
        self.endpoint = endpoint
        self.domain = domain or Domain.default()
        self.library = tuple(program_library.exemplars() if library is None else library)
        self.clips_per_query = clips_per_query
        self.counts = Counts()
        self._local = LocalGenerator(self.domain, self.library)
        self._client = _client_package().OpenAI(
            api_key=endpoint.api_key,
            base_url=endpoint.base_url,
            timeout=endpoint.timeout_s,
            max_retries=endpoint.max_retries,
        )

    def generate_batch(self, descriptions: Sequence[ClipDescription]) -> list[Program]:
        """One program a description, in their order; all are possible in the world model.

        Raises GenerationError, one line, if the endpoint does not answer or refuses. Raised at a second query, it
        costs nothing that the first one brought: what then lacks a program is written locally.
        """
        descriptions = list(descriptions)
        programs: list[Program] = []
        for start in range(0, len(descriptions), self.clips_per_query):
            programs += self._generate(descriptions[start : start + self.clips_per_query])
        return programs

    def _generate(self, descriptions: list[ClipDescription]) -> list[Program]:
        # 1. all clips in one query
        answer = self._ask(prompt.query(descriptions, self.library))
        shares = _shares(answer, len(descriptions))
        programs, failures = self._judge(answer, descriptions)
        self.counts.clips += len(descriptions)
        self.counts.at_once += len(descriptions) - len(failures)
        done = [
            None if program is None else self._signed(program, attempts=1, tokens=shares[index])
            for index, program in enumerate(programs)
        ]
        # 2. what failed, once more, with the explanation
        if failures:
            indices = sorted(failures)
            again = [failures[index] for index in indices]
            try:
                answer = self._ask(prompt.second_query(again, self.library))
                programs, still = self._judge(answer, [failure.description for failure in again])
                second_shares = _shares(answer, len(again))
            except GenerationError as error:
                programs = [None] * len(again)
                still = {i: replace(failure, why=(*failure.why, str(error))) for i, failure in enumerate(again)}
                second_shares = [(0, 0)] * len(again)
            for i, index in enumerate(indices):
                tokens = (shares[index][0] + second_shares[i][0], shares[index][1] + second_shares[i][1])
                if programs[i] is not None:
                    self.counts.mended += 1
                    done[index] = self._signed(programs[i], attempts=2, tokens=tokens)
                else:
                    # 3. what failed again
                    self.counts.fallback += 1
                    done[index] = self._local_instead(again[i].description, still[i].why, tokens)
        return done

    def _ask(self, messages: list[dict[str, str]]) -> _Answer:
        """One query; raises GenerationError if no usable answer came."""
        openai = _client_package()
        endpoint = self.endpoint
        where = f"{endpoint.model} at {_without_login(self._client.base_url)}"
        options = {} if endpoint.temperature is None else {"temperature": endpoint.temperature}
        self.counts.queries += 1
        try:
            completion = self._client.chat.completions.create(model=endpoint.model, messages=messages, **options)
        except openai.APITimeoutError:
            raise GenerationError(
                f"expected an answer from {where} within {endpoint.timeout_s:g} s, got none in "
                f"{endpoint.max_retries + 1} tries; raise --timeout, or send fewer clips a query"
            ) from None
        except openai.APIConnectionError as error:
            cause = error.__cause__ or error
            raise GenerationError(
                f"expected {where} to answer, got no connection ({_quoted(cause)}); is the server up, and is "
                "EGOPROG_LLM_BASE_URL right?"
            ) from None
        except openai.APIStatusError as error:
            raise GenerationError(
                f"expected an answer from {where}, got HTTP {error.status_code} "
                f"({_quoted(_server_message(error).replace(endpoint.api_key, '***'))}); {_advice(error.status_code)}"
            ) from None
        except (openai.OpenAIError, ValueError) as error:
            raise GenerationError(
                f"expected a chat completion as JSON from {where}, got something else ({_quoted(error)}); "
                "is it an OpenAI-compatible API?"
            ) from None
        try:
            choice = completion.choices[0]
            text = choice.message.content or ""
            was_cut = choice.finish_reason == "length"
            prompt_tokens = int(completion.usage.prompt_tokens) if completion.usage else 0
            completion_tokens = int(completion.usage.completion_tokens) if completion.usage else 0
        except (AttributeError, IndexError, TypeError, ValueError):
            got = completion if isinstance(completion, str) else type(completion).__name__
            raise GenerationError(
                f"expected a chat completion with a choice from {where}, got {_quoted(got)!r}; is it an "
                "OpenAI-compatible API?"
            ) from None
        self.counts.prompt_tokens += prompt_tokens
        self.counts.completion_tokens += completion_tokens
        cost = self._cost(prompt_tokens, completion_tokens)
        if cost is not None:
            self.counts.cost_usd = (self.counts.cost_usd or 0.0) + cost
        return _Answer(text, was_cut, prompt_tokens, completion_tokens)

    def _judge(
        self, answer: _Answer, descriptions: Sequence[ClipDescription]
    ) -> tuple[list[Program | None], dict[int, Failure]]:
        """The programs that can stand, by clip, and for the other clips what failed."""
        try:
            answers = parse_all(answer.text)
            nothing_read = ""
        except ProgramSyntaxError as error:
            answers = []
            nothing_read = f"no program could be read from the answer: {error}"
        if not answers and not nothing_read:
            nothing_read = "the answer holds no program; write programs as those of the library"
        matched = prompt.match(answers, descriptions)
        programs: list[Program | None] = []
        failures = {}
        for index, (program, description) in enumerate(zip(matched, descriptions, strict=True)):
            if program is None:
                names = ", ".join(dict.fromkeys(a.name for a in answers))
                why = nothing_read or f"no program named {description.name} is in the answer, only {names}"
                if answer.was_cut:
                    why += " (the answer was cut at its length limit)"
                failures[index] = Failure(description, "", (why,))
                programs.append(None)
                continue
            program = prompt.completed(program, description)
            wrong = problems(program, description, self.domain, self.library)
            if wrong:
                failures[index] = Failure(description, to_text(program), wrong)
            programs.append(None if wrong else program)
        return programs, failures

    def _signed(self, program: Program, attempts: int, tokens: tuple[int, int]) -> Program:
        provenance = Provenance(
            generator="llm",
            model=self.endpoint.model,
            attempts=attempts,
            prompt_tokens=tokens[0],
            completion_tokens=tokens[1],
            cost_usd=self._cost(*tokens),
        )
        return replace(program, provenance=provenance)

    def _local_instead(self, description: ClipDescription, why: Sequence[str], tokens: tuple[int, int]) -> Program:
        """The local generator's program; what was paid for the model's failed answers stands in it all the same."""
        program = self._local.generate(description)
        provenance = replace(
            program.provenance,
            attempts=2,
            prompt_tokens=tokens[0],
            completion_tokens=tokens[1],
            cost_usd=self._cost(*tokens),
            fallback=f"{self.endpoint.model} failed twice: {'; '.join(why)}",
        )
        return replace(program, provenance=provenance)

    def _cost(self, prompt_tokens: int, completion_tokens: int) -> float | None:
        """US dollars, or None where the price or the number of tokens is not known."""
        prices = (self.endpoint.prompt_usd_per_million, self.endpoint.completion_usd_per_million)
        if None in prices or (prompt_tokens == 0 and completion_tokens == 0):
            return None
        return (prompt_tokens * prices[0] + completion_tokens * prices[1]) / 1e6


def _client_package():
    """The `openai` package, imported here alone: a robot that asks no language model need not have it."""
    try:
        import openai
    except ImportError as error:
        raise ConfigurationError(f"expected the package openai, got none ({error}); pip install openai") from error
    return openai


def _shares(answer: _Answer, num_clips: int) -> list[tuple[int, int]]:
    """A query's tokens dealt out over its clips; they add up to the query's own."""

    def deal(total: int) -> list[int]:
        return [total // num_clips + (index < total % num_clips) for index in range(num_clips)]

    return list(zip(deal(answer.prompt_tokens), deal(answer.completion_tokens), strict=True))


def _without_login(url: object) -> str:
    """A URL without the user and password that it may carry."""
    return re.sub(r"//[^/@]*@", "//", str(url))


def _server_message(error: openai.APIStatusError) -> str:
    body = error.body
    if isinstance(body, dict) and isinstance(body.get("message"), str):
        return body["message"]
    return str(body or error.message)


def _quoted(value: object) -> str:
    """One line of what a server said, cut, so that no page of HTML ends up in a log."""
    line = " ".join(str(value).split())
    return line if len(line) <= _MAX_QUOTE else line[: _MAX_QUOTE - 3] + "..."


def _advice(status: int) -> str:
    if status in (401, 403):
        return "check EGOPROG_LLM_API_KEY"
    if status == 404:
        return "check EGOPROG_LLM_MODEL and EGOPROG_LLM_BASE_URL"
    if status == 429:
        return "wait, or send fewer clips a query"
    if status >= 500:
        return "the server is in trouble: try again later"
    return "the server did not accept the query: send fewer clips, or choose another model"
