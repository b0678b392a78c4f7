"""What a causal model computes is the same in a batch, padded, and from its cache."""

from collections.abc import Sequence
from math import log
from random import Random
from typing import Any

import numpy as np
import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel, LlamaForCausalLM

from models_service.backends import decoding
from models_service.backends.decoding import Wish, generate, mean_logprobs
from models_service.backends.follow_up import reward
from tests.models.tiny import Bigrams, llama_config, make_tokenizer

CLOSE = 1e-4
N_VOCAB = 90


@pytest.fixture(scope="module", params=["gpt2", "llama"])
def model(request: pytest.FixtureRequest) -> Any:
    torch.manual_seed(5)
    if request.param == "gpt2":
        small = GPT2Config(
            vocab_size=N_VOCAB,
            n_embd=64,
            n_layer=2,
            n_head=4,
            n_positions=128,
            initializer_range=0.2,
            eos_token_id=0,
            bos_token_id=0,
        )
        return GPT2LMHeadModel(small).train(False)
    config = llama_config(make_tokenizer(), max_position_embeddings=128)
    return LlamaForCausalLM(config).train(False)


def rows(n: int = 5, seed: int = 3) -> list[list[int]]:
    """Return so many prompts of different lengths."""
    rng = Random(seed)
    return [[rng.randrange(1, N_VOCAB) for _at in range(3 + 4 * k)] for k in range(n)]


def by_hand(model: Any, ids: Sequence[int]) -> np.ndarray:
    """Return the log-probabilities after each place of one text, without any help."""
    with torch.inference_mode():
        logits = model(input_ids=torch.tensor([list(ids)])).logits[0]
    exact = logits.double().numpy()
    exact = exact - exact.max(-1, keepdims=True)
    found: np.ndarray = exact - np.log(np.exp(exact).sum(-1, keepdims=True))
    return found


@pytest.mark.parametrize("side", ["left", "right"])
def test_next_tokens_in_a_batch_are_those_of_each_alone(model: Any, side: Any) -> None:
    found = decoding.next_logprobs(model, rows(), "cpu", side)
    for row, logprobs in zip(rows(), found, strict=True):
        np.testing.assert_allclose(logprobs, by_hand(model, row)[-1], atol=CLOSE)


def test_a_batch_generates_what_each_prompt_generates_alone(model: Any) -> None:
    wishes = [
        Wish(tuple(row), 12 + at, temperature=0.8 * (at % 2), seed=at)
        for at, row in enumerate(rows())
    ]
    together = generate(model, wishes, frozenset({7}), "cpu")
    for wish, said in zip(wishes, together, strict=True):
        (alone,) = generate(model, [wish], frozenset({7}), "cpu")
        assert [one.id for one in said.tokens] == [one.id for one in alone.tokens]
        assert said.is_ended == alone.is_ended
        for one, other in zip(said.tokens, alone.tokens, strict=True):
            assert one.logprob == pytest.approx(other.logprob, abs=CLOSE)


def test_generated_tokens_have_the_probabilities_of_a_pass_without_cache(
    model: Any,
) -> None:
    (said,) = generate(model, [Wish((5, 6, 8), 10)], frozenset(), "cpu")
    ids = [5, 6, 8, *(one.id for one in said.tokens)]
    logprobs = by_hand(model, ids)
    for at, one in enumerate(said.tokens, start=2):
        assert one.id == logprobs[at].argmax(), "the likeliest token is taken"
        assert one.logprob == pytest.approx(logprobs[at][one.id], abs=CLOSE)
        for other, logprob in one.top:
            assert logprob == pytest.approx(logprobs[at][other], abs=CLOSE)
        assert len(one.top) == decoding.N_TOP


def test_an_end_token_ends_a_reply_and_is_no_part_of_it(model: Any) -> None:
    (free,) = generate(model, [Wish((5, 6, 8), 6)], frozenset(), "cpu")
    ids = [one.id for one in free.tokens]
    end = ids[3]
    (said,) = generate(model, [Wish((5, 6, 8), 6)], frozenset({end}), "cpu")
    assert [one.id for one in said.tokens] == ids[: ids.index(end)]
    assert said.is_ended
    assert not free.is_ended


