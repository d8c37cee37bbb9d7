"""Bad command lines made by walking the parser: every command, every option, every value outside of its domain.

A bad value takes the place of a good one in a command line that is known to work: one of the recorded calls that has
the option, or the first of the command with the option added.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from domains import CALLS, DOMAINS, Domain
from theory_commands import load, renamed_arguments

from statphys_gen.cli import build_parser

Words = list[str]
# A command line, and what its one line of complaint must contain.
Case = tuple[Words, tuple[str, ...]]
PARSER = build_parser()


def below(parser: argparse.ArgumentParser) -> argparse._SubParsersAction | None:
    """The action that chooses the next word of a command."""
    return next((a for a in parser._actions if isinstance(a, argparse._SubParsersAction)), None)


def _walk(parser: argparse.ArgumentParser, words: Words) -> Iterator[tuple[Words, argparse.ArgumentParser]]:
    yield words, parser
    action = below(parser)
    for name, child in ({} if action is None else action.choices).items():
        yield from _walk(child, [*words, name])


EVERY = list(_walk(PARSER, []))
COMMANDS = {" ".join(words): parser for words, parser in EVERY if below(parser) is None}
# Arguments of the recorded calls of each command, without its name.
_RECORDED: dict[str, list[Words]] = {name: [] for name in COMMANDS}
for _call in load():
    _arguments = renamed_arguments(_call["arguments"])
    _name = next(name for name in COMMANDS if _arguments[: len(name.split())] == name.split())
    _RECORDED[_name].append(_arguments[len(_name.split()) :])


def name_of(action: argparse.Action) -> str:
    """How messages call an argument: by its first name that is written out."""
    written = [flag for flag in action.option_strings if flag.startswith("--")]
    return written[0] if written else str(action.metavar or action.dest)


def options(command: str) -> list[argparse.Action]:
    """Every argument of a command, but for --help."""
    return [a for a in COMMANDS[command]._actions if not isinstance(a, argparse._HelpAction)]


def entry(command: str, action: argparse.Action) -> str:
    """The key of an argument's domain: that of the command, of its system, or of all commands."""
    name = name_of(action)
    keys = (f"{command} {name}", f"{command.split()[0]} {name}", name)
    return next((key for key in keys if key in DOMAINS), name)


def has_entry(action: argparse.Action) -> bool:
    """Whether an argument needs a domain: switches and choices say themselves what they allow."""
    return action.nargs != 0 and action.choices is None


def _segments(command: str, words: Words) -> list[Words]:
    """The words of a call: those before all options, then each option with its values."""
    flags = {flag for action in options(command) for flag in action.option_strings}
    found: list[Words] = [[]]
    for word in words:
        if word in flags:
            found.append([])
        found[-1].append(word)
    return found


class Call:
    """A call that works, in which one argument can be replaced."""

    def __init__(self, command: str, action: argparse.Action) -> None:
        extra = CALLS.get(f"{command} {name_of(action)}")
        calls = _RECORDED[command] or [[]] if extra is None else [extra.split()]
        points = [_segments(command, words) for words in calls]
        self.command, self.action = command, action
        own = action.option_strings
        chosen = next((p for p in points if any(s and s[0] in own for s in p)), points[0])
        given = [segment for segment in chosen if segment and segment[0] in own]
        # What excludes the argument gives way to it.
        rivals = {
            flag
            for group in COMMANDS[command]._mutually_exclusive_groups
            if action in group._group_actions
            for other in group._group_actions
            for flag in other.option_strings
        }
        self.before = chosen[0]
        # Of several words before all options, the one that the argument stands for.
        places = [other for other in options(command) if not other.option_strings]
        self.place = places.index(action) if action in places and len(places) > 1 else None
        self.rest = [w for s in chosen[1:] if s[0] not in (*own, *rivals) for w in s]
        self.values = given[0][1:] if given else self._good()

    def _good(self) -> Words:
        if self.action.nargs == 0:
            return []
        choices = self.action.choices
        good = next(iter(choices)) if choices else DOMAINS[entry(self.command, self.action)].good
        return [str(good)] * (self.action.nargs if isinstance(self.action.nargs, int) else 1)

    def with_values(self, *values: str, flag: str | None = None) -> Words:
        """The call with these values of the argument."""
        own = self.action.option_strings
        if self.place is not None:
            words = [*self.before[: self.place], *values, *self.before[self.place + 1 :]]
            return [*self.command.split(), *words, *self.rest]
        if not own:
            return [*self.command.split(), *values, *self.rest]
        return [*self.command.split(), *self.before, *self.rest, flag or name_of(self.action), *values]

    def without(self) -> Words:
        if self.place is not None:
            return [*self.command.split(), *self.before[:-1], *self.rest]
        return [*self.command.split(), *(self.before if self.action.option_strings else []), *self.rest]


