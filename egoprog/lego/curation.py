"""Descriptions of actions from a language model that is shown twelve examples (LEGO, section 3.1 and figure 9).

A model is told an action's label and the boxes of hands and things, normalised, and answers with one sentence. What
it says is checked: one sentence, a hand named, nothing named that was not given. An answer that fails is sent back
once with the reasons; one that fails again is dropped, and the reasons are kept. Every answer is written down before
the next question is paid for, so a run that was stopped goes on where it was and pays for nothing twice.
"""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import yaml

from egoprog.data.ego4d import Ego4dFolder, FrameObject, read_narrated_actions
from egoprog.data.epic import picture_rate_hz, read_video_info
from egoprog.data.epic_folder import EpicFolder
from egoprog.data.frame_pairs import FramePair
from egoprog.data.object_boxes import FrameBoxes, iter_boxes
from egoprog.errors import ConfigurationError, GenerationError, InputError
from egoprog.generate.chat import Answer, Chat, Endpoint
from egoprog.lego.descriptions import boxes_at, words_of
from egoprog.lego.sentence_parts import SentenceReader

NUM_EXEMPLARS = 12
MAX_WORDS = 60

RULES = """\
You describe how an action is done in a picture that was taken from the head of the person who does it.
You are given the action and the boxes of hands and things in the picture. A box is [left, top, right, bottom] in \
shares of the picture from 0 to 1; the origin is the top left corner, so a larger first number lies further to the \
right and a larger second number further down. Infer from the boxes what is where.
Write one natural sentence in the third person about how the action is done. Say which hand does what: "with the \
left hand", "using the right hand", "with both hands". Say where things are if the boxes show it: "on the left", \
"in front", "from the counter", "into the pot". Name no thing, hand or action that is neither in the action nor \
among the boxes. Write no numbers. Answer with the sentence and nothing else.
"""

_ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e|approx|etc)\.", re.IGNORECASE)
_BULLET = re.compile(r"^(?:[-*•]\s+|\(?\d+[.)]\s+)")
_LABEL = re.compile(r"^\**(?:description|answer|output)\**\s*:\s*\**\s*", re.IGNORECASE)
_HAND = re.compile(r"\b(?:left|right|both|either|each|one)\s+hands?\b", re.IGNORECASE)
_MEANT_HAND = re.compile(r"\b(left|right)\s+hands?\b", re.IGNORECASE)
_FREE_NOUNS = {"top", "hand", "finger", "light", "heat", "drink", "rest", "cover", "spread", "spreads", "wrap", "cut"}
"""Nouns of EPIC-KITCHENS that a sentence may use without naming a thing."""


@dataclass(frozen=True, slots=True)
class CurationExample:
    """An action, and where the hands and things are: names and boxes (left, top, right, bottom in shares)."""

    action: str
    boxes: tuple[tuple[str, tuple[float, float, float, float]], ...]
    description: str = ""

    def text(self) -> str:
        """As a model reads it; the description stands last, where there is one."""
        lines = [f"Action: {self.action}", "Boxes:"]
        lines += [f"- {name}: [{', '.join(f'{edge:.2f}' for edge in box)}]" for name, box in self.boxes]
        return "\n".join([*lines, f"Description: {self.description}".rstrip()])


@functools.cache
def exemplars() -> tuple[CurationExample, ...]:
    """The twelve examples of exemplars.yaml."""
    return read_exemplars(resources.files("egoprog.lego").joinpath("exemplars.yaml").read_text(encoding="utf-8"))


def read_exemplars(text: str) -> tuple[CurationExample, ...]:
    """Examples from YAML as in exemplars.yaml. Raises ConfigurationError for one that is not usable."""
    try:
        found = tuple(
            CurationExample(
                row["action"],
                tuple((name, tuple(map(float, box))) for name, box in row["boxes"].items()),
                row["description"],
            )
            for row in yaml.safe_load(text)
        )
    except (yaml.YAMLError, TypeError, KeyError, ValueError, AttributeError) as error:
        raise ConfigurationError(
            f"expected examples with action, boxes and description, got {str(error).splitlines()[0]!r}"
        ) from None
    for one in found:
        if wrong := problems(one.description, one):
            raise ConfigurationError(f"expected an example that passes its own checks, got {one.action!r}: {wrong[0]}")
        for name, box in one.boxes:
            if len(box) != 4 or not (0 <= box[0] < box[2] <= 1 and 0 <= box[1] < box[3] <= 1):
                raise ConfigurationError(
                    f"expected left, top, right, bottom from 0 to 1 for {name!r} of {one.action!r}, got {list(box)}"
                )
    return found


