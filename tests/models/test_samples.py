"""Several samples of one call need a temperature; what was stored keeps working."""

from typing import Any

import pytest
from django.test import Client

from annotation.models import MachineAnnotator
from models_service.specs import InvalidSpecError, Spec, read_spec
from tests.factories import make_items, make_project
from tests.models.judges import answer_all, make_judge

JUDGE = {"name": "judge", "model": "m", "base_url": "https://api.example.com/v1"}
THRICE = {"n_samples": 3, "temperature": 0, "max_tokens": 200, "tie_band": 0}


def of(**given: Any) -> Spec:
    return read_spec({**JUDGE, **given}, allow_private=False)


@pytest.mark.parametrize(
    "given", [{"n_samples": 3}, {"n_samples": "2", "temperature": 0}]
)
def test_several_samples_at_temperature_0_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidSpecError) as caught:
        of(**given)
    (problem,) = caught.value.problems
    assert problem.path == "n_samples"
    assert "temperature above 0." in problem.message


@pytest.mark.parametrize(
    "given", [{"n_samples": 3, "temperature": 0.1}, {"n_samples": 1}, {}]
)
def test_samples_that_can_differ_are_taken(given: dict[str, Any]) -> None:
    assert of(**given).parameters["n_samples"] == given.get("n_samples", 1)


@pytest.mark.django_db
def test_version_that_has_them_keeps_working_and_may_change_its_price() -> None:
    project = make_project()
    make_items(project, 2)
    machine = make_judge(project, parameters=THRICE)
    client = Client()
    client.force_login(project.created_by)
    where = f"/api/v1/projects/{project.slug}/models/{machine.public_id}/"
    sent = {"usd_per_million_in": "1", "base_url": JUDGE["base_url"]}
    changed = client.patch(where, sent, content_type="application/json")
    assert changed.status_code == 200, changed.content
    assert changed.json()["parameters"]["n_samples"] == 3
    more = client.patch(where, {"n_samples": 5}, content_type="application/json")
    assert [one["path"] for one in more.json()["problems"]] == ["n_samples"]
    answer_all(MachineAnnotator.objects.get())
    assert machine.pre_annotations.filter(status="ok").count() == 2
