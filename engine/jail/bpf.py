"""Assembles system-call rules into a classic BPF program as the kernel's seccomp reads it."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

ALLOW = 0x7FFF0000
KILL_PROCESS = 0x80000000

_LOAD, _JUMP_EQUAL, _JUMP_GREATER_EQUAL, _JUMP_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENTS_AT = 0, 4, 16
_FIRST_X32_CALL = 0x40000000
_INSTRUCTION = struct.Struct("HBBI")


def fail_with(errno: int) -> int:
    """The action that makes a call fail with `errno` without running it."""
    return 0x00050000 | errno


@dataclass(frozen=True)
class Check:
    """A condition on the low 32 bits of one argument (`zero` looks at all 64)."""

    argument: int
    kind: Literal["one_of", "any_bit", "no_bit", "zero"]
    values: tuple[int, ...] = ()


@dataclass(frozen=True)
class Rule:
    """What happens to one system call: `action`, or `otherwise` when `check` does not hold."""

    number: int
    action: int
    check: Check | None = None
    otherwise: int = ALLOW


@dataclass(frozen=True)
class _Instruction:
    code: int
    k: int
    if_true: int = 0
    if_false: int = 0


def assemble(architecture: int, rules: Sequence[Rule], default: int) -> bytes:
    """The program that applies the first rule of a call's number, and `default` to all others.

    A call made through another architecture's table, x32 included, kills the process: its numbers
    mean other calls.
    """
    program = [
        _Instruction(_LOAD, _ARCHITECTURE_AT),
        _Instruction(_JUMP_EQUAL, architecture, if_true=1),
        _Instruction(_RETURN, KILL_PROCESS),
        _Instruction(_LOAD, _NUMBER_AT),
        _Instruction(_JUMP_GREATER_EQUAL, _FIRST_X32_CALL, if_false=1),
        _Instruction(_RETURN, KILL_PROCESS),
    ]
    for rule in rules:
        body = _body(rule)
        program += [_Instruction(_JUMP_EQUAL, rule.number, if_false=len(body)), *body]
    program.append(_Instruction(_RETURN, default))
    return b"".join(_INSTRUCTION.pack(i.code, i.if_true, i.if_false, i.k) for i in program)


def constant_positions(program: bytes, constant: int) -> tuple[int, ...]:
    """Byte offsets of the operand of every instruction whose operand is `constant`."""
    return tuple(
        offset + 4
        for offset in range(0, len(program), _INSTRUCTION.size)
        if _INSTRUCTION.unpack_from(program, offset)[3] == constant
    )


def _body(rule: Rule) -> list[_Instruction]:
    if rule.check is None:
        return [_Instruction(_RETURN, rule.action)]
    return [
        *_tests(rule.check),
        _Instruction(_RETURN, rule.otherwise),
        _Instruction(_RETURN, rule.action),
    ]


def _tests(check: Check) -> list[_Instruction]:
    """Instructions that fall through when the check fails and skip one when it holds."""
    low = _ARGUMENTS_AT + 8 * check.argument
    load = _Instruction(_LOAD, low)
    if check.kind == "any_bit":
        return [load, _Instruction(_JUMP_ANY_BIT, check.values[0], if_true=1)]
    if check.kind == "no_bit":
        return [load, _Instruction(_JUMP_ANY_BIT, check.values[0], if_false=1)]
    if check.kind == "zero":
        return [
            load,
            _Instruction(_JUMP_EQUAL, 0, if_false=2),
            _Instruction(_LOAD, low + 4),
            _Instruction(_JUMP_EQUAL, 0, if_true=1),
        ]
    last = len(check.values) - 1
    return [
        load,
        *(
            _Instruction(_JUMP_EQUAL, value, if_true=last - index + 1)
            for index, value in enumerate(check.values)
        ),
    ]
