"""A language model behind any OpenAI-compatible endpoint: one question, one answer, and what both cost.

Set EGOPROG_LLM_BASE_URL, EGOPROG_LLM_MODEL and EGOPROG_LLM_API_KEY (or OPENAI_BASE_URL and OPENAI_API_KEY).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from egoprog.errors import ConfigurationError, GenerationError

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


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said. was_cut: at its length limit. Tokens are 0 where the server counts none."""

    text: str
    was_cut: bool
    prompt_tokens: int
    completion_tokens: int


class Chat:
    """Asks the model of an endpoint."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._client = _client_package().OpenAI(
            api_key=endpoint.api_key,
            base_url=endpoint.base_url,
            timeout=endpoint.timeout_s,
            max_retries=endpoint.max_retries,
        )

    def ask(self, messages: list[dict[str, str]]) -> Answer:
        """One query; raises GenerationError if no usable answer came."""
        openai = _client_package()
        endpoint = self.endpoint
        where = f"{endpoint.model} at {_without_login(self._client.base_url)}"
        options = {} if endpoint.temperature is None else {"temperature": endpoint.temperature}
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
        return Answer(text, was_cut, prompt_tokens, completion_tokens)

    def cost_usd(self, prompt_tokens: int, completion_tokens: int) -> float | None:
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
