"""Embeddings a second: in batches and one by one, with and without a model.

    python -m bench.bench_embeddings [--texts 1000] [--encoder FOLDER|NAME]

Texts have 20 to 150 words. The ratio of batches to single texts
compares on any machine.
"""

import argparse
import time

from bench import pool
from models_service.backends.embeddings import Encoder, HashingEncoder, load_encoder


def texts(n: int) -> list[str]:
    """Return texts of differing lengths, as replies have."""
    return [pool.words(20 + (37 * number) % 131, number) for number in range(n)]


def measure(encoder: Encoder, n: int) -> None:
    """Print how many texts a second the encoder takes both ways."""
    some = texts(n)
    encoder.encode(some[:8])
    began = time.monotonic()
    encoder.encode(some)
    batched = n / (time.monotonic() - began)
    few = some[: max(20, n // 10)]
    began = time.monotonic()
    for text in few:
        encoder.encode([text])
    single = len(few) / (time.monotonic() - began)
    print(
        f"{encoder.name}: {batched:,.0f} texts a second in batches, {single:,.0f} one "
        f"by one, ratio {batched / single:.1f}"
    )


def main() -> None:
    """Measure the model and the hashing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=1000)
    parser.add_argument("--encoder", default="")
    given = parser.parse_args()
    chosen = load_encoder(given.encoder)
    if chosen.note:
        print(chosen.note)
    else:
        measure(chosen.encoder, given.texts)
    measure(HashingEncoder(), given.texts)


if __name__ == "__main__":
    main()
