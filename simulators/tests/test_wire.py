"""Devices through their sockets, on a fast clock: what a client sees."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.request import urlopen
from xml.etree import ElementTree

import numpy as np
import pytest

from devicelink.grammar import ErrorCode, ReplyKind
from pyros.clock import ManualClock, SharedClock
from simulators.sky.projection import Projection
from simulators.tests.support import Running, Wire, content, fetched, observatory

HIGH = {"ra": 70.0, "dec": 25.0}
"""At San Pedro Mártir on 2026-11-21 at 8 UT it stands 82° high."""


def _open_up(running: Running, **target: float) -> None:
    with Wire(running.ports["plc"]) as plc, Wire(running.ports["dome"]) as dome, Wire(running.ports["mount"]) as mount:
        assert plc.ask("HEARTBEAT").ok
        assert dome.ask("OPEN", epoch=1).ok
        assert mount.ask("UNPARK").ok
        assert mount.ask("GOTO", epoch=1, **(target or HIGH)).ok


def test_a_slew_ends_tracking_within_its_estimate_and_reads_back(fast_clock) -> None:
    clock = fast_clock(100.0)
    with observatory(clock, only=("mount",)) as running, Wire(running.ports["mount"]) as mount:
        mount.ask("UNPARK")
        begun_s = clock.monotonic()
        slew = mount.ask("GOTO", epoch=1, **HIGH)
        assert slew.ok and clock.monotonic() - begun_s >= mount.replies[-2].values["eta"]
        assert mount.replies[-2].values["eta"] <= 20.0
        status = mount.status()
        assert (status["ra"], status["dec"], status["tracking"], status["activity"]) == (70.0, 25.0, 1, "TRACKING")
        assert status["alt"] == pytest.approx(82.27, abs=0.5)  # astropy 8 for 8:00 UT: 82.269


def test_B6_a_parked_mount_says_so_instead_of_doing_nothing(fast_clock) -> None:
    with observatory(fast_clock(), only=("mount",)) as running, Wire(running.ports["mount"]) as mount:
        assert mount.ask("GOTO", epoch=1, **HIGH).code is ErrorCode.E_STATE


def test_a_target_below_the_limit_is_refused_by_limit(fast_clock) -> None:
    with observatory(fast_clock(), only=("mount",)) as running, Wire(running.ports["mount"]) as mount:
        mount.ask("UNPARK")
        assert mount.ask("GOTO", epoch=1, ra=250.0, dec=-40.0).code is ErrorCode.E_LIMIT


def test_an_abort_stops_the_slew_and_ends_its_request(fast_clock) -> None:
    with observatory(fast_clock(1.0), only=("mount",)) as running, Wire(running.ports["mount"]) as mount:
        mount.ask("UNPARK")
        slew = mount.send("GOTO", epoch=1, **HIGH)
        assert mount.reply().kind is ReplyKind.ACK
        assert mount.ask("ABORT").ok
        assert mount.final(slew).code is ErrorCode.E_ABORTED
        status = mount.status()
        assert status["moving"] == 0 and status["activity"] == "IDLE"


def test_a_lower_epoch_may_not_move_the_mount(fast_clock) -> None:
    with observatory(fast_clock(), only=("mount",)) as running, Wire(running.ports["mount"]) as mount:
        mount.ask("UNPARK")
        assert mount.ask("GOTO", epoch=7, **HIGH).ok
        assert mount.ask("GOTO", epoch=6, **HIGH).code is ErrorCode.E_OWNER


def test_the_mount_stands_still_while_a_manual_clock_does() -> None:
    clock = ManualClock(datetime(2026, 11, 21, 8, 0, tzinfo=UTC))
    with observatory(clock, only=("mount",)) as running, Wire(running.ports["mount"]) as mount:
        mount.ask("UNPARK")
        slew = mount.send("GOTO", epoch=1, **HIGH)
        eta = mount.reply().values["eta"]
        first, second = mount.status(), mount.status()
        assert first["moving"] == 1 and first["az"] == second["az"]
        clock.advance(eta / 2)
        assert mount.status()["az"] != first["az"]
        clock.advance(eta)
        assert mount.final(slew).ok and mount.status()["at_target"] == 1


def test_the_roof_opens_in_its_travel_time_and_opening_again_moves_nothing(fast_clock) -> None:
    clock = fast_clock()
    with observatory(clock, only=("plc",)) as running:
        assert set(running.ports) == {"plc", "dome"}  # one box of cables
        with Wire(running.ports["plc"]) as plc, Wire(running.ports["dome"]) as dome:
            plc.ask("HEARTBEAT")
            begun_s = clock.monotonic()
            opened = dome.ask("OPEN", epoch=1)
            assert 59.0 <= clock.monotonic() - begun_s < 59.0 + clock.speed  # one real second of slack
            assert (opened.values["open_switch"], opened.values["closed_switch"]) == (1, 0)
            begun_s = clock.monotonic()
            assert dome.ask("OPEN", epoch=1).ok
            assert clock.monotonic() - begun_s < 50.0
            assert plc.status()["open_switch"] == 1


def test_closing_turns_an_opening_roof_round(fast_clock) -> None:
    with (
        observatory(fast_clock(20.0), only=("plc",)) as running,
        Wire(running.ports["plc"]) as plc,
        Wire(running.ports["dome"]) as dome,
    ):
        plc.ask("HEARTBEAT")
        opening = dome.send("OPEN", epoch=3)
        assert dome.reply().kind is ReplyKind.ACK
        closed = dome.ask("CLOSE")
        assert dome.final(opening).code is ErrorCode.E_ABORTED
        assert closed.ok and closed.values["closed_switch"] == 1


def test_the_roof_does_not_open_before_the_first_heartbeat(fast_clock) -> None:
    with observatory(fast_clock(), only=("plc",)) as running, Wire(running.ports["dome"]) as dome:
        refused = dome.ask("OPEN", epoch=1)
        assert refused.code is ErrorCode.E_UNSAFE and "HEARTBEAT" in refused.text


def test_A13_the_plc_closes_the_roof_by_itself_when_heartbeats_end() -> None:
    clock = ManualClock(datetime(2026, 11, 21, 8, 0, tzinfo=UTC))
    with (
        observatory(clock, only=("plc",)) as running,
        Wire(running.ports["plc"]) as plc,
        Wire(running.ports["dome"]) as dome,
    ):
        plc.ask("SUBSCRIBE", period_s=3600.0)
        plc.ask("HEARTBEAT")
        opening = dome.send("OPEN", epoch=1)
        dome.next()
        clock.advance(29.0)
        plc.ask("HEARTBEAT")
        clock.advance(29.0)
        plc.ask("HEARTBEAT")
        clock.advance(29.0)
        assert dome.final(opening).ok
        assert plc.status()["watchdog"] == "ARMED"
        clock.advance(2.0)  # 31 s without a heartbeat
        assert plc.alarm().words[0] == "HEARTBEAT_LOST"
        assert plc.status()["motion"] == "CLOSING"
        assert dome.ask("OPEN", epoch=1).code is ErrorCode.E_UNSAFE
        clock.advance(60.0)
        assert (plc.status()["closed_switch"], plc.status()["watchdog"]) == (1, "TRIPPED")
        plc.ask("HEARTBEAT")
        assert plc.status()["closed_switch"] == 1  # a heartbeat alone opens nothing


def test_the_watchdog_goes_on_closing_when_somebody_stops_the_motor() -> None:
    clock = ManualClock(datetime(2026, 11, 21, 8, 0, tzinfo=UTC))
    with (
        observatory(clock, only=("plc",)) as running,
        Wire(running.ports["plc"]) as plc,
        Wire(running.ports["dome"]) as dome,
    ):
        plc.ask("HEARTBEAT")
        opening = dome.send("OPEN", epoch=1)
        dome.next()
        for _ in range(3):
            clock.advance(20.0)
            plc.ask("HEARTBEAT")
        dome.final(opening)
        clock.advance(31.0)
        while plc.status()["motion"] != "CLOSING":
            pass
        clock.advance(30.0)
        dome.ask("STOP")
        while plc.status()["motion"] != "CLOSING":
            pass
        clock.advance(31.0)
        assert plc.status()["closed_switch"] == 1


def test_the_plc_tells_weather_site_and_roof(fast_clock) -> None:
    with observatory(fast_clock(1.0), only=("plc",)) as running, Wire(running.ports["plc"]) as plc:
        status = plc.status()
        assert {"temperature_c", "humidity_percent", "wind_mps", "gust_mps", "rain", "cloud_c", "pressure_hpa"} <= set(
            status
        )
        assert {"mains", "ups_percent", "door", "open_switch", "closed_switch", "sample_age_s"} <= set(status)
        assert 0.0 <= status["sample_age_s"] <= 2.0
        plc.ask("LAMP", on=True)
        assert plc.status()["lamp"] == 1


def test_a_scenario_brings_its_storm_to_stations_and_plc_alike(fast_clock) -> None:
    storm = {"name": "now", "weather": [{"kind": "wind_storm", "at": "start-10m", "for": "1h", "peak": 19.0}]}
    with observatory(fast_clock(1.0), only=("weather1", "weather2", "plc"), scenario=storm) as running:
        winds = []
        for name in ("weather1", "weather2", "plc"):
            with Wire(running.ports[name]) as station:
                winds.append(station.status()["wind_mps"])
        assert min(winds) > 16.0 and max(winds) - min(winds) < 3.0


def test_a_camera_exposes_reads_out_and_offers_its_pixels(fast_clock) -> None:
    with observatory(fast_clock()) as running:
        _open_up(running)
        with Wire(running.ports["vis1"]) as camera:
            done = camera.ask("EXPOSE", t=30.0, type="LIGHT", bin=1, epoch=1, filter="i")
            assert [reply.kind for reply in camera.replies] == [ReplyKind.ACK, ReplyKind.DATA, ReplyKind.OK]
            assert camera.replies[1].values["shutter"] == "open"
            offer = done.values
            assert (offer["width"], offer["height"], offer["dtype"], offer["exptime_s"]) == (512, 512, "uint16", 30.0)
            assert (offer["filter"], offer["trailed"]) == ("i", 0)
            image = np.frombuffer(fetched(offer), "<u2").reshape(512, 512)
            assert np.median(image) > 1500  # 30 s of sky on a bias of 1000
            status = camera.status()
            assert (status["activity"], status["filter"], status["filter_position"]) == ("IDLE", "i", 2)


def test_a_star_of_the_cone_search_stands_at_its_projected_pixel(fast_clock) -> None:
    with observatory(fast_clock()) as running:
        _open_up(running)
        with Wire(running.ports["mount"]) as mount, Wire(running.ports["vis1"]) as camera:
            offer = camera.ask("EXPOSE", t=30.0, type="LIGHT", epoch=1, filter="r").values
            pixels, pointing = fetched(offer), mount.status()
        url = f"http://127.0.0.1:{running.ports['catalogue']}/scs?RA={HIGH['ra']}&DEC={HIGH['dec']}&SR=0.2"
        with urlopen(url, timeout=10) as answer:
            table = ElementTree.fromstring(answer.read())
    image = np.frombuffer(pixels, "<u2").reshape(512, 512).astype(float)
    rows = [[cell.text or "" for cell in row] for row in table.iter("{http://www.ivoa.net/xml/VOTable/v1.3}TR")]
    frame = Projection(pointing["sky_ra"], pointing["sky_dec"], 26 * 60 / 512, 512, 512)
    x, y = frame.pixels(np.array([float(row[1]) for row in rows]), np.array([float(row[2]) for row in rows]))
    magnitudes = [float(row[4]) for row in rows]
    sky, checked = np.median(image), 0
    for column, row, magnitude in zip(x, y, magnitudes, strict=True):
        if not (13.0 < magnitude < 15.5 and 10 < column < 500 and 10 < row < 500):
            continue
        left, low = round(column) - 4, round(row) - 4
        stamp = np.clip(image[low : low + 9, left : left + 9] - sky - 60, 0, None)
        rows_grid, columns_grid = np.mgrid[low : low + 9, left : left + 9]
        assert (stamp * columns_grid).sum() / stamp.sum() == pytest.approx(column, abs=0.7)
        assert (stamp * rows_grid).sum() / stamp.sum() == pytest.approx(row, abs=0.7)
        checked += 1
    assert checked >= 5


def test_a_burst_set_on_the_sky_server_appears_in_the_next_image_of_every_camera(fast_clock) -> None:
    with observatory(fast_clock()) as running:
        _open_up(running)
        with Wire(running.ports["vis1"]) as camera, Wire(running.ports["sky"]) as sky:
            before = _centre(camera)
            assert sky.ask("SET", name="GRB", **HIGH, t0="2026-11-21T08:00:00Z", mag_100s=11.0).ok
            assert json.loads(str(sky.status()["transients"]))[0][0] == "GRB"
            assert _centre(camera) > before + 1000
            sky.ask("RESET", name="GRB")
            assert _centre(camera) < before + 500


def _centre(camera: Wire) -> float:
    image = np.frombuffer(fetched(camera.ask("EXPOSE", t=10.0, type="LIGHT", epoch=1, filter="r").values), "<u2")
    return float(image.reshape(512, 512)[246:266, 246:266].max())


def test_under_a_closed_roof_a_light_frame_is_dark_and_the_lamp_lights_a_flat(fast_clock) -> None:
    with (
        observatory(fast_clock(), only=("plc", "mount", "vis1")) as running,
        Wire(running.ports["vis1"]) as camera,
        Wire(running.ports["plc"]) as plc,
    ):
        offer = camera.ask("EXPOSE", t=5.0, type="LIGHT", epoch=1).values
        assert np.median(np.frombuffer(fetched(offer), "<u2")) < 1020
        plc.ask("LAMP", on=True)
        offer = camera.ask("EXPOSE", t=5.0, type="FLAT", epoch=1).values
        flat = np.frombuffer(fetched(offer), "<u2").reshape(512, 512).astype(float) - 1002.0
        # 3000 e/s, 5 s, 2.5 e⁻ a count: 6000 counts at the centre, some 6 % less at mid-edge, less in the corners.
        assert np.median(flat[240:272, 240:272]) == pytest.approx(6000, rel=0.05)
        assert np.median(flat[:20, :20]) < 0.92 * np.median(flat[240:272, 240:272])


def test_abort_throws_the_exposure_away_and_stop_reads_it_out(fast_clock) -> None:
    with observatory(fast_clock(1.0), only=("vis1", "mount", "plc")) as running, Wire(running.ports["vis1"]) as camera:
        exposure = camera.send("EXPOSE", t=600.0, type="LIGHT", epoch=1)
        while camera.reply().kind is not ReplyKind.DATA:
            pass
        assert camera.status()["activity"] == "EXPOSING"
        assert camera.ask("ABORT").ok
        assert camera.final(exposure).code is ErrorCode.E_ABORTED
        assert camera.status()["activity"] == "IDLE" and camera.status()["image_ready"] == 0
        exposure = camera.send("EXPOSE", t=600.0, type="LIGHT", epoch=1)
        while camera.reply().kind is not ReplyKind.DATA:
            pass
        camera.ask("STOP")
        ended = camera.final(exposure)
        assert ended.ok and 0.0 <= ended.values["exptime_s"] < 60.0


def test_a_second_exposure_is_refused_while_one_runs(fast_clock) -> None:
    with observatory(fast_clock(1.0), only=("vis1", "mount", "plc")) as running, Wire(running.ports["vis1"]) as camera:
        camera.send("EXPOSE", t=600.0, type="DARK", epoch=1)
        assert camera.ask("EXPOSE", t=1.0, type="DARK", epoch=1).code is ErrorCode.E_BUSY


@pytest.mark.parametrize(
    "arguments",
    [
        {"t": -1.0, "type": "LIGHT"},
        {"t": 1e9, "type": "LIGHT"},
        {"t": 1.0, "type": "PRETTY"},
        {"t": 1.0, "type": "LIGHT", "bin": 3},
        {"t": 1.0, "type": "LIGHT", "filter": "ultraviolet"},
        {"t": float("nan"), "type": "LIGHT"},
    ],
)
def test_an_impossible_exposure_is_refused_by_range(fast_clock, arguments) -> None:
    with observatory(fast_clock(), only=("vis1",)) as running, Wire(running.ports["vis1"]) as camera:
        assert camera.ask("EXPOSE", epoch=1, **arguments).code is ErrorCode.E_RANGE


def test_a_camera_cools_to_its_set_point(fast_clock) -> None:
    with observatory(fast_clock(2000.0), only=("vis1",)) as running, Wire(running.ports["vis1"]) as camera:
        assert camera.status()["temperature_c"] > 0.0
        camera.ask("COOL", t_c=-40.0)
        while camera.status()["temperature_c"] > -39.9:
            pass
        status = camera.status()
        assert (status["cooler"], status["set_point_c"]) == (1, -40.0) and 50 < status["cooler_power_percent"] <= 100


def test_binning_and_filters_by_position(fast_clock) -> None:
    with observatory(fast_clock(), only=("nir", "mount", "plc")) as running, Wire(running.ports["nir"]) as camera:
        assert camera.ask("FILTER", position=1, epoch=1).values == {"position": 1, "filter": "H"}
        assert camera.ask("FILTER", position=2, epoch=1).code is ErrorCode.E_RANGE
        offer = camera.ask("EXPOSE", t=1.0, type="DARK", bin=2, epoch=1).values
        assert (offer["width"], offer["height"], offer["size"], offer["filter"]) == (256, 256, 131072, "H")


def test_an_exposure_during_a_slew_is_flagged_as_trailed(fast_clock) -> None:
    with (
        observatory(fast_clock(10.0)) as running,
        Wire(running.ports["mount"]) as mount,
        Wire(running.ports["vis1"]) as camera,
    ):
        mount.ask("UNPARK")
        slew = mount.send("GOTO", ra=20.0, dec=40.0, epoch=1)
        assert mount.reply().kind is ReplyKind.ACK
        assert camera.ask("EXPOSE", t=1.0, type="LIGHT", epoch=1).values["trailed"] == 1
        mount.final(slew)


def test_the_focuser_moves_and_tells_where_it_is(fast_clock) -> None:
    with observatory(fast_clock(), only=("focuser",)) as running, Wire(running.ports["focuser"]) as focuser:
        assert focuser.ask("FOCUS", position=6000, epoch=1).values["position"] == 6000
        assert focuser.status()["position"] == 6000
        assert focuser.ask("FOCUS", position=99999, epoch=1).code is ErrorCode.E_RANGE


def test_status_is_sent_at_real_rates_however_fast_the_clock_runs(fast_clock) -> None:
    clock: SharedClock = fast_clock(1000.0)
    with observatory(clock, only=("weather1",)) as running, Wire(running.ports["weather1"]) as station:
        station.ask("SUBSCRIBE", period_s=1.0)
        begun_s = clock.monotonic()
        for _ in range(4):
            station.next()
        # Four events are at least 0.3 s of real time apart, 300 observatory seconds, not four.
        assert clock.monotonic() - begun_s > 250.0


def test_mount_and_camera_work_together_from_two_processes_worth_of_hosts(fast_clock) -> None:
    """Each device alone, found by host and port as in a configuration file with fixed ports."""
    clock = fast_clock()
    with observatory(clock, only=("mount",)) as first:
        made = content()
        made["devices"]["mount"]["port"] = first.ports["mount"]
        second = Running(made, clock, ("vis1",))
        try:
            with Wire(first.ports["mount"]) as mount, Wire(second.ports["vis1"]) as camera:
                mount.ask("UNPARK")
                mount.ask("GOTO", epoch=1, **HIGH)
                offer = camera.ask("EXPOSE", t=20.0, type="LIGHT", epoch=1, filter="i").values
                # No roof is known here, so it counts as open; the mount is asked over the wire.
                assert np.median(np.frombuffer(fetched(offer), "<u2")) > 1400
        finally:
            second.stop()