def example_of(pair: FramePair, boxes: FrameBoxes) -> CurationExample:
    """What a model is told of a pair: its label and all boxes of a frame of it, hands first."""
    things = sorted(boxes.objects, key=lambda one: one.noun != "hand")
    return CurationExample(pair.action, tuple((words_of(one.name), one.box) for one in things))


def epic_examples(pairs: Iterable[FramePair], dataset: EpicFolder) -> dict[str, CurationExample]:
    """By pair_id, of the pairs whose target frame has boxes in a dataset in EPIC-KITCHENS' layout."""
    videos = read_video_info(dataset.video_info) if dataset.video_info.is_file() else {}
    seen: dict[str, list[tuple[float, FrameBoxes]]] = {}
    examples = {}
    for pair in pairs:
        if pair.video_id not in seen:
            path, video = dataset.boxes(pair.video_id), videos.get(pair.video_id)
            rate_hz = picture_rate_hz(pair.video_id, video)
            frames = iter_boxes(path) if path.is_file() else ()
            seen[pair.video_id] = [((boxes.frame - 1) / rate_hz, boxes) for boxes in frames]
        boxes = boxes_at(seen[pair.video_id], pair.target_s)
        if boxes is not None and boxes.objects:
            examples[pair.pair_id] = example_of(pair, boxes)
    return examples


def ego4d_examples(pairs: Iterable[FramePair], dataset: Ego4dFolder) -> dict[str, CurationExample]:
    """By pair_id, of the pairs with boxes in Ego4D's frames of the point of no return, or of what comes next to it."""
    actions = {action.uid: action for action in read_narrated_actions(dataset.main)}
    examples = {}
    for pair in pairs:
        objects = actions[pair.pair_id].objects if pair.pair_id in actions else {}
        boxes = next((objects[name] for name in ("pnr_frame", "contact_frame", "post_frame") if objects.get(name)), ())
        named = [(_ego4d_name(one), one.box) for one in boxes]
        named = [(name, box) for name, box in named if name and box[0] < box[2] and box[1] < box[3]]
        if named:
            examples[pair.pair_id] = CurationExample(pair.action, tuple(sorted(named, key=_hands_first)))
    return examples


def _ego4d_name(one: FrameObject) -> str:
    """ "left hand", or the plain word of nouns such as "bag_(bag,_grocery,_nylon)"."""
    if one.kind in ("left_hand", "right_hand"):
        return one.kind.replace("_", " ")
    return one.noun.partition("_(")[0].replace("_", " ").strip().lower()


def _hands_first(named: tuple[str, object]) -> bool:
    return named[0] not in ("left hand", "right hand")


def query(example: CurationExample, shown: Sequence[CurationExample] | None = None) -> list[dict[str, str]]:
    """The messages of a first question: rules, examples, and the action that is asked for."""
    shown = exemplars() if shown is None else shown
    library = "\n\n".join(f"({number}) {one.text()}" for number, one in enumerate(shown, start=1))
    return [
        {"role": "system", "content": RULES},
        {"role": "user", "content": f"Examples to learn from:\n\n{library}"},
        {"role": "user", "content": f"Describe this one:\n\n{example.text()}"},
    ]


def second_query(example: CurationExample, answer: str, why: Sequence[str]) -> list[dict[str, str]]:
    """The messages that send an answer back with what is wrong with it."""
    reasons = "\n".join(f"- {reason}" for reason in why)
    again = f"That can't stand:\n{reasons}\nWrite the sentence again, mended, and nothing else."
    return [*query(example), {"role": "assistant", "content": answer}, {"role": "user", "content": again}]


