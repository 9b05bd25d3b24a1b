"""A program as it would be, had the scene been seen in a mirror: left and right hands change places."""

from __future__ import annotations

from dataclasses import replace

from egoprog.program.types import Condition, Hand, If, Program, Statement, SubAction, While

_OTHER = {"left": "right", "right": "left", "left_hand": "right_hand", "right_hand": "left_hand"}


def mirrored_program(program: Program) -> Program:
    """Sub-actions, guards and names of hands; comments and the names of other things stay."""
    return replace(program, body=_body(program.body))


def _body(body: tuple[Statement, ...]) -> tuple[Statement, ...]:
    return tuple(map(_statement, body))


def _statement(statement: Statement) -> Statement:
    match statement:
        case SubAction():
            hand = Hand(_OTHER.get(statement.hand, statement.hand)) if statement.hand else None
            return replace(statement, objects=_names(statement.objects), hand=hand)
        case If():
            return If(_guard(statement.guard), _body(statement.body), _body(statement.orelse))
        case While():
            return While(_guard(statement.guard), _body(statement.body))
        case _:
            return statement


def _guard(guard: tuple[Condition, ...]) -> tuple[Condition, ...]:
    return tuple(replace(condition, args=_names(condition.args)) for condition in guard)


def _names(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(_OTHER.get(name, name) for name in names)
