"""The texts of a pool are embedded by a job of its own, once, before it is learned."""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import pytest
from django.db import transaction
from django.urls import reverse

from annotation.models import Completion, Item, Job, Project, Route
from annotation.services import jobs
from annotation.services.item_store import ItemStore
from models_service.backends.embeddings import (
    ChosenEncoder,
    HashingEncoder,
    Vectors,
)
from models_service.models import Embedding, ItemEmbedding
from models_service.services import embeddings
from routing.models import (
    EmbeddingRun,
    ItemMatch,
    ItemMeasures,
    RoutingPolicy,
    RoutingRun,
)
from routing.selectors import embedded
from routing.selectors.pairs import pairs_of
from routing.selectors.state import FITTING, state_of
from routing.services import embedding
from routing.services import features as measured
from routing.services.by_hand import request_by_hand
from routing.services.due import refresh_due
from routing.services.embedding import run_embedding
from routing.services.policies import end_policy, set_policy
from routing.services.requests import request_embedding, request_fit, request_run
from tests.models.test_embedding_cache import CountingEncoder
from tests.pools import draft
from tests.routing.conftest import (
    MakeAnnotator,
    MakePool,
    draft_of,
    judge,
    run_job,
    run_newest,
    says_always,
)
from tests.routing.live_worlds import World, make_world
from tests.routing.test_page import client_of, page_of

pytestmark = pytest.mark.django_db(transaction=True)
N = 60


@pytest.fixture
def world(make_pool: MakePool, make_annotator: MakeAnnotator) -> World:
    """Return a project whose policy was set, with no job run yet."""
    project = make_pool(N)
    made = make_world(project, make_annotator(project))
    asked = draft_of(made.machine, budget=Decimal("0.9"))
    set_policy(project=project, by=project.created_by, draft=asked)
    return made