def _said(command: str, action: argparse.Action, value: str) -> tuple[str, ...]:
    """The complaint about a value: argument, value, and what is allowed."""
    name = name_of(action)
    if action.choices is not None:
        return (f"{name} = {value!r}: must be one of {', '.join(action.choices)}",)
    domain: Domain = DOMAINS[entry(command, action)]
    if action.type is not None:
        return (f"{name} = {value}: must be {domain.allowed}",)
    # Checked by what the command calls, which has its own name for a positional argument and may quote the value.
    return (name.lstrip("-") if action.option_strings else "", value, f": must be {domain.allowed}")


def bad_values(command: str, action: argparse.Action) -> Iterator[Case]:
    """Every value outside the domain, in place of a good one and, in a list, after good ones."""
    if action.nargs == 0:
        said = f"{name_of(action)}: must be given without a value"
        yield [*Call(command, action).without(), f"{name_of(action)}=1"], (said,)
        return
    call = Call(command, action)
    if action.choices is not None:
        first = next(iter(action.choices))
        bad: tuple[str, ...] = ("", "nonsense", first.upper(), first[:-1])
    else:
        bad = DOMAINS[entry(command, action)].bad
    for value in bad:
        others = call.values[1:] if isinstance(action.nargs, int) else []
        yield call.with_values(value, *others), _said(command, action, value)
    if action.nargs == "+":
        yield call.with_values(*call.values, bad[-1]), _said(command, action, bad[-1])
    for flag in action.option_strings:
        others = call.values[1:] if isinstance(action.nargs, int) else []
        yield call.with_values(bad[-1], *others, flag=flag), _said(command, action, bad[-1])


def bad_counts(command: str, action: argparse.Action) -> Iterator[Case]:
    """Too few values, too many, and the same option twice."""
    name, call = name_of(action), Call(command, action)
    if action.required and action.nargs != "*":
        # Words move up, so that the last of several is missing.
        last = [name_of(other) for other in options(command) if not other.option_strings][-1:]
        yield call.without(), (f"{name if call.place is None else last[0]} is missing",)
    if not action.option_strings:
        return
    if action.nargs != 0:
        yield call.with_values(), (f"{name}: must be followed by",)
    if isinstance(action.nargs, int) and action.nargs > 1:
        yield call.with_values(*call.values[1:]), (f"{name}: must be followed by {action.nargs} values",)
    if action.nargs != "+" and not any(
        not a.option_strings and a.nargs in ("*", "?") for a in options(command)
    ):
        yield call.with_values(*call.values, "9"), ("unrecognized arguments: 9",)
    if not isinstance(action, argparse._ExtendAction):
        yield [*call.with_values(*call.values), name, *call.values], (f"{name}: must be given once",)
    short = name[:-1]
    if all(short not in other.option_strings for other in options(command)):
        yield [*call.with_values(*call.values), short, *call.values], (f"unrecognized arguments: {short}",)


def bad_groups(command: str) -> Iterator[Case]:
    """Of options that exclude each other: two of them, and none where one is needed."""
    for group in COMMANDS[command]._mutually_exclusive_groups:
        first, *others = group._group_actions
        for other in others:
            words = Call(command, first).with_values(*Call(command, first).values)
            yield (
                [*words, name_of(other), *Call(command, other).values],
                (f"{name_of(other)}: must be left out with",),
            )
        if group.required:
            names = " or ".join(name_of(action) for action in group._group_actions)
            yield Call(command, first).without(), (f"{names} is missing",)


def combinations(text: str) -> Iterator[Case]:
    """The lines of combinations.txt."""
    command, base = "", dict[str, Words]()
    for line in text.splitlines():
        if line.startswith("["):
            words = line[1:-1].split()
            command = next(name for name in COMMANDS if words[: len(name.split())] == name.split())
            base = _options(command, words[len(command.split()) :])
        elif line and not line.startswith("#"):
            changes, said = line.split(" :: ")
            words = changes.split()
            left_out = [word[1:] for word in words if word.startswith("~")]
            changed = base | _options(command, [word for word in words if word[1:] not in left_out])
            kept = [segment for name, segment in changed.items() if name not in left_out]
            yield [*command.split(), *(word for segment in kept for word in segment)], (said,)


def _options(command: str, words: Words) -> dict[str, Words]:
    """The segments of a call by the name they begin with; that of the words before all options is empty."""
    segments = _segments(command, words)
    return ({"": segments[0]} if segments[0] else {}) | {segment[0]: segment for segment in segments[1:]}


def bad_commands() -> Iterator[Case]:
    """No word where one is needed, an unknown one, the beginning of one; then an option that does not exist."""
    for words, parser in EVERY:
        action = below(parser)
        if action is None:
            call = Call(" ".join(words), options(" ".join(words))[-1])
            yield [*call.without(), "--nonsense", "3"], ("unrecognized arguments: --nonsense",)
            continue
        first = next(iter(action.choices))
        yield words, (f"{action.metavar} is missing",)
        for word in ("nonsense", "", first[:-1], first.upper()):
            yield (
                [*words, word],
                (f"{action.metavar} = {word!r}: must be one of {', '.join(action.choices)}",),
            )
