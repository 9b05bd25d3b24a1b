"""What is let go of where it is used: into pans, onto hobs, over pots, into bins."""

from __future__ import annotations

import numpy as np

from egoprog.sim.pose import Pose, turn, unit
from egoprog.sim.uses.base import NUM_YAWS, Effect, Use, Z, begin_sound, easiest, rim_of


def put_there(use: Use) -> Effect:
    """What is let go of where it is used: the actor puts it there as the world model says."""
    actor, start_s = use.actor, use.start_s
    if actor.thing(use.acting).kind == "egg" and actor.thing(use.recipient).kind == "pan":
        start_s = _crack(use)
    actor.look(actor.where(use.recipient), start_s)
    if (
        use.recipient in actor.plan.things
        and actor.world.place_of(use.recipient) == "hob"
        and actor.opening("hob") > 0.5
    ):
        begin_sound(actor, "sizzle", "hob", start_s + 1.2, strength=0.75)
    stop_s = start_s + actor.takes(0.15)
    return Effect(stop_s, start_s, stop_s)


def _crack(use: Use) -> float:
    """An egg is knocked on the rim of the pan; returns when its shell is broken."""
    actor, name, target = use.actor, use.acting, use.recipient
    thing, vessel = actor.thing(name), actor.thing(target)
    middle, stand = rim_of(actor, target), actor.body.stand()
    radius = vessel.inside_m[0] if vessel.inside_m else 0.8 * vessel.radius_m
    to_hand = unit((actor.wrist(use.side).position_m - middle) * (1, 1, 0))
    at = middle + radius * to_hand + 0.004 * Z
    pose = easiest(use, [Pose(at, turn(Z, 2 * np.pi * k / NUM_YAWS)) for k in range(NUM_YAWS)])
    actor.look(at, use.start_s)
    now_s = actor.carry(name, pose.moved(z=0.05), use.start_s, use.start_s + actor.takes(0.6), (0, 0, 0.03))
    for _ in range(2):
        now_s = actor.carry(name, pose, now_s, now_s + 0.16)
        actor.hear("crack", now_s - 0.02, now_s + 0.12, material="food", other=vessel.material, strength=0.6)
        now_s = actor.carry(name, pose.moved(z=0.045), now_s, now_s + 0.20)
    over = easiest(use, [Pose(middle + (0.08 + thing.height_m) * Z, turn(Z, 2 * np.pi * k / NUM_YAWS))
                         for k in range(NUM_YAWS)])  # fmt: skip
    actor.look(stand.point(stand.inverse().point(middle)), now_s)
    now_s = actor.carry(name, over, now_s, now_s + actor.takes(0.4))
    # It runs out as the hand comes down.
    actor.change(name, "open", now_s + 0.65, now_s + 0.95, 1.0)
    return now_s


def heat(use: Use) -> Effect:
    """A pan comes onto the hob and stays in the hand."""
    actor = use.actor
    place = actor.place(use.acting, use.recipient)
    pose = actor.pose_in(place)
    actor.look(pose.position_m, use.start_s)
    stop_s = actor.carry(use.acting, pose, use.start_s, use.start_s + actor.takes(1.1), (0, 0, 0.05))
    actor.places[use.acting], actor.targets[use.acting] = place, use.recipient
    actor.hear("contact", stop_s - 0.02, stop_s + 0.3, material="metal", other="metal", strength=0.6)
    return Effect(stop_s + 0.05, stop_s - 0.1, stop_s)
