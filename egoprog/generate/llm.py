"""Programs from a language model behind any OpenAI-compatible endpoint.

Set EGOPROG_LLM_BASE_URL, EGOPROG_LLM_MODEL and EGOPROG_LLM_API_KEY (or OPENAI_BASE_URL and OPENAI_API_KEY), then
    egoprog generate RECORDING --llm
Every answer is parsed and checked by the world model; what fails is sent back once with the exact explanation, and
what fails again is written by the local generator, with the reason in `provenance.fallback`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from egoprog.describe.types import ClipDescription
from egoprog.errors import ConfigurationError, GenerationError, ProgramSyntaxError
from egoprog.generate import prompt
from egoprog.generate.chat import Answer, Chat, Endpoint
from egoprog.generate.local import LocalGenerator
from egoprog.generate.prompt import Failure
from egoprog.generate.verify import problems
from egoprog.program import library as program_library
from egoprog.program import parse_all, to_text
from egoprog.program.types import Program, Provenance
from egoprog.world import Domain

__all__ = ["Counts", "Endpoint", "LanguageModelGenerator"]


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
        self._chat = Chat(endpoint)

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

    def _ask(self, messages: list[dict[str, str]]) -> Answer:
        """One query, counted; raises GenerationError if no usable answer came."""
        self.counts.queries += 1
        answer = self._chat.ask(messages)
        self.counts.prompt_tokens += answer.prompt_tokens
        self.counts.completion_tokens += answer.completion_tokens
        cost = self._chat.cost_usd(answer.prompt_tokens, answer.completion_tokens)
        if cost is not None:
            self.counts.cost_usd = (self.counts.cost_usd or 0.0) + cost
        return answer

    def _judge(
        self, answer: Answer, descriptions: Sequence[ClipDescription]
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
            cost_usd=self._chat.cost_usd(*tokens),
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
            cost_usd=self._chat.cost_usd(*tokens),
            fallback=f"{self.endpoint.model} failed twice: {'; '.join(why)}",
        )
        return replace(program, provenance=provenance)


def _shares(answer: Answer, num_clips: int) -> list[tuple[int, int]]:
    """A query's tokens dealt out over its clips; they add up to the query's own."""

    def deal(total: int) -> list[int]:
        return [total // num_clips + (index < total % num_clips) for index in range(num_clips)]

    return list(zip(deal(answer.prompt_tokens), deal(answer.completion_tokens), strict=True))
