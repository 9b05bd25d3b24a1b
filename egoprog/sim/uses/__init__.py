"""What each use looks and sounds like: a motion for every rule of the world model.

`act_use` looks up the rule that fits and acts it with the primitives of `Actor`.
"""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING

from egoprog.program.types import Hand, SubAction
from egoprog.sim.uses.appliances import open_or_close, run_device, switch_other, turn_switch, turn_tap
from egoprog.sim.uses.base import Effect, Motion, Use
from egoprog.sim.uses.cutting import cut, peel
from egoprog.sim.uses.packets import open_package
from egoprog.sim.uses.pouring import drink, pour, season, soap, tip_out
from egoprog.sim.uses.putting import heat, put_there
from egoprog.sim.uses.tools import flip, plain, scoop, scrape, scrub, spread, stir, wipe
from egoprog.sim.uses.water import dry_hands, fill_at_tap, rinse, rinse_vessel, wash_hands

if TYPE_CHECKING:
    from egoprog.sim.actor import Actor

_log = logging.getLogger(__name__)


def act_use(actor: Actor, sub_action: SubAction, rule: str | None, side: Hand, start_s: float) -> Effect:
    """Acts use(acting) or use(acting, recipient). rule: the name of the world model's rule for it."""
    acting, recipient = sub_action.objects[0], sub_action.objects[1] if len(sub_action.objects) > 1 else ""
    motion = MOTIONS.get(rule or "")
    if motion is None:
        _say_plain(rule)
        motion = plain
    return motion(Use(actor, side, acting, recipient, start_s))


@cache
def _say_plain(rule: str | None) -> None:
    _log.warning("no motion of its own for the use %r: the tool goes there and works a little", rule)


MOTIONS: dict[str, Motion] = {
    "turn_tap": turn_tap,
    "turn_switch": turn_switch,
    "open_or_close": open_or_close,
    "run_device": run_device,
    "switch_other": switch_other,
    "open_package": open_package,
    "close_by_hand": open_package,
    "fill_at_tap": fill_at_tap,
    "rinse": rinse,
    "rinse_vessel": rinse_vessel,
    "rinse_soapy": rinse_vessel,
    "wash_hands": wash_hands,
    "pour": pour,
    "pour_from": pour,
    "pour_on": pour,
    "dress": pour,
    "add": pour,
    "serve": scoop,
    "season": season,
    "tip_out": tip_out,
    "pour_away": tip_out,
    "scrape_off": tip_out,
    "drink": drink,
    "cut": cut,
    "cut_open": cut,
    "cut_thing": cut,
    "peel": peel,
    "grate": peel,
    "scoop": scoop,
    "spread": spread,
    "spread_on": spread,
    "scrape": scrape,
    "stir": stir,
    "flip": flip,
    "scrub": scrub,
    "scrub_dish": scrub,
    "wipe": wipe,
    "wipe_up": wipe,
    "dry_or_wipe_hands": dry_hands,
    "soap_up": soap,
    "soap_on": soap,
    "soap_hands": soap,
    "cover": put_there,
    "close_package": put_there,
    "cook_in": put_there,
    "throw_away": put_there,
    "heat": heat,
}
"""By the name of the world model's rule."""


PLAIN = frozenset({"grate_on", "crush", "sharpen", "sharpen_on", "load_soap", "rinse_under", "fill_from_tap"})
"""Rules that the kitchen's own activities have no use for: the plain motion does for them."""
