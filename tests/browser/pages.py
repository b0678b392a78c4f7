"""Every page of the site: who opens it, and what is left out and why.

Read by the sweep over all pages and by the gallery. A new address must be in one of
the tables; `tests/architecture/test_every_address.py` sees to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse

from tests.browser.study import RANKED, RATED, Study


@dataclass(frozen=True)
class SitePage:
    """A page in one state: its URL name, who looks, and what it shows.

    `key`: under which the study keeps what stands in the address; the name where
    nothing else is said. `query`: what follows the question mark.
    """

    name: str
    who: str
    title: str
    key: str = ""
    query: str = ""

    @property
    def slug(self) -> str:
        """Return the page's name as a file's name."""
        words = self.key or self.name
        return words.lower().replace("demo: ", "").replace(" ", "-").replace("_", "-")

    def address(self, study: Study) -> str:
        """Return the page's address in the study."""
        args = study.args.get(self.key or self.name)
        if args is None:
            args = () if _stands_alone(self.name) else (study.project.slug,)
        return reverse(self.name, args=args) + (f"?{self.query}" if self.query else "")


def _stands_alone(name: str) -> bool:
    try:
        reverse(name)
    except NoReverseMatch:
        return False
    return True


ARRIVAL = "PROLIFIC_PID=5f00000000000000000000ff&STUDY_ID=study1&SESSION_ID=s9"
PAGES = (
    SitePage("login", "nobody", "Log in"),
    SitePage("join", "nobody", "An invitation, and a log-in of one's own"),
    SitePage(
        "arrive", "nobody", "Where a recruiting platform's link leads", query=ARRIVAL
    ),
    SitePage("start", "member", "Consent and profile before the first item"),
    SitePage("home", "annotator", "An annotator's projects"),
    SitePage("annotate", "annotator", "The desk: two answers to compare"),
    SitePage("annotate", "annotator", "The desk: answers in order", f"{RANKED} desk"),
    SitePage("annotate", "annotator", "The desk: marks for answers", f"{RATED} desk"),
    SitePage("annotate", "annotator", "The desk: words marked", "marked desk"),
    SitePage("history", "annotator", "What one has answered"),
    SitePage("history_item", "annotator", "One answer of one's own"),
    SitePage("change_answer", "annotator", "An own answer, to be changed"),
    SitePage("own_threads", "annotator", "Comments between annotator and team"),
    SitePage("own_thread", "annotator", "One conversation about an item"),
    SitePage("your_data", "annotator", "What is kept about oneself"),
    SitePage("consent_withdraw", "annotator", "Before a withdrawal"),
    SitePage("guidelines", "annotator", "The guidelines"),
    SitePage("start", "annotator", "Consent and profile, changed later", "start again"),
    SitePage("study", "recruited", "A recruited person's study"),
    SitePage("annotate", "ended", "The completion code", "study ended"),
    SitePage("study", "gone", "A study that was left", "study gone"),
    SitePage("home", "owner", "An owner's projects", "home owner"),
    SitePage("account", "owner", "Password and tokens"),
    SitePage("project_new", "owner", "A new project from a template"),
    SitePage("dashboard", "owner", "The dashboard"),
    SitePage(
        "dashboard", "owner", "The dashboard before the first answer", "dashboard empty"
    ),
    SitePage("dashboard", "owner", "The dashboard of a panel", "dashboard panel"),
    SitePage("items", "owner", "The items"),
    SitePage(
        "items",
        "owner",
        "The items on which people disagree",
        "items disagreement",
        "state=disagreement",
    ),
    SitePage("items", "owner", "The items of a new project", "items empty"),
    SitePage("item", "owner", "One item with everything about it"),
    SitePage("item_gold", "owner", "An item that is a check"),
    SitePage("disagreements", "owner", "Where people disagree"),
    SitePage("disagreement", "owner", "One item on which people disagree"),
    SitePage("import_new", "owner", "Import"),
    SitePage("export_new", "owner", "Export"),
    SitePage("jobs", "owner", "The jobs"),
    SitePage("jobs", "owner", "The jobs of a new project", "jobs empty"),
    SitePage("job", "owner", "An export that is done"),
    SitePage("job", "owner", "An import that was refused", "job refused"),
    SitePage("job", "owner", "An import that runs", "job running"),
    SitePage("people", "owner", "People and invitations"),
    SitePage("people", "owner", "The people of a recruited panel", "people panel"),
    SitePage("people", "owner", "The people of a new project", "people empty"),
    SitePage("on_behalf", "owner", "Withdrawing somebody at their wish"),
    SitePage("self_descriptions", "owner", "What people say of themselves"),
    SitePage("habits", "owner", "How people answer"),
    SitePage("machines", "owner", "The AI annotators"),
    SitePage("machines", "owner", "AI annotators of a new project", "machines empty"),
    SitePage("machine", "owner", "One judge, and how to begin a run"),
    SitePage("machine_new", "owner", "A new AI annotator"),
    SitePage("machine_change", "owner", "A judge, to be changed"),
    SitePage("machines_compare", "owner", "Two judges side by side"),
    SitePage("suggestions", "owner", "What suggestions do to answers"),
    SitePage(
        "suggestions",
        "owner",
        "Suggestions before the first policy",
        "suggestions empty",
    ),
    SitePage("verdict_calls", "owner", "What a judge was asked and said"),
    SitePage("reward_model", "owner", "The reward model of a project"),
    SitePage(
        "reward_model", "owner", "Before the first training", "reward_model empty"
    ),
    SitePage("run", "owner", "A run that is done"),
    SitePage("run", "owner", "A run that rests", "run paused"),
    SitePage("machine_trust", "owner", "How far to trust an AI annotator"),
    SitePage(
        "machine_trust",
        "owner",
        "An AI annotator without figures",
        "machine_trust empty",
    ),
    SitePage("routing", "owner", "Routing, before a policy"),
    SitePage(
        "routing", "owner", "Routing, while people label the seed", "routing collecting"
    ),
    SitePage("routing", "owner", "Routing, and what a budget buys", "routing routed"),
    SitePage(
        "routing",
        "owner",
        "Routing, and whom the labels suit",
        "routing suits",
        "#h-strata",
    ),
    SitePage("routing", "owner", "Routing of a new project", "routing empty"),
    SitePage("quotas", "owner", "Quotas and how full they are"),
    SitePage("pay", "owner", "Pay"),
    SitePage("budget", "owner", "The budget"),
    SitePage("project_settings", "owner", "Settings: the project"),
    SitePage("settings_questions", "owner", "Settings: the questions"),
    SitePage("settings_guidelines", "owner", "Settings: the guidelines"),
    SitePage("settings_consent", "owner", "Settings: the consent"),
    SitePage("settings_survey", "owner", "Settings: the profile"),
    SitePage("settings_recruitment", "owner", "Settings: recruitment"),
    SitePage("settings_checks", "owner", "Settings: checks"),
    SitePage("settings_quotas", "owner", "Settings: quotas"),
    SitePage("settings_protocols", "owner", "Settings: a second protocol"),
)

