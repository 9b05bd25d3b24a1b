"""A language model's server on this machine that answers as it is told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Reply:
    """What one request gets: a status, a body, headers, and after how many seconds."""

    status: int = 200
    body: str = ""
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    after_s: float = 0.0


def completion(text: str | None, finish_reason: str = "stop", prompt_tokens: int = 1000, completion_tokens: int = 100):
    """A chat completion as OpenAI's API words it."""
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "test",
        "choices": [
            {"index": 0, "finish_reason": finish_reason, "message": {"role": "assistant", "content": text}},
        ],
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
        },
    }
    return Reply(body=json.dumps(body))


@dataclass
class LanguageModelServer:
    """Gives the replies in their order, the last one again and again. requests: what was asked, as JSON."""

    url: str = ""
    replies: list[Reply | Callable[[dict], Reply]] = field(default_factory=list)
    requests: list[dict] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    def answers(self, *replies: Reply | Callable[[dict], Reply]) -> None:
        self.replies = list(replies)


def serve(state: LanguageModelServer) -> Iterator[LanguageModelServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            request = json.loads(self.rfile.read(int(self.headers["content-length"])))
            state.requests.append(request)
            state.keys.append(self.headers.get("authorization", ""))
            reply = state.replies[min(len(state.requests), len(state.replies)) - 1]
            reply = reply if isinstance(reply, Reply) else reply(request)
            time.sleep(reply.after_s)
            try:
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(reply.body.encode())))
                self.end_headers()
                self.wfile.write(reply.body.encode())
            except (BrokenPipeError, ConnectionResetError):
                pass  # the client did not wait

        def log_message(self, *_):
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{httpd.server_port}/v1"
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield state
    httpd.shutdown()
    httpd.server_close()
    thread.join(timeout=5)
