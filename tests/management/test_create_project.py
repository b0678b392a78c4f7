"""The command that makes a project for somebody who has a log-in."""

import io

import pytest
from django.core.management import CommandError, call_command

from annotation.models import Membership, Project, Role
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("create_project", *arguments, stdout=out)
    return out.getvalue().strip()


def test_owner_gets_a_project_of_the_template() -> None:
    make_user("olga")
    slug = run("Good answers", "--template", "ranking", "--owner", "olga")
    project = Project.objects.get(slug=slug)
    questions = project.current_questions()
    assert questions is not None
    assert questions.questions[0]["type"] == "ranking"
    membership = Membership.objects.get(project=project)
    assert (membership.user.username, membership.role) == ("olga", Role.OWNER)


def test_owner_without_a_log_in_is_named() -> None:
    with pytest.raises(CommandError, match="There is no log-in 'nobody'"):
        run("Good answers", "--owner", "nobody")
    assert not Project.objects.exists()


def test_wrong_overlap_is_refused_with_a_sentence() -> None:
    make_user("olga")
    with pytest.raises(CommandError, match="The overlap is a number from 1 to 100"):
        run("Good answers", "--owner", "olga", "--overlap", "0")
