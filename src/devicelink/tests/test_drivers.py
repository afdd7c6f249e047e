"""The drivers of the PyROS grammar, against servers that keep its vocabulary."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from devicelink import drivers
from devicelink.drivers import DriverError, load
from devicelink.drivers.pyros.camera import PyrosCamera
from devicelink.drivers.pyros.plc import PyrosPlc
from devicelink.errors import Aborted, LinkLost, ProtocolViolation, Refused
from devicelink.grammar import ErrorCode, Value
from devicelink.interfaces import (
    Camera,
    CameraActivity,
    Device,
    Dome,
    DomeState,
    FilterWheel,
    Focuser,
    FrameType,
    Plc,
    ShutterMotion,
    ShutterStatus,
    Switch,
    Telescope,
    TelescopeActivity,
    Watchdog,
    WeatherStation,
)
from devicelink.server import DeviceServer
from devicelink.tests.boxes import PIXELS, CameraBox, FocuserBox, SiteBox
from devicelink.tests.peer import WITHIN_S, Served
from devicelink.tests.peer import Telescope as TelescopeBox
from pyros.clock import RealClock

CLOCK = RealClock()


@contextmanager
def connected(device: Device) -> Iterator[None]:
    device.connect(WITHIN_S)
    try:
        yield
    finally:
        device.disconnect()


def options(box: DeviceServer) -> dict[str, Any]:
    return {"host": "127.0.0.1", "port": box.port, "clock": CLOCK}


def test_every_kind_of_the_pyros_driver_implements_its_interface() -> None:
    """The assignments are checked by the type checker, the loading by this test."""
    where: dict[str, Any] = {"clock": CLOCK, "port": 1}
    telescope: Telescope = load("pyros", "telescope", **where)
    camera: Camera = load("pyros", "camera", **where)
    wheel: FilterWheel = load("pyros", "filter_wheel", **where)
    focuser: Focuser = load("pyros", "focuser", **where)
    dome: Dome = load("pyros", "dome", **where)
    plc: Plc = load("pyros", "plc", **where)
    weather: WeatherStation = load("pyros", "weather", **where)
    switch: Switch = load("pyros", "switch", **where)
    assert [type(device).__name__ for device in (telescope, camera, wheel, focuser, dome, plc, weather, switch)] == [
        "PyrosTelescope",
        "PyrosCamera",
        "PyrosFilterWheel",
        "PyrosFocuser",
        "PyrosDome",
        "PyrosPlc",
        "PyrosWeatherStation",
        "PyrosSwitch",
    ]


def _the_type_checker_sees_that_the_classes_implement_the_interfaces() -> None:
    from devicelink.drivers.pyros import camera, dome, filter_wheel, focuser, plc, switch, telescope, weather

    _1: type[Telescope] = telescope.DRIVER
    _2: type[Camera] = camera.DRIVER
    _3: type[FilterWheel] = filter_wheel.DRIVER
    _4: type[Focuser] = focuser.DRIVER
    _5: type[Dome] = dome.DRIVER
    _6: type[Plc] = plc.DRIVER
    _7: type[WeatherStation] = weather.DRIVER
    _8: type[Switch] = switch.DRIVER


@pytest.mark.parametrize(
    ("driver", "kind", "complaint"),
    [
        ("meade", "telescope", "driver is 'meade': use one of pyros"),
        ("pyros", "toaster", "kind is 'toaster': the driver pyros has camera, dome, filter_wheel"),
        ("pyros", "_device", "kind is '_device'"),
        ("../pyros", "telescope", "driver is '../pyros'"),
    ],
)
def test_an_unknown_driver_or_kind_is_refused_naming_what_there_is(driver: str, kind: str, complaint: str) -> None:
    with pytest.raises(DriverError, match=complaint):
        load(driver, kind, clock=CLOCK)


def test_a_wrong_option_is_refused_naming_it() -> None:
    with pytest.raises(DriverError, match="baudrate"):
        load("pyros", "telescope", clock=CLOCK, baudrate=9600)


def test_helpers_of_a_driver_are_no_kinds() -> None:
    assert not [kind for kind in drivers.kinds("pyros") if kind.startswith("_")]


def test_a_telescope_slews_tells_where_it_is_and_parks(served: Served, telescope: TelescopeBox) -> None:
    mount = load("pyros", "telescope", **options(telescope))
    with connected(mount):
        assert mount.connected
        slew = mount.slew_to_coordinates(83.6331, 22.0145, epoch=3)
        assert slew.wait_acknowledged(WITHIN_S) == 12.5
        assert not slew.done and mount.state().slewing
        served.call(telescope.arrive)
        result = slew.wait(WITHIN_S)
        assert (result.right_ascension_deg, result.declination_deg, result.error_arcsec) == (83.6331, 22.0145, 0.8)
        mount.set_tracking(True)
        mount.park(epoch=3).wait(WITHIN_S)
        state = mount.state()
        assert state.at_park and state.activity is TelescopeActivity.PARKED and state.epoch == 3
        assert state.altitude_deg is None  # this one does not tell
    assert not mount.connected


def test_a_slew_while_parked_is_refused_and_never_a_silent_nothing(telescope: TelescopeBox) -> None:
    # behaviours B6
    mount = load("pyros", "telescope", **options(telescope))
    with connected(mount):
        mount.park(epoch=1).wait(WITHIN_S)
        with pytest.raises(Refused) as caught:
            mount.slew_to_coordinates(1.0, 2.0, epoch=1).wait(WITHIN_S)
        assert caught.value.code is ErrorCode.E_STATE
        mount.unpark(epoch=1).wait(WITHIN_S)
        assert not mount.state().at_park


def test_an_aborted_slew_has_stopped_when_abort_returns(telescope: TelescopeBox) -> None:
    mount = load("pyros", "telescope", **options(telescope))
    with connected(mount):
        slew = mount.slew_to_coordinates(1.0, 2.0, epoch=1)
        slew.wait_acknowledged(WITHIN_S)
        mount.abort_slew()
        assert telescope.stopped.is_set()
        with pytest.raises(Aborted):
            slew.wait(WITHIN_S)


def test_a_telescope_that_leaves_out_what_it_must_tell_breaks_the_contract(
    telescope: TelescopeBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    mount = load("pyros", "telescope", **options(telescope))
    with connected(mount):
        monkeypatch.setattr(telescope, "status", lambda: {"ra": float("nan")})
        with pytest.raises(ProtocolViolation, match="ra is nan, expected a finite number"):
            mount.state()


def test_a_device_that_is_not_connected_says_so() -> None:
    mount = load("pyros", "telescope", clock=CLOCK, port=1, name="T9")
    with pytest.raises(LinkLost, match="T9: STATUS not sent: not opened"):
        mount.state()


@pytest.fixture
def camera_box(served: Served) -> CameraBox:
    return served.serve(CameraBox)


def test_an_exposure_tells_its_start_and_gives_its_pixels(served: Served, camera_box: CameraBox) -> None:
    camera = load("pyros", "camera", **options(camera_box))
    with connected(camera):
        exposure = camera.start_exposure(30.0, FrameType.LIGHT, epoch=1, binning=2, filter_name="r")
        begun = exposure.wait_shutter_open(WITHIN_S)
        assert begun == datetime(2026, 11, 20, 20, 28, 39, 123000, UTC)
        assert camera_box.asked == {"t": 30.0, "type": "LIGHT", "bin": 2, "epoch": 1, "filter": "r"}
        assert camera.state().activity is CameraActivity.EXPOSING
        served.call(camera_box.finish)
        result = exposure.wait(WITHIN_S)
        image = camera.image(result)
        assert (image.width, image.height, image.dtype, image.data) == (3, 2, "uint16", PIXELS)
        assert result.date_obs == begun and result.exposure_s == 12.5


def test_stop_reads_out_and_abort_does_not(camera_box: CameraBox) -> None:
    camera = load("pyros", "camera", **options(camera_box))
    with connected(camera):
        stopped = camera.start_exposure(600.0, epoch=1)
        stopped.wait_shutter_open(WITHIN_S)
        camera.stop_exposure()
        assert stopped.wait(WITHIN_S).exposure_s == 12.5
        aborted = camera.start_exposure(600.0, epoch=1)
        aborted.wait_shutter_open(WITHIN_S)
        camera.abort_exposure()
        with pytest.raises(Aborted):
            aborted.wait(WITHIN_S)


def test_a_camera_cools_and_warms(camera_box: CameraBox) -> None:
    camera = load("pyros", "camera", **options(camera_box))
    with connected(camera):
        camera.cool(-40)
        state = camera.state()
        assert (state.set_point_c, state.temperature_c, state.cooler_on) == (-40.0, -39.5, True)
        camera.warm()
        assert camera.state().cooler_on is False
        camera.initialise(WITHIN_S)


def test_a_wheel_shares_the_link_of_its_camera(camera_box: CameraBox) -> None:
    camera = load("pyros", "camera", **options(camera_box))
    with connected(camera):
        assert isinstance(camera, PyrosCamera)
        wheel = load("pyros", "filter_wheel", clock=CLOCK, link=camera.link, name="W1")
        assert wheel.state().names == ("g", "r", "i")
        assert wheel.set_position(2, epoch=1).wait(WITHIN_S) == 2
        with pytest.raises(Refused) as caught:
            wheel.set_position(9, epoch=1).wait(WITHIN_S)
        assert caught.value.code is ErrorCode.E_RANGE
        assert len(camera_box.clients) == 1


def test_a_focuser_moves_and_an_unknown_temperature_is_none(served: Served) -> None:
    focuser = load("pyros", "focuser", **options(served.serve(FocuserBox)))
    with connected(focuser):
        assert focuser.move(12500, epoch=1).wait(WITHIN_S) == 12500
        state = focuser.state()
        assert (state.position, state.is_moving, state.temperature_c) == (12500, False, None)


def test_a_dome_opens_with_an_epoch_and_closes_without(served: Served) -> None:
    box = served.serve(lambda: SiteBox("dome", {"open_switch": 0, "closed_switch": 1, "motion": "NONE"}))
    dome = load("pyros", "dome", **options(box))
    with connected(dome):
        assert dome.state().shutter_status is ShutterStatus.CLOSED
        assert dome.open_shutter(epoch=1).wait(WITHIN_S).shutter_status is ShutterStatus.OPEN
        assert dome.close_shutter().wait(WITHIN_S).shutter_status is ShutterStatus.CLOSED
        dome.abort_shutter()


@pytest.mark.parametrize(
    ("open_switch", "closed_switch", "motion", "expected"),
    [  # behaviours A9, A10: the switches rule, and a contradiction is an error
        (True, False, ShutterMotion.NONE, ShutterStatus.OPEN),
        (False, True, ShutterMotion.NONE, ShutterStatus.CLOSED),
        (False, False, ShutterMotion.CLOSING, ShutterStatus.CLOSING),
        (False, False, ShutterMotion.OPENING, ShutterStatus.OPENING),
        (False, False, ShutterMotion.NONE, ShutterStatus.ERROR),
        (True, True, ShutterMotion.NONE, ShutterStatus.ERROR),
        (None, True, ShutterMotion.NONE, ShutterStatus.ERROR),
        (False, None, ShutterMotion.CLOSING, ShutterStatus.ERROR),
        (None, None, None, ShutterStatus.ERROR),
    ],
)
def test_the_shutter_status_comes_from_the_switches(
    open_switch: bool | None, closed_switch: bool | None, motion: ShutterMotion | None, expected: ShutterStatus
) -> None:
    assert DomeState(open_switch, closed_switch, motion, None, None, None).shutter_status is expected


def test_a_plc_tells_weather_site_and_roof_at_once(served: Served) -> None:
    told: dict[str, Value] = {
        "temperature_c": 11.5,
        "humidity_percent": 42.0,
        "wind_mps": 3.0,
        "gust_mps": float("nan"),
        "rain": 0,
        "cloud_c": "broken",
        "mains": 1,
        "ups_percent": 98.0,
        "door": 7,
        "open_switch": 0,
        "closed_switch": 1,
        "motion": "NONE",
        "watchdog": "ARMED",
        "sample_age_s": 1.5,
    }
    box = served.serve(lambda: SiteBox("plc", told))
    plc = load("pyros", "plc", **options(box))
    with connected(plc):
        state = plc.plc_state()
        assert (state.weather.temperature_c, state.weather.rain, state.weather.sample_age_s) == (11.5, False, 1.5)
        assert (state.weather.gust_mps, state.weather.cloud_c, state.weather.pressure_hpa) == (None, None, None)
        assert (state.mains, state.door_open, state.watchdog) == (True, None, Watchdog.ARMED)
        assert state.dome.shutter_status is ShutterStatus.CLOSED
        plc.heartbeat()
        assert box.heartbeats == 1
        assert isinstance(plc, PyrosPlc)
        switch = load("pyros", "switch", clock=CLOCK, link=plc.link)
        switch.set_switch("lamp", True)
        assert switch.state().switches == {"lamp": True}
        assert plc.plc_state().lamp_on is True
        with pytest.raises(KeyError, match="no switch 'mirror'"):
            switch.set_switch("mirror", True)


def test_a_weather_station_names_itself(served: Served) -> None:
    box = served.serve(lambda: SiteBox("weather", {"station": "west mast", "rain": 1, "sample_age_s": 2.0}))
    station = load("pyros", "weather", **options(box))
    with connected(station):
        state = station.state()
        assert (state.station, state.rain, state.humidity_percent) == ("west mast", True, None)
        assert (datetime.now(UTC) - station.ping()).total_seconds() < 60
