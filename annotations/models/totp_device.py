"""An authenticator app of a person of the staff, which makes time-based codes."""

from django.db import models
from django_otp.models import Device, ThrottlingMixin


class TotpDevice(ThrottlingMixin, Device):
    """What codes are made of, and what is known of earlier ones. A wrong code makes the next one wait longer."""

    sealed_secret = models.BinaryField(help_text="sealed under the site's IDENTITY_KEYS")
    drift = models.SmallIntegerField(default=0, help_text="half minutes that the app's clock is known to be early")
    last_step = models.BigIntegerField(default=-1, help_text="half minutes since 1970 of the last code that was used")

    class Meta:
        ordering = ["id"]

    def get_throttle_factor(self) -> int:
        """Seconds to wait after the first wrong code; django-otp doubles them with each further one."""
        return 1
