"""Commands of machine annotators make the same jobs as the pages."""

from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from annotation.models import Job, Project
from models_service.models import Run
from tests.factories import make_items, make_project
from tests.models.judges import make_judge


@pytest.fixture
def project(db: None) -> Project:
    made = make_project()
    make_items(made, 5)
    return made


def test_run_is_asked_for_and_left_to_the_worker(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    make_judge(project)
    chosen = ["--n", "3", "--seed", "5", "--which", "unlabelled", "--cap", "1.5"]
    call_command("pre_annotate", project.slug, "judge", "--no-wait", *chosen)
    run = Run.objects.get()
    assert capsys.readouterr().out == f"job {run.job.public_id}\n"
    assert run.cap_usd == Decimal("1.5")
    assert (run.selection["which"], run.selection["n"]) == ("unlabelled", 3)
    assert run.job.created_by == project.created_by
    with pytest.raises(CommandError, match="has not ended"):
        call_command("pre_annotate", project.slug, "judge", "--no-wait")


def test_newest_version_is_meant_by_a_name(project: Project) -> None:
    make_judge(project)
    later = make_judge(project, number=2, model="later")
    call_command("pre_annotate", project.slug, "judge", "--no-wait")
    assert Run.objects.get().machine == later


def test_only_a_tagger_tags(project: Project) -> None:
    make_judge(project)
    make_judge(project, "tagging", name="tagger", kind="tagger")
    with pytest.raises(CommandError, match="no protocol for tagging"):
        call_command("tag_items", project.slug, "judge", "--no-wait")
    call_command("tag_items", project.slug, "tagger", "--no-wait")
    assert Run.objects.get().machine.name == "tagger"


def test_check_is_asked_for_once(project: Project) -> None:
    make_judge(project)
    for _ in range(2):
        call_command("check_backend", project.slug, "judge", "--no-wait")
    assert Job.objects.filter(kind="check_backend").count() == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere", "judge"], "There is no project 'nowhere'."),
        (["PROJECT", "nobody"], "There is no AI annotator 'nobody'. There are: judge."),
        (["PROJECT", "judge", "--cap", "much"], "no amount"),
        (["PROJECT", "judge", "--n", "-1"], "whole numbers"),
    ],
)
def test_mistakes_are_said(project: Project, arguments: list[str], said: str) -> None:
    make_judge(project)
    given = [project.slug if one == "PROJECT" else one for one in arguments]
    with pytest.raises(CommandError, match=said):
        call_command("pre_annotate", *given)
    assert not Job.objects.filter(kind="pre_annotate").exists()
