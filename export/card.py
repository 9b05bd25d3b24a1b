"""Writes a model's card from its model.json and measures.json, and measures.json from the runs that were measured.

python -m export.card models/leap_sim
python -m export.card models/leap_sim --runs recogniser=runs/live anticipator=runs/anticipate \\
    --limit "Trained on simulated kitchens alone."
python -m export.card models/lego_sim --frames runs/lego/tables/metrics.json --limit "One seed."
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from egoprog.errors import ConfigurationError, EgoprogError
from egoprog.runtime import open_model
from egoprog.runtime.card import Report, write_card, write_measures


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m export.card", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="+", metavar="FOLDER", help="of a model, e.g. models/leap_sim")
    parser.add_argument(
        "--runs", nargs="+", default=[], metavar="HEAD=RUN", help="with measures of `python -m training.evaluate`"
    )
    parser.add_argument(
        "--frames", type=Path, metavar="METRICS", help="of `python -m training.evaluate_lego`, for a model that draws"
    )
    parser.add_argument(
        "--limit", action="append", default=[], metavar="TEXT", help="with figures: where not to trust it; repeatable"
    )
    options = parser.parse_args(arguments)
    try:
        for folder in options.models:
            model = open_model(folder)
            if options.runs or options.frames:
                write_measures(model.path, _report(options))
            print(write_card(model))
    except EgoprogError as error:
        print(f"export.card: {error}", file=sys.stderr)
        return 1
    return 0


def _report(options: argparse.Namespace) -> Report:
    tables = []
    if options.runs:
        from egoprog.leap.card_figures import figures_of

        runs = {}
        for each in options.runs:
            head, separator, run = each.partition("=")
            if not separator:
                raise ConfigurationError(f"expected HEAD=RUN with --runs, as recogniser=runs/live, got {each!r}")
            runs[head] = Path(run)
        tables += figures_of(runs)
    if options.frames:
        from egoprog.lego import card_figures

        tables.append(card_figures.figures_of(options.frames))
    return Report(tuple(tables), tuple(options.limit))


if __name__ == "__main__":
    sys.exit(main())
