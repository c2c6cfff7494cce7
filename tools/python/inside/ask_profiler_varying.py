"""Makes arguments that differ from recorded ones, as a plan says.

Runs in the target's interpreter: nothing but the standard library, and old syntax.
"""

import copy
import datetime
import decimal

import ask_profiler_values as values


class Varied:
    """Arguments that differ from recorded ones as a plan says (tools/python/equivalence/shapes.py draws it)."""

    def __init__(self, positional, keywords):
        self.positional = positional
        self.keywords = keywords
        self.used = set()

    def by(self, plan):
        """The arguments; `plan` maps an argument's number (or name) to what it becomes."""
        order = list(range(len(self.positional))) + list(self.keywords)
        new = {order[int(number)]: self.made(part) for number, part in plan.items()}
        positional = [new.get(n, value) for n, value in enumerate(self.positional)]
        return positional, {name: new.get(name, value) for name, value in self.keywords.items()}

    def made(self, part):
        """The value of one part of a plan."""
        if isinstance(part, str):
            return _plain(part)
        word = part[0]
        if word == "at":
            return self.found(part[1])
        if word == "like":
            return self.like(part[1], part[2])
        if word == "edited":
            return self.edited(part[1], part[2])
        if word == "shifted":
            return self.found(part[1]) + datetime.timedelta(days=part[2])
        if word == "decimal":
            return decimal.Decimal(part[1])
        if word == "member":
            members = list(type(self.found(part[1])))
            return members[part[2] % len(members)]
        if word == "array":
            return _array(self.found(part[1]), *part[2:])
        items = [self.made(item) for item in part[1]]
        if word == "dict":
            return dict(zip(items[::2], items[1::2]))
        return {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset, "bytearray": _bytearray}[
            word
        ](items)

    def found(self, path, once=True):
        """What the recorded arguments have there; a second time a copy of it."""
        first, *steps = path
        value = (self.positional + list(self.keywords.values()))[first]
        for step in steps:
            if isinstance(step, str):
                value = (
                    values.attributes(value)[step] if not isinstance(value, tuple) else getattr(value, step)
                )
            elif isinstance(value, dict):
                value = list(value.values())[step]
            else:
                value = value[step]
        key = tuple(path)
        if once and key in self.used:
            return copy.deepcopy(value)
        self.used.add(key)
        return value

    def like(self, path, changes):
        """A copy of an object with other attributes."""
        value = self.found(path)
        new = {name: self.made(part) for name, part in changes.items()}
        if isinstance(value, tuple):
            return value._replace(**new)
        made = copy.copy(value)
        for name, part in new.items():
            object.__setattr__(made, name, part)
        return made

    def edited(self, path, steps):
        """A sequence, text or dictionary after some steps."""
        value = self.found(path)
        if isinstance(value, (str, bytes)):
            for step in steps:
                value = value[step[1] : step[2]]
            return value
        items = list(value.items()) if isinstance(value, dict) else list(value)
        for step in steps:
            self.step(items, *step)
        return type(value)(items)

    def step(self, items, word, first=0, second=0):
        """One step, in place."""
        if word == "cut":
            items[:] = items[first:second]
        elif word == "drop":
            del items[first]
        elif word == "repeat":
            items.insert(first, copy.deepcopy(items[first]))
        elif word == "swap":
            items[first], items[second] = items[second], items[first]
        elif word == "reverse":
            items.reverse()
        elif word == "set":
            items[first] = self.made(second)
        elif word == "value":
            items[first] = (items[first][0], self.made(second))
        elif word == "entry":
            items.append((self.made(first), self.made(second)))
        elif word == "insert":
            items.insert(first, self.made(second))


def _array(value, word, first, last):
    """A numpy array's own members, other in number or order."""
    if word == "cut":
        return value[first:last].copy()
    return value[::-1].copy() if word == "reverse" else value * 0


def _bytearray(items):
    return bytearray(items[0])


def _plain(text):
    kind, rest = text[0], text[1:]
    if kind in "NTF":
        return {"N": None, "T": True, "F": False}[kind]
    if kind == "i":
        return int(rest, 0)
    if kind == "f":
        return float(rest)
    if kind == "c":
        real, _, imaginary = rest.partition(" ")
        return complex(float(real), float(imaginary))
    return rest if kind == "s" else bytes.fromhex(rest)
