"""What the server knows of the field app on a device: its share of the key, its signing keys, how its outbox stands."""

from django.db import models

from khula.server.collection.models import Device


class FieldDevice(models.Model):
    """One row for each device that runs the field app."""

    device = models.OneToOneField(Device, on_delete=models.CASCADE, primary_key=True, related_name="field")
    # The server's part of the key to the tablet's store, sealed under the device's token: what stands here opens
    # nothing by itself. Empty once the device was revoked.
    share = models.BinaryField(default=b"")
    # What the tablet last said of itself (`field/status`).
    reported_at = models.DateTimeField(null=True)
    waiting = models.PositiveIntegerField(default=0)  # records not yet confirmed as received
    stuck = models.PositiveIntegerField(default=0)  # of these, tried for long without success
    oldest = models.DateTimeField(null=True)  # when the oldest waiting record was made
    problem = models.CharField(max_length=40, default="")  # the code of what went wrong last; never words
    persisted = models.BooleanField(null=True)  # the browser promised not to clear the store by itself
    quota = models.PositiveBigIntegerField(null=True)  # bytes
    used = models.PositiveBigIntegerField(null=True)
    clock_off_s = models.BigIntegerField(null=True)  # seconds the tablet's clock is ahead of ours
    version = models.CharField(max_length=40, default="")
    browser = models.CharField(max_length=255, default="")  # as it names itself


class SignKey(models.Model):
    """The public half of a key a device signs its sealed records with. Old ones stay: their files may still come."""

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="sign_keys")
    name = models.CharField(max_length=43)  # base64url of the SHA-256 of `point`, as sealed files say it
    point = models.BinaryField()  # 65 bytes
    registered_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["device", "name"], name="sign_key_once")]
        indexes = [models.Index(fields=["name"], name="sign_key_name")]


class CarriedNote(models.Model):
    """Bytes a tablet sealed on their own, opened and kept; once, under the envelope's hash."""

    envelope = models.CharField(max_length=64, primary_key=True)
    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="+")
    content = models.BinaryField()
    received_at = models.DateTimeField()
