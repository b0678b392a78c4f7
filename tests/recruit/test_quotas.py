"""Recruited people in a study with quotas: who is one too many gets the right code."""

import uuid

import pytest

from annotation.models import SurveyVersion
from annotation.services import submissions
from annotation.services.assignments import claim_next
from tests.assign.strata import SURVEY, tell, with_quotas
from tests.recruit.conftest import OUT, Recruit, client_of, recruiting

# Two items with one answer each: one by a woman, one by a man.
EXACT = {
    "kind": "exact",
    "questions": ["gender"],
    "amounts": {"Female": 50, "Male": 50},
}


@pytest.mark.django_db
def test_whose_group_is_complete_gets_the_screen_out_code(recruit: Recruit) -> None:
    project = recruiting(n_items=2)
    SurveyVersion.objects.filter(project=project).update(questions=SURVEY)
    project = with_quotas(project, [EXACT])
    first, second = recruit(project, 1), recruit(project, 2)
    for enrolment in (first, second):
        tell(enrolment.participant, gender="Female")
    held = claim_next(participant=first.participant, project=project)
    assert held is not None
    submissions.submit(
        assignment=held,
        submission_id=uuid.uuid4(),
        answers={
            "preference": {"value": 1},
            "reasons": [],
            "rationale": "Because it is so.",
        },
    )
    assert claim_next(participant=second.participant, project=project) is None
    client = client_of(second.participant.user)
    page = client.get(f"/p/{project.slug}/annotate/", follow=True).content.decode()
    assert OUT in page
    second.refresh_from_db()
    assert (second.state, second.reason) == ("screened_out", "quota_full")