def test_draws_come_as_often_as_their_probabilities_say() -> None:
    model = Bigrams({1: {2: 0.5, 3: 0.3, 4: 0.2}}, 6)
    wishes = [Wish((1,), 1, temperature=1.0, seed=seed) for seed in range(4000)]
    said = [one.tokens[0].id for one in generate(model, wishes, frozenset(), "cpu")]
    shares = [said.count(token) / len(said) for token in (2, 3, 4)]
    # Four standard errors of a share of one half are 0.032.
    np.testing.assert_allclose(shares, (0.5, 0.3, 0.2), atol=0.032)


def test_a_low_temperature_sharpens_the_draw() -> None:
    model = Bigrams({1: {2: 0.6, 3: 0.4}}, 6)
    wishes = [Wish((1,), 1, temperature=0.25, seed=seed) for seed in range(2000)]
    said = [one.tokens[0].id for one in generate(model, wishes, frozenset(), "cpu")]
    wanted = 0.6**4 / (0.6**4 + 0.4**4)
    assert said.count(2) / len(said) == pytest.approx(wanted, abs=0.035)


# --- likelihoods of follow-ups ------------------------------------------------------


def test_follow_ups_after_a_kept_prefix_are_those_of_whole_texts(model: Any) -> None:
    prefix, follows = rows(4)[3], rows(6, seed=9)
    kept = mean_logprobs(model, prefix, follows, "cpu")
    whole = mean_logprobs(model, prefix, follows, "cpu", uses_cache=False)
    parts = mean_logprobs(model, prefix, follows, "cpu", n_together=2)
    np.testing.assert_allclose(kept, whole, atol=CLOSE)
    np.testing.assert_allclose(kept, parts, atol=CLOSE)
    for text, mean in zip(follows, kept, strict=True):
        logprobs = by_hand(model, [*prefix, *text])
        each = [logprobs[len(prefix) - 1 + at][id_] for at, id_ in enumerate(text)]
        assert mean == pytest.approx(np.mean(each), abs=CLOSE)


TABLE = {
    1: {2: 0.5, 3: 0.25, 4: 0.25},
    2: {2: 0.5, 3: 0.25, 5: 0.25},
    3: {4: 0.75, 2: 0.25},
    4: {5: 0.125, 3: 0.875},
    5: {2: 1.0},
}


@pytest.mark.parametrize("uses_cache", [True, False])
def test_reward_of_a_bigram_model_is_the_sum_by_hand(uses_cache: bool) -> None:
    model = Bigrams(TABLE, 6)
    follows = [(2, 3), (3, 4, 3), (4, 5), (2, 5, 2)]
    means = mean_logprobs(model, (5, 1), follows, "cpu", uses_cache=uses_cache)
    # Upon 1: the two positive ones, then the two negative ones.
    first = (log(0.5) + log(0.25)) / 2
    second = (log(0.25) + log(0.75) + log(0.875)) / 3
    third = (log(0.25) + log(0.125)) / 2
    fourth = (log(0.5) + log(0.25) + log(1.0)) / 3
    by_hand = (first + second) / 2 - (third + fourth) / 2
    assert reward(means, [2]) == pytest.approx(by_hand, abs=1e-6)
    two = (first - second + third - fourth) / 2
    assert reward(means, [1, 1]) == pytest.approx(two, abs=1e-6)


def test_order_of_follow_ups_changes_nothing() -> None:
    model = Bigrams(TABLE, 6)
    positive, negative = [(2, 3), (3, 4, 3), (2, 2)], [(4, 5), (2, 5, 2), (3, 2)]
    told = [*positive, *negative]
    turned = [*positive[::-1], *negative[1:], negative[0]]
    one, other = (mean_logprobs(model, (1,), x, "cpu") for x in (told, turned))
    assert reward(one, [3]) == pytest.approx(reward(other, [3]), abs=1e-9)


def test_a_longer_follow_up_of_equal_likelihood_weighs_the_same() -> None:
    model = Bigrams({1: {2: 0.5, 3: 0.5}, 2: {2: 0.5, 3: 0.5}, 3: {3: 0.25}}, 6)
    short = mean_logprobs(model, (1,), [(2, 2), (3, 3)], "cpu")
    long = mean_logprobs(model, (1,), [(2, 2, 2, 2), (3, 3)], "cpu")
    assert reward(long, [1]) == pytest.approx(reward(short, [1]), abs=1e-9)
