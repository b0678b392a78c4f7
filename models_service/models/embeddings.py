"""Vectors of texts by the hash of their content, for all projects together."""

from django.db import models


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
