"""Vectors of texts by the hash of their content, for all projects together."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from annotation.models import Item


class EncoderIdentity(models.Model):
    """Which weights made a vector; a change of weights is another row."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=200)
    revision = models.CharField(max_length=64)
    n_dims = models.PositiveIntegerField()

    class Meta:
        db_table = "encoder"
        constraints = [
            models.UniqueConstraint(
                fields=("name", "revision"), name="encoder_identity"
            ),
            models.CheckConstraint(
                condition=models.Q(n_dims__gte=1), name="encoder_has_dims"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}@{self.revision}"


class Embedding(models.Model):
    """The vector of one text: float16, little-endian, `encoder.n_dims` numbers.

    `sha256` is that of the text in UTF-8. The text is not kept here.
    """

    id = models.BigAutoField(primary_key=True)
    encoder = models.ForeignKey(
        EncoderIdentity, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    sha256 = models.BinaryField(max_length=32)
    vector = models.BinaryField()

    class Meta:
        db_table = "embedding"
        constraints = [
            models.UniqueConstraint(fields=("encoder", "sha256"), name="embedding_once")
        ]

    def __str__(self) -> str:
        return f"embedding {self.pk}"


class ItemEmbedding(models.Model):
    """An item whose completions are all embedded; their texts never change.

    `embeddings`: the ids of Embedding by the index of the completion, each with its
    prompt as `heads.features.text_to_embed` says in that version. A row that has gone
    makes the item one that is not embedded.
    """

    id = models.BigAutoField(primary_key=True)
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+")
    encoder = models.ForeignKey(
        EncoderIdentity, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    version = models.PositiveSmallIntegerField()
    embeddings = ArrayField(models.BigIntegerField())

    class Meta:
        db_table = "item_embedding"
        constraints = [
            models.UniqueConstraint(
                fields=("encoder", "item"), name="item_embedding_once"
            )
        ]

    def __str__(self) -> str:
        return f"embeddings of item {self.item_id}"
