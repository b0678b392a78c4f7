"""What the texts of an item measure, kept so that they are read only once."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from annotation.models import Item
from models_service.models import EncoderIdentity


class ItemMeasures(models.Model):
    """Figures of the texts of a pair, computed once; texts never change.

    `values`: routing.features.text, MEASURES and then FORM, under its `version`; 0 =
    none yet. `n_chars`: of the prompt and all completions; null = not measured yet.
    """

    item = models.OneToOneField(
        Item, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    version = models.PositiveSmallIntegerField()
    values = ArrayField(models.FloatField())
    n_chars = models.PositiveIntegerField(null=True)

    class Meta:
        db_table = "item_measures"

    def __str__(self) -> str:
        return f"measures of {self.item_id}"


class ItemMatch(models.Model):
    """How alike the two completions of an item are by the vectors of their tokens.

    `value`: models_service.backends.token_match, in [-1, 1], by that `encoder`, the
    newest that measured it.
    """

    item = models.OneToOneField(
        Item, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    encoder = models.ForeignKey(
        EncoderIdentity, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    value = models.FloatField()

    class Meta:
        db_table = "item_match"

    def __str__(self) -> str:
        return f"match of {self.item_id}"