@pytest.fixture
def in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a job tell how far it is after every few texts."""
    monkeypatch.setattr(embeddings, "STEP", 16)
    monkeypatch.setattr(jobs, "PROGRESS_INTERVAL_S", 0.0)


def embed_job(project: Project) -> Job:
    return Job.objects.filter(project=project, kind="embed").latest("id")


def route_job(project: Project) -> Job:
    return Job.objects.filter(project=project, kind="route").latest("id")


def label(world: World) -> None:
    """Draw the seed, and let people label it."""
    run_job(route_job(world.project))
    world.label_seed()


def add_items(world: World, *numbers: int) -> None:
    """Import items, and let the AI judge them."""
    with transaction.atomic():
        ItemStore(world.project).add([draft(number) for number in numbers])
    new = Item.objects.filter(project=world.project, number__in=numbers)
    judge(world.machine, says_always, new)


def test_a_policy_embeds_its_pool_while_people_label_the_seed(
    world: World, encoder: CountingEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert jobs.registered("embed").queue == "models"
    label(world)
    assert refresh_due() == []
    assert state_of(world.project).state == FITTING
    done = run_job(embed_job(world.project))
    assert (done.state, done.n_done, done.n_total) == ("done", N, N)
    assert "120 texts are new, embedded by counting" in done.message
    assert len(encoder.asked) == 2 * N
    assert ItemMeasures.objects.count() == ItemEmbedding.objects.count() == N

    def fails() -> ChosenEncoder:
        raise AssertionError("a fit loads no model")

    monkeypatch.setattr(embedding, "default_encoder", fails)
    monkeypatch.setattr(measured, "measure", fails)
    assert run_job(route_job(world.project)).state == "done"
    figures = RoutingRun.objects.get(kind="fit").figures
    assert (figures["encoder"], figures["n_not_embedded"]) == ("counting", 0)
    assert figures["n_pool"] == N


def test_texts_of_like_length_go_together(
    world: World, encoder: CountingEncoder, in_steps: None
) -> None:
    run_job(embed_job(world.project))
    lengths = [len(text) for text in encoder.asked]
    assert lengths == sorted(lengths)
    assert len(set(encoder.asked)) == 2 * N


def test_what_was_done_before_a_cancel_is_not_done_again(
    world: World, encoder: CountingEncoder, in_steps: None
) -> None:
    job = embed_job(world.project)

    def cancel() -> None:
        if len(encoder.asked) >= 48:
            Job.objects.filter(pk=job.pk).update(is_cancel_wanted=True)

    encoder.before = cancel
    assert run_job(job).state == "cancelled"
    assert Embedding.objects.count() == len(encoder.asked) == 64
    assert not ItemEmbedding.objects.exists()
    label(world)
    assert refresh_due() == []
    assert "embedding of texts was cancelled" in state_of(world.project).next_words
    encoder.before = lambda: None
    again = request_by_hand(project=world.project, user=world.project.created_by)
    assert again.kind == "embed"
    assert run_job(again).state == "done"
    assert len(encoder.asked) == 2 * N
    assert EmbeddingRun.objects.get(job=again).n_new == 2 * N - 64
    assert run_job(route_job(world.project)).state == "done"


def test_a_cancelled_job_that_had_nothing_to_do_keeps_no_fit_back(
    world: World,
) -> None:
    run_job(embed_job(world.project))
    policy = RoutingPolicy.objects.get()
    jobs.cancel_job(job=request_embedding(policy=policy, user=None))
    label(world)
    (asked,) = refresh_due()
    assert Job.objects.get(pk=asked).kind == "route"


def test_a_job_that_rests_goes_on_where_it_was(
    world: World, encoder: CountingEncoder, in_steps: None
) -> None:
    job = embed_job(world.project)
    encoder.before = lambda: jobs.pause_job(job=job) and None
    assert run_job(job).state == "paused"
    assert "rests" in state_of(world.project).next_words
    encoder.before = lambda: None
    jobs.resume_job(job=job)
    assert run_job(job).state == "done"
    assert len(encoder.asked) == 2 * N


def test_a_fault_keeps_what_was_embedded_and_is_said(
    world: World, encoder: CountingEncoder, in_steps: None
) -> None:
    def fails() -> None:
        if len(encoder.asked) >= 32:
            raise MemoryError

    encoder.before = fails
    job = embed_job(world.project)
    with pytest.raises(MemoryError):
        run_job(job)
    assert Embedding.objects.count() == 32
    told = state_of(world.project).next_words
    assert told.startswith("The texts could not be embedded: This job failed")
    encoder.before = lambda: None
    # The seed comes first.
    assert "Embed the texts" not in page_of(world.project)
    run_job(route_job(world.project))
    assert "Embed the texts" in page_of(world.project)


def test_a_worker_that_dies_after_the_end_asks_for_no_second_fit(world: World) -> None:
    label(world)
    job = embed_job(world.project)
    run_job(job)
    Job.objects.filter(pk=job.pk).update(state="running", lease_until=job.created_at)
    assert run_job(job).state == "done"
    actions = [one.parameters.get("action") for one in Job.objects.order_by("id")]
    assert actions == ["seed", None, "fit"]


def test_a_fit_by_hand_follows_the_embedding_though_it_is_not_due(
    world: World, encoder: CountingEncoder
) -> None:
    label(world)
    run_job(embed_job(world.project))
    run_newest(world.project)
    policy = RoutingPolicy.objects.get()
    assert request_fit(policy=policy, user=None).kind == "route"
    run_newest(world.project)
    ItemEmbedding.objects.filter(item__number=1).delete()
    first = request_fit(policy=policy, user=None)
    assert first.kind == "embed"
    # Asked for again, it is the one that is under way.
    assert request_fit(policy=policy, user=None).pk == first.pk
    assert run_job(first).state == "done"
    assert len(encoder.asked) == 2 * N
    following = route_job(world.project)
    assert following.pk > first.pk
    assert run_job(following).state == "done"


def test_items_that_come_late_are_left_to_the_next_run(world: World) -> None:
    label(world)
    run_job(embed_job(world.project))
    add_items(world, N + 1, N + 2)
    assert run_job(route_job(world.project)).state == "done"
    figures = RoutingRun.objects.get(kind="fit").figures
    assert (figures["n_pool"], figures["n_not_embedded"]) == (N, 2)
    assert not Route.objects.filter(item__number__gt=N).exists()
    (asked,) = refresh_due()
    assert Job.objects.get(pk=asked).kind == "embed"
    assert refresh_due() == []
    run_newest(world.project)
    assert Route.objects.filter(item__number__gt=N).count() == 2
    assert refresh_due() == []


def test_without_a_model_words_stand_in_and_it_is_said(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = ChosenEncoder(HashingEncoder(), "No model is here.")
    monkeypatch.setattr(embedding, "default_encoder", lambda: chosen)
    label(world)
    job = run_job(embed_job(world.project))
    assert "learned from its own words" in job.message
    assert not Embedding.objects.exists()
    assert run_job(route_job(world.project)).state == "done"
    figures = RoutingRun.objects.get(kind="fit").figures
    assert figures["encoder"] == "tf-idf-svd"
    assert figures["encoder_note"] == "No model is here."
    assert "No model is here." in page_of(world.project)


def test_a_large_pool_without_a_model_is_hashed_by_the_job(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = ChosenEncoder(HashingEncoder(16), "No model is here.")
    monkeypatch.setattr(embedding, "default_encoder", lambda: chosen)
    label(world)
    run_job(embed_job(world.project))
    policy = RoutingPolicy.objects.get()
    assert embedded.is_embedded(policy)
    for module in (embedded, embedding, measured):
        monkeypatch.setattr(module, "MOST_BY_WORDS", N - 1)
    # It grew while it was learned: the fit says so, and the next one embeds first.
    assert not embedded.is_embedded(policy)
    failed = run_job(route_job(world.project))
    assert "not embedded yet" in failed.message
    assert run_job(request_fit(policy=policy, user=None)).state == "done"
    assert run_job(route_job(world.project)).state == "done"
    figures = RoutingRun.objects.filter(kind="fit").latest("job").figures
    assert figures["encoder"].startswith("hashing-words")


def test_a_fit_that_nobody_embedded_for_says_so(world: World) -> None:
    label(world)
    policy = RoutingPolicy.objects.get()
    request_run(policy=policy, user=None, action="fit")
    job = run_job(route_job(world.project))
    assert job.state == "failed"
    assert job.message.startswith("The texts of the items are not embedded yet.")


def test_the_end_of_a_policy_ends_its_embedding(world: World) -> None:
    end_policy(project=world.project, by=world.project.created_by)
    assert embed_job(world.project).state == "cancelled"


def test_the_next_policy_finds_what_was_embedded(
    world: World, encoder: CountingEncoder
) -> None:
    run_job(embed_job(world.project))
    project = world.project
    again = draft_of(world.machine, budget=Decimal("0.9"), seed=2)
    set_policy(project=project, by=project.created_by, draft=again)
    assert run_job(embed_job(project)).n_done == N
    assert len(encoder.asked) == 2 * N


def test_page_says_what_is_embedded_and_that_no_worker_is_there(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_job(route_job(world.project))
    monkeypatch.setattr(
        "routing.views.routing.workers_alive",
        lambda: {"default": True, "models": False},
    )
    page = page_of(world.project)
    assert "No worker for models is running." in page
    assert "It waits for a worker for models." in page
    job = embed_job(world.project)
    Job.objects.filter(pk=job.pk).update(state="running", n_done=20, n_total=N)
    page = page_of(world.project)
    assert "20 of 60 items are ready." in page
    assert "data-live" in page
    Job.objects.filter(pk=job.pk).update(state="waiting", lease_until=job.created_at)
    run_job(job)
    page = page_of(world.project)
    assert "No worker for models" not in page


def test_a_second_click_while_texts_are_embedded_asks_for_nothing(
    world: World,
) -> None:
    label(world)
    address = reverse("routing_run", args=[world.project.slug])
    response = client_of(world.project).post(address, follow=True)
    assert "The texts are embedded first." in response.content.decode()
    assert Job.objects.count() == 2


def test_measures_are_those_that_a_fit_would_take(world: World) -> None:
    assert jobs.runner_of("embed") is run_embedding
    run_job(embed_job(world.project))
    before = dict(ItemMeasures.objects.values_list("item", "values"))
    ItemMeasures.objects.all().delete()
    label(world)
    refresh_due()
    run_newest(world.project)
    assert dict(ItemMeasures.objects.values_list("item", "values")) == before


class TokenCountingEncoder(CountingEncoder):
    """An encoder that tells tokens: a word is the direction of its length."""

    def token_vectors(self, texts: Sequence[str], n_most: int) -> list[Vectors]:
        """Return a direction for each word."""
        axes = np.eye(32, dtype=np.float32)
        return [
            axes[[len(word) % 32 for word in text.split()[:n_most]]].reshape(-1, 32)
            for text in texts
        ]


def test_completions_are_matched_token_by_token_where_a_model_tells_them(
    world: World, encoder: CountingEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = world.project
    run_job(embed_job(project))
    assert not ItemMatch.objects.exists()
    model = TokenCountingEncoder()
    chosen = ChosenEncoder(model)
    monkeypatch.setattr(embedding, "default_encoder", lambda: chosen)
    Completion.objects.filter(index=1, item__number__lte=N // 2).update(text="a b")
    again = draft_of(world.machine, budget=Decimal("0.9"), seed=2)
    set_policy(project=project, by=project.created_by, draft=again)
    assert run_job(embed_job(project)).state == "done"
    kept = dict(ItemMatch.objects.values_list("item__number", "value"))
    assert len(kept) == N
    assert kept[1] != kept[N]
    policy = RoutingPolicy.objects.select_related("project").get(ended_at=None)
    live, features = measured.features_of(
        pairs_of(policy), embedded.newest_embedding(policy), lambda n: None
    )
    found = dict(
        zip(live.numbers.tolist(), features.figures["token_match"], strict=True)
    )
    assert found == pytest.approx(kept)
    label(world)
    refresh_due()
    run_newest(project)
    assert RoutingRun.objects.filter(kind="fit").count() == 1
