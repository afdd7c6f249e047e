"""The drivers of devicelink drive the simulators through a piece of a night."""

from __future__ import annotations

import numpy as np
import pytest

from devicelink import drivers
from devicelink.interfaces import FrameType
from simulators.tests.support import observatory

WAIT_S = 4000.0
"""Observatory seconds: 20 real ones at 200 times."""


def _driver(kind: str, port: int, clock):
    device = drivers.load("pyros", kind, host="127.0.0.1", port=port, clock=clock)
    device.connect(WAIT_S)
    return device


def test_the_drivers_open_slew_expose_fetch_and_close(fast_clock) -> None:
    clock = fast_clock()
    with observatory(clock) as running:
        ports = running.ports
        plc, dome = _driver("plc", ports["plc"], clock), _driver("dome", ports["dome"], clock)
        mount, camera = _driver("telescope", ports["mount"], clock), _driver("camera", ports["vis1"], clock)
        station, focuser = _driver("weather", ports["weather1"], clock), _driver("focuser", ports["focuser"], clock)
        try:
            plc.heartbeat()
            opened = dome.open_shutter(epoch=1).wait(WAIT_S)
            assert opened.open_switch is True and opened.closed_switch is False
            mount.unpark(epoch=1).wait(WAIT_S)
            slew = mount.slew_to_coordinates(70.0, 25.0, epoch=1).wait(WAIT_S)
            assert slew.right_ascension_deg == pytest.approx(70.0) and mount.state().at_target
            camera.cool(-30.0)
            exposure = camera.start_exposure(20.0, FrameType.LIGHT, epoch=1, filter_name="i")
            result = exposure.wait(WAIT_S)
            image = camera.image(result)
            pixels = np.frombuffer(image.data, "<u2").reshape(image.height, image.width)
            assert pixels.shape == (512, 512) and np.median(pixels) > 1300
            assert camera.state().filter_name == "i" and camera.state().cooler_on is True
            assert focuser.move(5200, epoch=1).wait(WAIT_S) == 5200
            assert station.state().rain is False and plc.plc_state().mains is True
            mount.park(epoch=1).wait(WAIT_S)
            plc.heartbeat()
            assert dome.close_shutter().wait(WAIT_S).closed_switch is True
        finally:
            for device in (plc, dome, mount, camera, station, focuser):
                device.disconnect()
