"""PURE: the adults of England and Wales by age, sex and ethnic group, for quotas.

Source: Office for National Statistics, Census 2021 (England and Wales; Open Government
Licence v3.0): ethnic group by age and sex, all usual residents, in the classification
of table RM032. The counts are those of the file of single years of age that the census
rebalancing of PRISM (Kirk et al., 2024) publishes and sums, with its 19 ethnic groups
put together into the census' five. The office rounds each published count to 5, so a
sum can be off by some tens. TS009 (sex by single year of age) and TS021 (ethnic group)
give the margins of all ages; here all margins are those of people aged 18 or over.
Scotland and Northern Ireland count apart and are not in it.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Literal, TypeAlias

from annotation.allocation.bands import labels
from annotation.allocation.quotas import BETWEEN, largest_remainder

SOURCE = "ONS, Census 2021, England and Wales, people aged 18 or over"
ETHNIC_GROUPS = ("white", "asian", "black", "mixed", "other")
# Persons by first year of the age band and sex, in the order of ETHNIC_GROUPS.
ADULTS: Mapping[tuple[int, str], tuple[int, int, int, int, int]] = {
    (18, "female"): (1_867_605, 287_375, 131_335, 109_760, 60_175),
    (18, "male"): (1_895_795, 300_625, 132_485, 106_300, 65_830),
    (25, "female"): (3_227_570, 478_490, 184_625, 135_780, 110_565),
    (25, "male"): (3_107_190, 423_435, 157_015, 120_420, 105_425),
    (35, "female"): (3_031_145, 526_825, 198_660, 94_105, 114_840),
    (35, "male"): (2_935_945, 481_500, 156_830, 82_445, 115_050),
    (45, "female"): (3_327_165, 356_630, 187_865, 64_335, 80_625),
    (45, "male"): (3_232_885, 356_885, 162_125, 56_365, 87_280),
    (55, "female"): (3_363_030, 213_315, 138_320, 42_215, 49_895),
    (55, "male"): (3_258_610, 202_370, 125_210, 36_520, 55_150),
    (65, "female"): (5_608_520, 225_295, 90_245, 26_045, 46_445),
    (65, "male"): (4_746_730, 190_510, 65_255, 20_160, 43_725),
}
AGES = (18, 25, 35, 45, 55, 65)
Trait: TypeAlias = Literal["age", "sex", "ethnicity"]
TRAITS: tuple[Trait, ...] = ("age", "sex", "ethnicity")
QUESTIONS: Mapping[Trait, tuple[str, ...]] = {
    "age": ("age",),
    "sex": ("gender", "sex"),
    "ethnicity": ("ethnicity", "ethnic_group"),
}
# An option belongs to the group one of whose words it begins with.
WORDS: Mapping[str, tuple[str, ...]] = {
    "female": ("female", "woman"),
    "male": ("male", "man"),
    "white": ("white",),
    "asian": ("asian",),
    "black": ("black",),
    "mixed": ("mixed",),
    "other": ("other", "arab", "hispanic", "indigenous", "latin", "middle eastern"),
}
GROUPS: Mapping[Trait, tuple[str, ...]] = {
    "age": tuple(map(str, AGES)),
    "sex": ("female", "male"),
    "ethnicity": ETHNIC_GROUPS,
}
# Shares are given to this part of one per cent, and add up to 100 exactly.
FINENESS = 10_000


@dataclass(frozen=True)
class Census:
    """Shares in per cent of the cells of one or several questions of a survey.

    `groups[question][option]`: where several options make one group of the census.
    `bands[question]`: at which numbers bands begin, where age is a number.
    """

    questions: tuple[str, ...]
    shares: Mapping[str, float]
    groups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    bands: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Fit:
    """A question that has an option for each group of the census: `label` by group."""

    trait: Trait
    question: str
    label: Mapping[str, str]
    groups: Mapping[str, str] = field(default_factory=dict)
    bands: tuple[int, ...] = ()


def margins(values: Mapping[str, Sequence[str]]) -> list[Census]:
    """Return the shares for each question by itself that the survey's options bear.

    A question for which a group of the census has no option of its own is left out.
    """
    return [_shares([fit]) for fit in _fits(values)]


def crossed(values: Mapping[str, Sequence[str]]) -> Census | None:
    """Return age x sex x ethnic group, or what of it the survey's options bear.

    None where fewer than two of the questions fit.
    """
    fits = _fits(values)
    return _shares(fits) if len(fits) > 1 else None


def _shares(fits: Sequence[_Fit]) -> Census:
    traits = [fit.trait for fit in fits]
    persons: dict[tuple[str, ...], int] = defaultdict(int)
    for (age, sex), counts in ADULTS.items():
        for ethnicity, n in zip(ETHNIC_GROUPS, counts, strict=True):
            who = {"age": str(age), "sex": sex, "ethnicity": ethnicity}
            persons[tuple(who[trait] for trait in traits)] += n
    keys = list(product(*(GROUPS[trait] for trait in traits)))
    total = sum(persons.values())
    parts = largest_remainder(
        [100 * persons[key] / total for key in keys], 100 * FINENESS
    )
    names = [
        BETWEEN.join(fit.label[part] for fit, part in zip(fits, key, strict=True))
        for key in keys
    ]
    shares = {n: part / FINENESS for n, part in zip(names, parts, strict=True)}
    groups = {fit.question: fit.groups for fit in fits if fit.groups}
    bands = {fit.question: fit.bands for fit in fits if fit.bands}
    return Census(tuple(fit.question for fit in fits), shares, groups, bands)


def _fits(values: Mapping[str, Sequence[str]]) -> list[_Fit]:
    found = []
    for trait in TRAITS:
        asked = [name for name in QUESTIONS[trait] if name in values]
        fits = (_fit(trait, name, values[name]) for name in asked)
        found += [fit for fit in fits if fit][:1]
    return found


def _fit(trait: Trait, question: str, options: Sequence[str]) -> _Fit | None:
    if not options:
        return _number(question) if trait == "age" else None
    members: dict[str, list[str]] = {group: [] for group in GROUPS[trait]}
    for option in options:
        group = _age_group(option) if trait == "age" else _word_group(trait, option)
        if group is not None:
            members[group].append(option)
    if not all(members.values()):
        return None
    label = {group: _own(trait, group, of) for group, of in members.items()}
    groups = {option: label[group] for group, of in members.items() for option in of}
    is_plain = len(groups) == len(label)
    return _Fit(trait, question, label, {} if is_plain else groups)


def _number(question: str) -> _Fit:
    names = labels(AGES)[1:]
    return _Fit("age", question, dict(zip(GROUPS["age"], names, strict=True)), {}, AGES)


def _own(trait: Trait, group: str, options: Sequence[str]) -> str:
    """Return the option that names the group itself, or the first of it."""
    word = group if trait == "age" else WORDS[group][0]
    return next((one for one in options if one.lower().startswith(word)), options[0])


def _word_group(trait: Trait, option: str) -> str | None:
    said = option.lower()
    return next((g for g in GROUPS[trait] if said.startswith(WORDS[g])), None)


def _age_group(option: str) -> str | None:
    """Return the band that an option such as “18-24 years old” is, if any."""
    numbers = [int(digits) for digits in re.findall(r"\d+", option)]
    ends = dict(zip(AGES, (*(age - 1 for age in AGES[1:]), None), strict=True))
    if not numbers or numbers[0] not in ends:
        return None
    end = numbers[1] if len(numbers) > 1 else None
    return str(numbers[0]) if ends[numbers[0]] == end else None
