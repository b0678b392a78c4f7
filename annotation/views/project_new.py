"""Make a project from a template."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from annotation import access
from annotation.answers import parse_questions
from annotation.people_templates import PEOPLE_TEMPLATES
from annotation.project_templates import TEMPLATES
from annotation.services.projects import create_project
from annotation.views.forms import Styled


class ProjectForm(Styled, forms.Form):
    """A new project."""

    template = forms.ChoiceField(
        choices=[(name, template.title) for name, template in TEMPLATES.items()]
    )
    name = forms.CharField(
        label="Name of the project",
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    description = forms.CharField(
        label="What it is about",
        required=False,
        help_text="One or two sentences for the people who take part.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    people = forms.ChoiceField(
        label="What people tell about themselves",
        choices=[(name, one.title) for name, one in PEOPLE_TEMPLATES.items()],
        help_text=" ".join(
            f"{one.title}: {one.summary}" for one in PEOPLE_TEMPLATES.values()
        ),
        required=False,
    )
    overlap = forms.IntegerField(
        label="Answers per item",
        min_value=1,
        max_value=100,
        initial=1,
        help_text="By how many people each item is answered. Two or more tell how far"
        " people agree.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def project_new(request: HttpRequest) -> HttpResponse:
    """Show the gallery of templates; make a project from the one chosen."""
    user = access.maker(request.user)
    form = ProjectForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        chosen = form.cleaned_data | {"people": form.cleaned_data["people"] or "short"}
        project = create_project(user=user, **chosen)
        messages.success(request, f"“{project.name}” is made. Import its items next.")
        return redirect("dashboard", project.slug)
    context = {
        "form": form,
        "chosen": form["template"].value() or next(iter(TEMPLATES)),
        "templates": [
            (template, parse_questions(template.questions))
            for template in TEMPLATES.values()
        ],
    }
    status = 422 if form.is_bound else 200
    return render(request, "annotation/people/project_new.html", context, status=status)
