"""Addresses of the pages: people."""

from django.urls import URLPattern, path

from annotation.views import (
    account,
    arrive,
    guidelines,
    home,
    join,
    login,
    pay,
    people,
    project_new,
    project_settings,
    settings_lists,
    settings_recruitment,
    settings_texts,
    start,
    study,
    survey_builder,
)

urlpatterns: list[URLPattern] = [
    path("", home.home, name="home"),
    path("login/", login.LogIn.as_view(), name="login"),
    path("logout/", login.LogOut.as_view(), name="logout"),
    path("account/", account.account, name="account"),
    path("account/password/", account.password, name="account_password"),
    path("account/tokens/", account.token_new, name="token_new"),
    path(
        "account/tokens/<uuid:public_id>/revoke/",
        account.token_revoke,
        name="token_revoke",
    ),
    path("projects/new/", project_new.project_new, name="project_new"),
    path("join/<str:secret>/", join.join, name="join"),
    path("study/<str:secret>/", arrive.arrive, name="arrive"),
    path("p/<slug:slug>/start/", start.start, name="start"),
    path("p/<slug:slug>/study/", study.study, name="study"),
    path("p/<slug:slug>/study/code/", study.resume_code, name="study_code"),
    path("p/<slug:slug>/study/further/", study.further, name="study_further"),
    path("p/<slug:slug>/study/leave/", study.leave, name="study_leave"),
    path("p/<slug:slug>/start/withdraw/", start.withdraw, name="consent_withdraw"),
    path("p/<slug:slug>/guidelines/", guidelines.guidelines, name="guidelines"),
    path("p/<slug:slug>/people/", people.people, name="people"),
    path("p/<slug:slug>/people/invite/", people.invitation_new, name="invitation_new"),
    path(
        "p/<slug:slug>/people/invitations/<uuid:public_id>/revoke/",
        people.invitation_revoke,
        name="invitation_revoke",
    ),
    path("p/<slug:slug>/pay/", pay.pay, name="pay"),
    path("p/<slug:slug>/pay/people.csv", pay.pay_file, name="pay_file"),
    path("p/<slug:slug>/pay/hourly.svg", pay.pay_chart, name="pay_chart"),
    path("p/<slug:slug>/pay/statuses/", pay.pay_statuses, name="pay_statuses"),
    path("p/<slug:slug>/pay/all/", pay.pay_all, name="pay_all"),
    path("p/<slug:slug>/pay/<uuid:public_id>/", pay.pay_act, name="pay_act"),
    path(
        "p/<slug:slug>/people/<uuid:public_id>/role/",
        people.member_role,
        name="member_role",
    ),
    path(
        "p/<slug:slug>/people/<uuid:public_id>/remove/",
        people.member_remove,
        name="member_remove",
    ),
    path(
        "p/<slug:slug>/settings/",
        project_settings.project_settings,
        name="project_settings",
    ),
    path(
        "p/<slug:slug>/settings/questions/",
        settings_lists.settings_questions,
        name="settings_questions",
    ),
    path(
        "p/<slug:slug>/settings/guidelines/",
        settings_texts.settings_guidelines,
        name="settings_guidelines",
    ),
    path(
        "p/<slug:slug>/settings/consent/",
        settings_texts.settings_consent,
        name="settings_consent",
    ),
    path(
        "p/<slug:slug>/settings/survey/",
        survey_builder.settings_survey,
        name="settings_survey",
    ),
    path(
        "p/<slug:slug>/settings/recruitment/",
        settings_recruitment.settings_recruitment,
        name="settings_recruitment",
    ),
    path(
        "p/<slug:slug>/settings/recruitment/link/",
        settings_recruitment.recruitment_link,
        name="recruitment_link",
    ),
    path(
        "p/<slug:slug>/settings/preview/",
        settings_texts.preview,
        name="settings_preview",
    ),
]