def cleaned(answer: str) -> str:
    """The sentence of an answer, without the label, quotes, bullets and line breaks that models put around it."""
    text = " ".join(answer.split())
    text = _LABEL.sub("", _BULLET.sub("", text)).strip(" \"'`*“”")
    if text and text[-1] not in ".!?":
        text += "."
    return text[:1].upper() + text[1:]


def problems(sentence: str, example: CurationExample) -> tuple[str, ...]:
    """What is wrong with a description, one sentence each: () for one that can stand."""
    if not sentence:
        return ("the answer is empty; write one sentence",)
    wrong = []
    plain = _ABBREVIATION.sub("", sentence)
    num_sentences = len([part for part in re.split(r"[.!?]+(?:\s+|$)", plain) if part.strip()])
    if num_sentences != 1:
        wrong.append(f"there are {num_sentences} sentences; write one")
    if len(sentence.split()) > MAX_WORDS:
        wrong.append(f"the sentence has {len(sentence.split())} words; write at most {MAX_WORDS}")
    if not _HAND.search(sentence):
        wrong.append('no hand is named; say "with the left hand", "with the right hand" or "with both hands"')
    seen = {side for name, _ in example.boxes for side in ("left", "right") if name == f"{side} hand"}
    for side in sorted({side.lower() for side in _MEANT_HAND.findall(sentence)} - seen):
        if seen:
            wrong.append(f"the {side} hand has no box, only the {' and the '.join(sorted(seen))} hand; name no other")
    foreign = foreign_nouns(sentence, example)
    if foreign:
        wrong.append(f"{', '.join(foreign)}: neither in the action nor among the boxes; name only what is given")
    if re.search(r"\d", sentence):
        wrong.append("there are numbers in it; write none")
    return tuple(wrong)


def foreign_nouns(sentence: str, example: CurationExample) -> tuple[str, ...]:
    """Things that a sentence names and that are neither in the action's label nor among the boxes.

    Known are EPIC-KITCHENS' nouns; a thing that is none of them is not noticed.
    """
    given_text = "; ".join([example.action, *(name for name, _ in example.boxes)])
    reader = _reader()
    given = reader.parts(given_text).nouns
    given_words = {word for noun in given for word in noun.split()} | set(re.findall(r"[a-z]+", given_text.lower()))
    named = reader.parts(sentence).nouns - _FREE_NOUNS
    return tuple(sorted(noun for noun in named - given if not set(noun.split()) <= given_words))


@functools.cache
def _reader() -> SentenceReader:
    return SentenceReader()


@dataclass(frozen=True, slots=True)
class Curated:
    """What became of a pair. description: "" where none could stand, and why. attempts: 1 or 2.

    cost_usd: None where a price is unknown.
    """

    pair_id: str
    model: str
    description: str
    attempts: int
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = None
    why: tuple[str, ...] = ()


