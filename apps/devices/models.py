"""The observatory: node, site and everything that answers on a wire.

Devices inherit transparently (`telescope.name` is the device's name) by django-polymorphic; they are a few
dozen rows, read at start and by pages, never on a hot path.
"""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from polymorphic.models import PolymorphicModel

import ephemeris


class Node(models.Model):
    """A group of telescopes that share one pool of requests."""

    name = models.CharField(max_length=60, unique=True)

    def __str__(self) -> str:
        return self.name


class Site(models.Model):
    """A place on Earth."""

    node = models.ForeignKey(Node, models.PROTECT, related_name="sites")
    name = models.CharField(max_length=100, unique=True)
    latitude_deg = models.FloatField(validators=[MinValueValidator(-90), MaxValueValidator(90)])
    longitude_deg = models.FloatField(
        validators=[MinValueValidator(-180), MaxValueValidator(180)], help_text="east positive"
    )
    elevation_m = models.FloatField()
    horizon_deg = models.JSONField(default=list, blank=True, help_text="horizon mask: [[azimuth_deg, altitude_deg], …]")

    def __str__(self) -> str:
        return self.name

    def place(self) -> ephemeris.Site:
        """The site as the ephemeris library wants it."""
        return ephemeris.Site(self.name, self.latitude_deg, self.longitude_deg, self.elevation_m)


class DeviceState(models.TextChoices):
    """What is known of a device; what it is doing is `activity`."""

    OFFLINE = "OFFLINE", "offline (not wanted)"
    INITIALIZING = "INITIALIZING", "initialising"
    READY = "READY", "ready"
    DISABLED = "DISABLED", "disabled (pinged until it answers)"
    FAULT = "FAULT", "fault"


class Device(PolymorphicModel):
    """Anything on a wire: where it is reached, what is known of it."""

    kind: ClassVar[str] = "device"

    name = models.SlugField(max_length=60, unique=True)
    description = models.CharField(max_length=200, blank=True)
    site = models.ForeignKey(Site, models.PROTECT, related_name="devices")
    driver = models.CharField(
        max_length=60, default="pyros", help_text="a driver's name, see docs/reference/drivers.md"
    )
    host = models.CharField(max_length=200, default="127.0.0.1")
    port = models.PositiveIntegerField(default=0)
    blocking = models.BooleanField(default=False, help_text="observation pauses while it is not READY")
    wanted = models.BooleanField(default=True, help_text="off: nobody connects to it")
    state = models.CharField(max_length=14, choices=DeviceState, default=DeviceState.OFFLINE)
    state_reason = models.CharField(max_length=200, blank=True)
    activity = models.CharField(max_length=20, blank=True)
    status = models.JSONField(default=dict, blank=True, help_text="the newest status as the device told it")
    status_at = models.DateTimeField(null=True, blank=True)
    software_version = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Filter(models.Model):
    """A filter; its thickness moves the focus."""

    name = models.CharField(max_length=20, unique=True)
    band = models.CharField(max_length=3, choices=[("VIS", "visible"), ("NIR", "near infrared")])
    wavelength_nm = models.FloatField()
    width_nm = models.FloatField()
    thickness_mm = models.FloatField(default=0, help_text="equivalent thickness")
    focus_offset_um = models.FloatField(default=0, help_text="shift of the best focus against no filter")
    throughput = models.FloatField(default=0.9, validators=[MinValueValidator(0), MaxValueValidator(1)])

    class Meta:
        ordering = ["wavelength_nm"]

    def __str__(self) -> str:
        return self.name


class Telescope(Device):
    """A mount with its optics."""

    kind = "telescope"

    aperture_m = models.FloatField()
    focal_length_m = models.FloatField()
    field_of_view_arcmin = models.FloatField(help_text="side of the square field")
    slew_base_s = models.FloatField(default=3, help_text="time of the shortest slew, settling left out")
    slew_rate_deg_s = models.FloatField(default=12)
    settle_s = models.FloatField(default=1)
    minimum_altitude_deg = models.FloatField(default=20)
    sun_cone_deg = models.FloatField(default=30, help_text="never pointed nearer to the Sun while it is above −10°")


class Camera(Device):
    """A detector with its electronics."""

    kind = "camera"

    class Channel(models.TextChoices):
        VIS = "VIS", "visible"
        NIR = "NIR", "near infrared"

    on_telescope = models.ForeignKey(Telescope, models.PROTECT, related_name="cameras")
    channel = models.CharField(max_length=3, choices=Channel)
    width_px = models.PositiveIntegerField()
    height_px = models.PositiveIntegerField()
    pixel_scale_arcsec = models.FloatField()
    gain_e_adu = models.FloatField(default=1)
    read_noise_e = models.FloatField(default=8)
    dark_current_e_s = models.FloatField(default=0.01)
    saturation_adu = models.PositiveIntegerField(default=60000)
    readout_s = models.FloatField(default=8)
    set_point_c = models.FloatField(default=-60)


class FilterWheel(Device):
    """A wheel on the telescope or on one camera (exactly one of both); its position is a number from 1."""

    kind = "filterwheel"

    on_telescope = models.ForeignKey(Telescope, models.CASCADE, null=True, blank=True, related_name="filter_wheels")
    on_camera = models.OneToOneField(Camera, models.CASCADE, null=True, blank=True, related_name="filter_wheel")
    filters = models.ManyToManyField(Filter, through="FilterSlot", related_name="wheels")
    move_s = models.FloatField(default=2)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(on_telescope__isnull=True) ^ Q(on_camera__isnull=True), name="wheel_on_telescope_or_camera"
            )
        ]


class FilterSlot(models.Model):
    """A filter in a position of a wheel."""

    wheel = models.ForeignKey(FilterWheel, models.CASCADE, related_name="slots")
    position = models.PositiveSmallIntegerField(validators=[MinValueValidator(1)])
    filter = models.ForeignKey(Filter, models.PROTECT, related_name="slots")

    class Meta:
        ordering = ["wheel", "position"]
        constraints = [models.UniqueConstraint(fields=["wheel", "position"], name="one_filter_a_position")]

    def __str__(self) -> str:
        return f"{self.wheel} {self.position}: {self.filter}"


class Focuser(Device):
    """A focuser; position in micrometres."""

    kind = "focuser"

    on_telescope = models.ForeignKey(Telescope, models.CASCADE, related_name="focusers")
    best_position_um = models.FloatField(default=0, help_text="without filter at 0 °C")
    temperature_slope_um_c = models.FloatField(default=0, help_text="shift of the best focus per °C")


class Dome(Device):
    """A dome or a roll-off roof."""

    kind = "dome"

    travel_s = models.FloatField(default=60, help_text="time from closed to open")


class Plc(Device):
    """The programmable controller: weather, site, roof and their watchdog."""

    kind = "plc"


class WeatherStation(Device):
    """A source of weather beside the PLC; an advisory one warns and never closes."""

    kind = "weatherstation"

    advisory = models.BooleanField(default=False)