_ACTION = "takes POST alone"
_PART = "is a part of a page that is in the table"
_FILE = "answers with a file"
LEFT_OUT: Mapping[str, str] = {
    "logout": _ACTION,
    "account_password": _ACTION,
    "token_new": _ACTION,
    "token_revoke": _ACTION,
    "study_code": _ACTION,
    "study_further": _ACTION,
    "study_leave": _ACTION,
    "invitation_new": _ACTION,
    "invitation_revoke": _ACTION,
    "pay_statuses": _ACTION,
    "pay_all": _ACTION,
    "pay_act": _ACTION,
    "pay_owed": _ACTION,
    "member_role": _ACTION,
    "member_remove": _ACTION,
    "recruitment_link": _ACTION,
    "lease_reclaim": _ACTION,
    "flag_resolve": _ACTION,
    "item_gold_end": _ACTION,
    "item_change": _ACTION,
    "item_change_undo": _ACTION,
    "filter_save": _ACTION,
    "filter_change": _ACTION,
    "machine_trust_refresh": _ACTION,
    "suggestions_refresh": _ACTION,
    "machine_trust_csv": _FILE,
    "machine_trust_json": _FILE,
    "job_cancel": _ACTION,
    "job_pause": _ACTION,
    "job_resume": _ACTION,
    "machine_archive": _ACTION,
    "check_start": _ACTION,
    "machine_check": "leads to the page of the AI annotator that was checked",
    "run_start": _ACTION,
    "routing_run": _ACTION,
    "routing_end": _ACTION,
    "run_forecast": _ACTION,
    "reward_train": _ACTION,
    "reward_send_back": _ACTION,
    "import_check": _ACTION,
    "import_survey": "needs a file that was just sent; it has tests of its own",
    "take_back": _ACTION,
    "own_comment": _ACTION,
    "thread_reply": _ACTION,
    "thread_settle": _ACTION,
    "answer_talk": _ACTION,
    "lease_talk": _ACTION,
    "adjudicate": _ACTION,
    "standing": _ACTION,
    "qualify": _ACTION,
    "dashboard_live": _PART,
    "job_live": _PART,
    "run_live": _PART,
    "routing_live": _PART,
    "check_live": _PART,
    "desk": _PART,
    "desk_differences": _PART,
    "desk_feedback": _PART,
    "desk_revealed": _PART,
    "desk_change": _PART,
    "questions_preview": _PART,
    "settings_preview": _PART,
    "questions_file": _FILE,
    "your_data_file": _FILE,
    "your_data_zip": _FILE,
    "pay_file": _FILE,
    "pay_chart": _FILE,
    "budget_file": _FILE,
    "chart": _FILE,
    "routing_curve": _FILE,
    "routing_audit_csv": _FILE,
    "routing_csv": _FILE,
    "routing_tags": _FILE,
    "routing_tags_csv": _FILE,
    "job_report": _FILE,
    "job_download": _FILE,
    "import_example": _FILE,
    "schema": _FILE,
    "words": _FILE,
    "health": "answers programs with JSON",
    "api_docs": "is Swagger's own page over the API",
}