class CuratedStore:
    """The file of answers, one JSON line each, read at the start and appended to.

    Raises InputError for a file that can't be read or written. A line that a crash cut in two is dropped.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._records: dict[tuple[str, str], Curated] = {}
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            content = self.path.read_bytes() if self.path.exists() else b""
            whole = content.rfind(b"\n") + 1
            if whole != len(content):
                os.truncate(self.path, whole)
        except OSError as error:
            raise InputError(f"expected a file to write descriptions to, got {self.path}: {error.strerror}") from None
        for number, line in enumerate(content[:whole].splitlines(), start=1):
            try:
                row = json.loads(line)
                record = Curated(**{**row, "why": tuple(row["why"])})
            except (ValueError, TypeError, KeyError) as error:
                raise InputError(
                    f"{self.path}, line {number}: expected a description as JSON, got {line[:60]!r} ({error}); "
                    "mend the line or choose another folder"
                ) from None
            self._records[record.pair_id, record.model] = record

    def __len__(self) -> int:
        return len(self._records)

    def get(self, pair_id: str, model: str) -> Curated | None:
        return self._records.get((pair_id, model))

    def descriptions(self, model: str) -> dict[str, str]:
        """By pair_id, those of one model that can stand."""
        return {one.pair_id: one.description for one in self._of(model) if one.description}

    def cost_usd(self, model: str) -> float:
        """What was paid for a model so far, as far as it is known."""
        return sum(one.cost_usd or 0.0 for one in self._of(model))

    def append(self, record: Curated) -> None:
        """Writes one record; it is on the disk when this returns."""
        row = {name: getattr(record, name) for name in Curated.__slots__}
        payload = (json.dumps(row, ensure_ascii=False) + "\n").encode()
        with self.path.open("ab") as file:
            file.write(payload)
            file.flush()
            os.fsync(file.fileno())
        self._records[record.pair_id, record.model] = record

    def _of(self, model: str) -> Iterable[Curated]:
        return (one for one in self._records.values() if one.model == model)


@dataclass(frozen=True)
class Budget:
    """Where a run stops: US dollars of all runs of this model on this store, and questions of this run. None: never."""

    usd: float | None = None
    queries: int | None = None


@dataclass
class CurationCounts:
    """What a run did. stored: descriptions that were there before. is_spent: it stopped at its budget."""

    stored: int = 0
    at_once: int = 0
    mended: int = 0
    failed: int = 0
    queries: int = 0
    is_spent: bool = False


class Curator:
    """Asks a model for the descriptions that a store lacks. Raises ConfigurationError for a budget without prices."""

    def __init__(self, endpoint: Endpoint, store: CuratedStore, budget: Budget | None = None) -> None:
        prices = (endpoint.prompt_usd_per_million, endpoint.completion_usd_per_million)
        self.budget = budget or Budget()
        if self.budget.usd is not None and None in prices:
            raise ConfigurationError(
                "expected prices with a budget in dollars, got none; set EGOPROG_LLM_PROMPT_USD_PER_MILLION and "
                "EGOPROG_LLM_COMPLETION_USD_PER_MILLION, or give a budget in queries"
            )
        self.chat, self.store = Chat(endpoint), store
        self.counts = CurationCounts()

    def curate(
        self, examples: Mapping[str, CurationExample], progress: Callable[[], object] = lambda: None
    ) -> dict[str, str]:
        """Descriptions by pair_id, as many as could be had. examples: by pair_id. progress: called once a pair.

        Raises GenerationError, one line, if the endpoint does not answer; what came before is in the store.
        """
        model = self.chat.endpoint.model
        for pair_id, example in examples.items():
            if self.store.get(pair_id, model) is not None:
                self.counts.stored += 1
            elif self._is_spent():
                self.counts.is_spent = True
                break
            else:
                self.store.append(self._curated(pair_id, example))
            progress()
        return {pair_id: text for pair_id, text in self.store.descriptions(model).items() if pair_id in examples}

    def _curated(self, pair_id: str, example: CurationExample) -> Curated:
        answer = self._ask(query(example))
        tokens = [answer.prompt_tokens, answer.completion_tokens]
        sentence, attempts = cleaned(answer.text), 1
        why = problems(sentence, example)
        if why:
            try:
                again = self._ask(second_query(example, answer.text, why))
            except GenerationError as error:  # the first answer was paid for: keep the record of it
                why = (*why, str(error))
                sentence = ""
            else:
                tokens = [tokens[0] + again.prompt_tokens, tokens[1] + again.completion_tokens]
                sentence, attempts = cleaned(again.text), 2
                why = problems(sentence, example)
        self.counts.at_once += not why and attempts == 1
        self.counts.mended += not why and attempts == 2
        self.counts.failed += bool(why)
        cost = self.chat.cost_usd(*tokens)
        return Curated(pair_id, self.chat.endpoint.model, "" if why else sentence, attempts, *tokens, cost, why)

    def _ask(self, messages: list[dict[str, str]]) -> Answer:
        self.counts.queries += 1
        return self.chat.ask(messages)

    def _is_spent(self) -> bool:
        if self.budget.queries is not None and self.counts.queries >= self.budget.queries:
            return True
        return self.budget.usd is not None and self.store.cost_usd(self.chat.endpoint.model) >= self.budget.usd
