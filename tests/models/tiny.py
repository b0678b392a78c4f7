"""Models of transformers small enough to be built in a test, with random weights."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    DynamicCache,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    LlamaForSequenceClassification,
    PreTrainedTokenizerFast,
)

from models_service.backends import loading

# One core for each test: the machine is shared, and tiny models gain nothing of more.
torch.set_num_threads(1)

SENTENCES = (
    "Which answer is better? The first answer is better, and the second is worse.",
    'Reply with one JSON object: {"verdict": "A", "strength": 1, "reason": "..."}',
    "A user asks a question and an assistant gives an answer. Thank you very much.",
    "No, that is not what I meant. Yes, that is exactly what I asked for.",
)
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<|{{ message['role'] }}|>\n"
    "{{ message['content'] }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
# As some models have it: a system message is refused.
NO_SYSTEM = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}"
NO_SYSTEM += "{% endif %}" + TEMPLATE
SPECIAL = ["<pad>", "<s>", "<|end|>", "<|user|>", "<|assistant|>", "<|system|>"]


def make_tokenizer(template: str | None = TEMPLATE) -> PreTrainedTokenizerFast:
    """Return a tokenizer of bytes and a few merges; it can write every text."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(SENTENCES, trainer)
    tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=made,
        bos_token="<s>",
        eos_token="<|end|>",
        pad_token="<pad>",
        additional_special_tokens=SPECIAL[3:],
    )
    tokenizer.chat_template = template
    return tokenizer


def llama_config(tokenizer: PreTrainedTokenizerFast, **changes: Any) -> LlamaConfig:
    """Return the shape of a Llama of two layers and 64 dimensions."""
    return LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=changes.pop("max_position_embeddings", 8192),
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        # Larger than usual, so that a random model is sure of something.
        initializer_range=0.2,
        **changes,
    )


def save(folder: Path, model: Any, tokenizer: PreTrainedTokenizerFast) -> str:
    """Write a model and its tokenizer, and return the folder's name."""
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


def save_llama(
    folder: Path, template: str | None = TEMPLATE, seed: int = 1, **changes: Any
) -> str:
    """Write a Llama that generates."""
    torch.manual_seed(seed)
    tokenizer = make_tokenizer(template)
    return save(folder, LlamaForCausalLM(llama_config(tokenizer, **changes)), tokenizer)


def save_gpt2(folder: Path) -> str:
    """Write a GPT-2 of two layers and 64 dimensions, without a chat template."""
    torch.manual_seed(2)
    tokenizer = make_tokenizer(None)
    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_positions=1024,
        n_embd=64,
        n_layer=2,
        n_head=4,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        initializer_range=0.2,
    )
    return save(folder, GPT2LMHeadModel(config), tokenizer)


def save_classifier(folder: Path, n_labels: int = 1, **changes: Any) -> str:
    """Write a Llama that gives one number."""
    torch.manual_seed(3)
    tokenizer = make_tokenizer()
    config = llama_config(tokenizer, num_labels=n_labels, **changes)
    model = LlamaForSequenceClassification(config)  # type: ignore[no-untyped-call]
    return save(folder, model, tokenizer)


@contextmanager
def own_registry(monkeypatch: Any) -> Iterator[loading.Registry]:
    """Give this test a registry of its own, so that no test sees another's models."""
    registry = loading.Registry(free=lambda: None)
    monkeypatch.setattr(loading, "shared", lambda: registry)
    yield registry


class Bigrams(torch.nn.Module):
    """A language model that knows the probabilities of pairs of tokens, by hand.

    `table[token]` holds the probabilities of what follows it.
    """

    def __init__(self, table: Mapping[int, Mapping[int, float]], n_vocab: int) -> None:
        super().__init__()
        logits = torch.full((n_vocab, n_vocab), -30.0)
        for token, row in table.items():
            for after, probability in row.items():
                logits[token, after] = float(torch.tensor(probability).log())
        self.logits = logits

    def forward(
        self,
        input_ids: torch.Tensor,
        past_key_values: Any = None,
        use_cache: bool = False,
    ) -> Any:
        """Return the logits of every place."""
        past = past_key_values or DynamicCache()
        return SimpleNamespace(
            logits=self.logits[input_ids], past_key_values=past if use_cache else None
        )


def place_llama(
    settings: loading.LocalSettings, config: LlamaConfig, limit: int = 10**15
) -> int:
    """Put a Llama of random weights into this process's registry; return its bytes.

    It is built on its device and never written to a disk, so it may be a large one.
    `limit`: bytes for all models of the registry.
    """
    key = loading.key_of("causal", settings)
    torch.manual_seed(6)
    tokenizer = make_tokenizer()
    before = torch.get_default_dtype()
    torch.set_default_dtype(getattr(torch, key.dtype))
    try:
        with torch.device(key.device):
            model = LlamaForCausalLM(config)
    finally:
        torch.set_default_dtype(before)
    model.train(False)
    n_bytes = sum(weight.nbytes for weight in model.parameters())
    loaded = loading.Loaded(model, tokenizer, key.device, key.dtype, n_bytes)
    loading.shared().hold(key, n_bytes, limit, lambda: loaded)
    loading.shared().release(key)
    return n_bytes


def billion(tokenizer: PreTrainedTokenizerFast) -> LlamaConfig:
    """Return the shape of a Llama of about one billion weights."""
    return LlamaConfig(
        vocab_size=32_000,
        hidden_size=2048,
        intermediate_size=8192,
        num_hidden_layers=16,
        num_attention_heads=32,
        num_key_value_heads=8,
        max_position_embeddings=8192,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
