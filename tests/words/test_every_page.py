"""No page shows a word of ours that is not marked, for anybody who may open it."""

import pytest
from django.test import Client

from tests.browser.pages import PAGES
from tests.browser.study import make_study
from tests.pseudo_locale import LEFT_TO_RIGHT
from tests.snapshots import Snapshots
from tests.words.left import Stored, left_in

# To lay the study takes minutes where others want the processors too.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]


@pytest.mark.usefixtures("pseudo_locale")
def test_every_word_of_every_page_is_marked(snapshots: Snapshots) -> None:
    study = snapshots.laid("study", make_study)
    stored = Stored()
    found = []
    for one in PAGES:
        client = Client(headers={"accept-language": LEFT_TO_RIGHT})
        user = study.people[one.who]
        if user is not None:
            client.force_login(user)
        answer = client.get(one.address(study))
        assert answer.status_code < 400
        left = left_in(answer.content.decode(), stored)
        found += [f"{one.slug} {one.who}: {words}" for words in left]
    assert not found, "\n".join(found)
