"""Writes a model's card from its model.json and measures.json.

python -m export.card models/leap_sim
"""

from __future__ import annotations

import argparse
import sys

from egoprog.errors import EgoprogError
from egoprog.runtime import open_model
from egoprog.runtime.card import write_card


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m export.card", description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", metavar="FOLDER", help="of a model, e.g. models/leap_sim")
    try:
        for folder in parser.parse_args(arguments).models:
            print(write_card(open_model(folder)))
    except EgoprogError as error:
        print(f"export.card: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
