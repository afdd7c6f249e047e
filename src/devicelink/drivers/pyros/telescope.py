"""A telescope's mount over the PyROS grammar."""

from __future__ import annotations

from devicelink.drivers.pyros._device import PyrosDevice
from devicelink.drivers.pyros._operation import LinkOperation, nothing
from devicelink.drivers.pyros._reading import Reading
from devicelink.interfaces.telescope import SlewResult, TelescopeActivity, TelescopeState


class PyrosTelescope(PyrosDevice):
    """Implements `devicelink.interfaces.Telescope`."""

    KIND = "telescope"

    def state(self) -> TelescopeState:
        reading = self._status()
        return TelescopeState(
            right_ascension_deg=reading.number("ra"),
            declination_deg=reading.number("dec"),
            altitude_deg=reading.number_or_none("alt"),
            azimuth_deg=reading.number_or_none("az"),
            slewing=reading.flag("moving"),
            tracking=reading.flag("tracking"),
            at_park=reading.flag("parked"),
            at_target=reading.flag("at_target"),
            activity=reading.word("activity", TelescopeActivity),
            target_right_ascension_deg=reading.number_or_none("target_ra"),
            target_declination_deg=reading.number_or_none("target_dec"),
            epoch=reading.integer_or_none("epoch"),
            initialised=reading.flag_or_none("initialised"),
        )

    def slew_to_coordinates(
        self, right_ascension_deg: float, declination_deg: float, *, epoch: int
    ) -> LinkOperation[SlewResult]:
        pending = self.link.submit("GOTO", ra=right_ascension_deg, dec=declination_deg, frame="icrs", epoch=epoch)
        return LinkOperation(pending, _slew_result)

    def offset(
        self, right_ascension_arcsec: float, declination_arcsec: float, *, epoch: int
    ) -> LinkOperation[SlewResult]:
        pending = self.link.submit(
            "OFFSET", dra_arcsec=right_ascension_arcsec, ddec_arcsec=declination_arcsec, epoch=epoch
        )
        return LinkOperation(pending, _slew_result)

    def set_tracking(self, tracking: bool, *, epoch: int | None = None) -> None:
        if epoch is None:
            self.link.request("TRACK", on=tracking)
        else:
            self.link.request("TRACK", on=tracking, epoch=epoch)

    def abort_slew(self) -> None:
        self._abort()

    def park(self, *, epoch: int) -> LinkOperation[None]:
        return LinkOperation(self.link.submit("PARK", epoch=epoch), nothing)

    def unpark(self, *, epoch: int) -> LinkOperation[None]:
        return LinkOperation(self.link.submit("UNPARK", epoch=epoch), nothing)


def _slew_result(reading: Reading) -> SlewResult:
    return SlewResult(reading.number("ra"), reading.number("dec"), reading.number("err_arcsec"))


DRIVER = PyrosTelescope
