"""The program language: types, parser, printer, JSON and flattening."""

from egoprog.program.flatten import FlatProgram, FlatSubAction, flatten
from egoprog.program.parser import parse, parse_all, parse_condition
from egoprog.program.printer import condition_text, sub_action_text, to_text
from egoprog.program.serial import from_json, to_json

__all__ = [
    "FlatProgram",
    "FlatSubAction",
    "condition_text",
    "flatten",
    "from_json",
    "parse",
    "parse_all",
    "parse_condition",
    "sub_action_text",
    "to_json",
    "to_text",
]
