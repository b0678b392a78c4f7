"""How a machine annotator is reached; apart from what identifies it."""

from django.db import models

from annotation.models import MachineAnnotator


class Connection(models.Model):
    """The endpoint of a machine annotator.

    The key is encrypted and leaves the table only for a call; nothing here is exported.
    Changes of these fields make no new version: they do not change what is answered.
    """

    machine = models.OneToOneField(
        MachineAnnotator, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    base_url = models.CharField(max_length=500)
    key_encrypted = models.BinaryField(default=bytes, blank=True)
    concurrency = models.PositiveSmallIntegerField(default=8)
    requests_per_minute = models.PositiveIntegerField(null=True, blank=True)
    timeout_s = models.PositiveSmallIntegerField(default=60)

    class Meta:
        db_table = "model_connection"

    def __str__(self) -> str:
        return self.base_url
