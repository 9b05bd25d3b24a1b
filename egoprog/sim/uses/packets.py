"""Packets and bottles are opened and closed."""

from __future__ import annotations

import numpy as np

from egoprog.sim import grasp
from egoprog.sim.pose import Pose, axes, turn
from egoprog.sim.uses.base import Effect, Use, X, Z, easiest


def open_package(use: Use) -> Effect:
    """The other hand twists the cap, or tears the flap, if it is free; else the thumb does."""
    actor, name, start_s = use.actor, use.acting, use.start_s
    thing = actor.thing(name)
    stand = actor.body.stand()
    sign = grasp.mirror(use.side)
    at = stand.point((0.06 * sign, 0.36, actor.participant.height_m - 0.56))
    yaw = actor.pose_of(name).yaw_rad
    pose = easiest(use, [Pose(at, turn(Z, yaw + 2 * np.pi * k / 12)) for k in range(12)])
    held_s = actor.carry(name, pose, start_s, start_s + actor.takes(0.7))
    actor.look(at, start_s)
    material = thing.material
    sound = (
        "rustle" if material in ("paper", "plastic") and thing.mouth_m and thing.kind not in ("bottle",) else "contact"
    )
    other = use.other
    if actor.in_hand(other) is not None:
        ends_s = held_s + actor.takes(0.5)
        actor.hear(sound, held_s, ends_s, material=material, other="plastic", strength=0.4)
        return Effect(ends_s, held_s, ends_s)
    local = stand.inverse()
    cap_m = local.point(pose.point(thing.mouth_m or (0, 0, thing.height_m)))
    up = local.rotation @ pose.rotation[:, 2]
    bar = Pose(cap_m + 0.004 * up, axes(X, up))
    wrist, _ = grasp.wrist_at(
        other, "pinch", 0.014, bar, actor.shoulder(other, cap_m), before=actor.show.wrists[other].last
    )
    posture = grasp.hold(other, "pinch", 0.014)[1]
    grips_s = actor.approach(other, stand @ wrist, posture, start_s + 0.15, held_s + actor.takes(0.35))
    actor.touch(other, grips_s, name)
    now_s = max(grips_s, held_s)
    begins_s = now_s
    centre = pose.point(thing.mouth_m or (0, 0, thing.height_m))
    world = stand @ wrist
    for k in range(int(actor.rng.integers(2, 4))):
        back = turn(pose.rotation[:, 2], 0.5 * (-1) ** k * -grasp.mirror(other))
        turned = Pose(centre + back @ (world.position_m - centre), back @ world.rotation)
        now_s = actor.reach(other, turned, now_s, now_s + actor.takes(0.28))
    actor.hear(sound, begins_s, now_s, material=material, other="plastic", strength=0.5)
    actor.touch(other, now_s, None)
    actor.retreat(other, now_s)
    return Effect(now_s + 0.15, begins_s, now_s)
