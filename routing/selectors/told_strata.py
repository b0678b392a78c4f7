"""Which stratum each person of the audit is in, by the questions of their profile.

As quotas sort people: own words by their coarser category, each option of a question
with several answers as a question of its own, numbers by bands. What somebody did not
agree to release counts as not told, since the figures by stratum leave in files.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from annotation.allocation.bands import band_of, fault
from annotation.allocation.census import AGES, QUESTIONS
from annotation.consent import classes_of_survey, withheld
from annotation.models import ConsentRecord, Participant, Project
from annotation.selectors.profile import current_survey
from annotation.selectors.strata import profiles, quotas_in_force, stratum_values

Told = Mapping[int, Mapping[str, str]]


def told_strata(project: Project, people: Sequence[int]) -> dict[str, list[str]]:
    """Return the stratum of each person by question, "" = not told; eight queries.

    Questions that nobody has told are left out.
    """
    asked = stratum_values(project)
    if not asked or not people:
        return {}
    known = list(Participant.objects.filter(pk__in=people, withdrawal=None))
    told = profiles(project, known)
    held_back = _held_back(project, people)
    bands = {
        name: cuts
        for quota in quotas_in_force(project)
        for name, cuts in quota.bands.items()
    }
    found = {}
    for name, values in asked.items():
        said = [
            "" if name in held_back.get(pk, ()) else told.get(pk, {}).get(name, "")
            for pk in people
        ]
        strata = said if values else _in_bands(name, said, bands)
        if any(strata):
            found[name] = strata
    return found


def _held_back(project: Project, people: Sequence[int]) -> dict[int, frozenset[str]]:
    """Return the questions whose answer each person did not agree to release."""
    survey = current_survey(project)
    classes = classes_of_survey(survey.questions) if survey else {}
    options = list(stratum_values(project))
    newest = (
        ConsentRecord.objects.filter(participant__in=people)
        .order_by("participant", "-id")
        .distinct("participant")
        .select_related("document")
    )
    found = {}
    for record in newest:
        kept = withheld(record.document.scopes, record.granted)
        found[record.participant_id] = frozenset(
            name for name in options if kept & classes.get(name.partition("/")[0], kept)
        )
    return found


def _in_bands(
    name: str, said: Sequence[str], bands: Mapping[str, Sequence[int]]
) -> list[str]:
    """Return numbers as bands: a quota's, those of a census for ages, else thirds."""
    numbers = [_number(value) for value in said]
    cuts = bands.get(name) or (AGES if name in QUESTIONS["age"] else _thirds(numbers))
    if fault(list(cuts)):
        return ["" for _value in said]
    return ["" if n is None else band_of(n, cuts) for n in numbers]


def _number(value: str) -> int | None:
    try:
        return int(value)
    except ValueError:
        return None


def _thirds(numbers: Sequence[int | None]) -> list[int]:
    """Return where the middle and the upper third of what was told begin."""
    known = [n for n in numbers if n is not None]
    if not known:
        return []
    ends = np.quantile(known, (1 / 3, 2 / 3), method="higher")
    return sorted({int(end) for end in ends if min(known) < end})
