"""Make a project from a template."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from annotation import access
from annotation.answers import parse_questions
from annotation.people_templates import PEOPLE_TEMPLATES
from annotation.project_templates import TEMPLATES
from annotation.services.projects import create_project
from annotation.views.forms import Styled
from annotation.words import gettext as _


class ProjectForm(Styled, forms.Form):
    """A new project."""

    template = forms.ChoiceField(
        choices=[(name, template.title) for name, template in TEMPLATES.items()]
    )
    name = forms.CharField(
        label=gettext_lazy("Name of the project"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    description = forms.CharField(
        label=gettext_lazy("What it is about"),
        required=False,
        help_text=gettext_lazy("One or two sentences for the people who take part."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    people = forms.ChoiceField(
        label=gettext_lazy("What people tell about themselves"),
        choices=[(name, one.title) for name, one in PEOPLE_TEMPLATES.items()],
        help_text=" ".join(
            f"{one.title}: {one.summary}" for one in PEOPLE_TEMPLATES.values()
        ),
        required=False,
    )
    overlap = forms.IntegerField(
        label=gettext_lazy("Answers per item"),
        min_value=1,
        max_value=100,
        initial=1,
        help_text=gettext_lazy(
            "By how many people each item is answered. Two or more tell how far "
            "people agree."
        ),
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
        messages.success(
            request,
            _("“{name}” is made. Import its items next.").format(name=project.name),
        )
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
