"""Serves a study to browsers on this machine: one page, its pictures, and a place for answers.

GET  /                                       the page
GET  /api/study?rater=NAME                   {"kind", "total", "answered", "next"}, next: number of a question, from 1
GET  /api/question?rater=NAME&number=K       {"number", "text", "pictures", "choices", "picked"}
POST /api/answer {"rater", "number", "picked"}    stored on the disk when the reply comes
GET  /pictures/NAME.png

Choices are told by their places, which differ from rater to rater; no reply names a method.
"""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs, urlsplit

from egoprog.errors import ConfigurationError, EgoprogError, InputError
from egoprog.study.answers import Answers, checked_rater
from egoprog.study.questions import Study

MAX_BODY = 4096
PORT = 8000
POLICY = (
    "default-src 'none'; img-src 'self' data:; connect-src 'self'; "
    "style-src 'unsafe-inline'; script-src 'unsafe-inline'"
)
"""What the page may load: nothing from elsewhere."""


class StudyServer(ThreadingHTTPServer):
    """Of one study. port: 0 for any that is free. Raises ConfigurationError for a port that is taken."""

    daemon_threads = True

    def __init__(self, study: Study, host: str = "127.0.0.1", port: int = PORT) -> None:
        self.study, self.answers = study, Answers(study)
        try:
            super().__init__((host, port), _Handler)
        except (OSError, OverflowError) as error:
            raise ConfigurationError(f"expected a free port, got {host}:{port} ({error}); choose another") from None

    @property
    def url(self) -> str:
        return f"http://{self.server_address[0]}:{self.server_address[1]}/"

    def about(self, rater: str) -> dict[str, Any]:
        """How far a rater is. Raises InputError for an odd name."""
        answered = self.answers.of(checked_rater(rater))
        numbers = [n for n, one in enumerate(self.study.questions, start=1) if one.question_id not in answered]
        total = len(self.study.questions)
        return {
            "kind": self.study.kind,
            "total": total,
            "answered": total - len(numbers),
            "next": numbers[0] if numbers else total + 1,
        }

    def question(self, rater: str, number: int) -> dict[str, Any]:
        """A question as this rater sees it. Raises InputError for one that is not there."""
        rater = checked_rater(rater)
        if not 1 <= number <= len(self.study.questions):
            raise InputError(f"expected a question from 1 to {len(self.study.questions)}, got {number}")
        question = self.study.questions[number - 1]
        order = self.study.order(rater, question)
        picked = self.answers.of(rater).get(question.question_id)
        # what may be said of a description is no secret, which method made a picture is
        labels = order if self.study.kind == "aligned" else ("",) * len(order)
        return {
            "number": number,
            "text": question.text,
            "pictures": [f"pictures/{name}" for name in question.pictures],
            "choices": [
                {"label": label, "picture": f"pictures/{question.choices[name]}" if question.choices[name] else ""}
                for label, name in zip(labels, order, strict=True)
            ],
            "picked": order.index(picked) if picked in order else None,
        }

    def answer(self, rater: str, number: int, picked: int) -> dict[str, Any]:
        """Stores the choice at that place, and says how far the rater is. Raises InputError."""
        shown = self.question(rater, number)
        if not 0 <= picked < len(shown["choices"]):
            raise InputError(f"expected a choice from 0 to {len(shown['choices']) - 1}, got {picked}")
        question, rater = self.study.questions[number - 1], checked_rater(rater)
        self.answers.add(rater, question.question_id, self.study.order(rater, question)[picked])
        return self.about(rater)


class _Handler(BaseHTTPRequestHandler):
    server: StudyServer
    timeout = 30

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if parts.path == "/":
            self._reply(HTTPStatus.OK, page(), "text/html; charset=utf-8")
        elif parts.path.startswith("/pictures/"):
            picture = self.server.study.picture(parts.path.removeprefix("/pictures/"))
            if picture is None:
                self._fail(HTTPStatus.NOT_FOUND, "no such picture")
            else:
                self._reply(HTTPStatus.OK, picture, "image/png")
        elif parts.path == "/api/study":
            self._say(lambda: self.server.about(asked.get("rater", "")))
        elif parts.path == "/api/question":
            self._say(lambda: self.server.question(asked.get("rater", ""), _whole_number(asked.get("number"))))
        else:
            self._fail(HTTPStatus.NOT_FOUND, "no such page")

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        length = int(length) if re.fullmatch(r"\d{1,6}", length) else 0
        body = self.rfile.read(length)  # also what is refused: a reply before it is read may get lost
        # a form of another site can't send JSON without this page's leave
        is_json = self.headers.get("Content-Type", "").split(";")[0].strip() == "application/json"
        if self.path != "/api/answer" or not is_json or not 0 < length <= MAX_BODY:
            self._fail(HTTPStatus.BAD_REQUEST, "expected a short answer as JSON")
            return
        self._say(lambda: self._answer(body))

    def _answer(self, body: bytes) -> dict[str, Any]:
        try:
            given = json.loads(body)
        except (ValueError, RecursionError):
            given = None
        if not isinstance(given, dict) or not isinstance(given.get("rater"), str):
            raise InputError("expected an answer as {rater, number, picked}")
        return self.server.answer(
            given["rater"], _whole_number(given.get("number")), _whole_number(given.get("picked"))
        )

    def _say(self, make: Any) -> None:
        try:
            told = make()
        except InputError as error:
            self._fail(HTTPStatus.BAD_REQUEST, str(error))
        except (EgoprogError, OSError) as error:
            self._fail(HTTPStatus.INTERNAL_SERVER_ERROR, str(error))
        else:
            self._reply(HTTPStatus.OK, json.dumps(told).encode(), "application/json")

    def _fail(self, status: HTTPStatus, text: str) -> None:
        self._reply(status, json.dumps({"error": text}).encode(), "application/json")

    def _reply(self, status: HTTPStatus, data: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "max-age=86400" if kind == "image/png" else "no-store")
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Silent: a study of an hour would fill the screen."""


def page() -> bytes:
    """The page; it asks the server for all else."""
    return files("egoprog.study").joinpath("templates/page.html").read_bytes()


def _whole_number(value: object) -> int:
    """Raises InputError for anything else."""
    text = str(value)
    if isinstance(value, bool) or not re.fullmatch(r"\d{1,6}", text):
        raise InputError(f"expected a whole number, got {text[:20]!r}")
    return int(text)
