"""Rows out of a pattern: `table={n}` with n from 1 to 500, with padding and several variables."""

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from apps.batches.reading.rows import RawRow, RowSource
from apps.errors import InvalidRequest

PLACE = re.compile(r"\{(\w{1,30})\}")
MOST_VARIABLES = 5
MOST_VALUES = 100_000
MOST_PADDING = 20


@dataclass(frozen=True)
class NumberRange:
    """Numbers from `first` to `last`, both included, in steps, padded with zeros to `pad` digits."""

    first: int
    last: int
    step: int = 1
    pad: int = 0

    def values(self) -> Iterator[str]:
        numbers = range(self.first, self.last + (1 if self.step > 0 else -1), self.step)
        return (str(number).zfill(self.pad) for number in numbers)

    def __len__(self) -> int:
        return len(range(self.first, self.last + (1 if self.step > 0 else -1), self.step))


Variable = NumberRange | Sequence[str]


def pattern_source(templates: Mapping[str, str], variables: Mapping[str, Variable]) -> RowSource:
    """One row for every combination of the variables, the last one turning fastest.

    `templates` gives each column's text with {name} in it. Raises InvalidRequest for a name that no variable has,
    a variable that no template uses, or more than 100,000 rows.
    """
    used = {name for template in templates.values() for name in PLACE.findall(template)}
    problems = [str(_("{%(name)s} has no values.") % {"name": name}) for name in sorted(used - set(variables))]
    problems += [str(_("{%(name)s} is not used.") % {"name": name}) for name in sorted(set(variables) - used)]
    count = math.prod(len(values) for values in variables.values())
    if len(variables) > MOST_VARIABLES:
        problems.append(str(_("At most %(most)d variables.") % {"most": MOST_VARIABLES}))
    if count > MOST_VALUES:
        problems.append(
            str(_("This would create %(count)d rows; the limit is %(most)d.") % {"count": count, "most": MOST_VALUES})
        )
    if problems:
        raise InvalidRequest(_("The pattern is not valid."), errors={"pattern": problems})
    return RowSource(lambda: _rows(templates, variables))


def _rows(templates: Mapping[str, str], variables: Mapping[str, Variable]) -> Iterator[RawRow]:
    names = list(variables)
    texts = [list(each.values()) if isinstance(each, NumberRange) else list(each) for each in variables.values()]
    for number, combination in enumerate(itertools.product(*texts), start=1):
        chosen = dict(zip(names, combination, strict=True))
        yield RawRow(number, {column: _fill(template, chosen) for column, template in templates.items() if template})


def _fill(template: str, chosen: Mapping[str, str]) -> str:
    return PLACE.sub(lambda match: chosen[match[1]], template)
