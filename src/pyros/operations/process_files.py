"""What the processes without a database are told, written from it before they start: guardian and simulators."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from apps.devices.models import Camera, Device, Dome, Focuser, Plc, Site, Telescope, WeatherStation
from apps.devices.safety import events_path, request_path, status_path
from pyros import current
from pyros.addresses import PLACES, simulated_port

INFRARED_BINNED_GAIN_E_ADU = 40.0
SIMULATED_BINNING_PX = 512
"""The simulated detectors are binned to this side, so that a night at 300 times real speed fits two cores."""


def write() -> None:
    """Write `run/guardian.json` and, where devices are simulated, `run/simulators.json` and the devices' addresses."""
    if current.config().devices.simulated:
        point_devices_at_simulators()
        _write(current.run_folder() / "simulators.json", simulators())
    for path in (status_path(), request_path(), events_path()):
        path.parent.mkdir(parents=True, exist_ok=True)
    _write(current.run_folder() / "guardian.json", guardian())


def simulator_names() -> dict[str, str]:
    """Device name → simulator name."""
    names = {camera.name: camera.name for camera in Camera.objects.all() if camera.name in PLACES}
    for model, simulator in ((Telescope, "mount"), (Dome, "dome"), (Plc, "plc"), (Focuser, "focuser")):
        first: Device | None = model.objects.order_by("id").first()
        if first is not None:
            names[first.name] = simulator
    for place, station in enumerate(WeatherStation.objects.order_by("id")[:2], start=1):
        names[station.name] = f"weather{place}"
    return names


def point_devices_at_simulators() -> None:
    """Set the simulated devices' addresses."""
    for device_name, simulator in simulator_names().items():
        Device.objects.filter(name=device_name).update(host="127.0.0.1", port=simulated_port(simulator))


def guardian() -> dict[str, Any]:
    """The guardian's configuration (format: src/guardian/README.md)."""
    plc = Plc.objects.order_by("id").first()
    telescope = Telescope.objects.order_by("id").first()
    document: dict[str, Any] = {
        "clock": _clock(),
        "site": _site(telescope.site) if telescope else {},
        "plc": _address(plc) if plc else {},
        "weather_stations": [
            {**_address(s), "role": "advisory" if s.advisory else "redundant"}
            for s in WeatherStation.objects.filter(wanted=True).order_by("id")
        ],
        "mount": _address(telescope) if telescope else None,
        "limits": {"close_without_park": True},
        "status_path": str(status_path()),
        "events_path": str(events_path()),
        "request_path": str(request_path()),
    }
    return document


def simulators() -> dict[str, Any]:
    """The simulators' configuration (format: `python -m simulators --example`)."""
    config = current.config().devices
    telescope = Telescope.objects.select_related("site").order_by("id").first()
    if telescope is None:
        return {}
    kinds = {"mount": "telescope", "plc": "plc", "weather1": "weather", "weather2": "weather", "focuser": "focuser",
             "sky": "sky",
             "catalogue": "cone_search", "control": "control", "dome": "dome"}  # fmt: skip
    devices: dict[str, Any] = {name: {"kind": kind, "port": simulated_port(name)} for name, kind in kinds.items()}
    devices["dome"]["travel_s"] = 60.0
    devices["plc"] |= {"roof": "dome", "heartbeat_loss_s": 30.0}
    for camera in Camera.objects.filter(on_telescope=telescope):
        devices[camera.name] = _camera(camera, telescope)
    return {
        "clock": _clock(),
        "host": "127.0.0.1",
        "site": _site(telescope.site),
        "seed": config.seed,
        "scenario": config.scenario,
        "devices": devices,
    }


def _infrared(camera: Camera) -> bool:
    return camera.channel == Camera.Channel.NIR


def _camera(camera: Camera, telescope: Telescope) -> dict[str, Any]:
    wheel = getattr(camera, "filter_wheel", None)
    filters = [slot.filter.name for slot in wheel.slots.select_related("filter").order_by("position")] if wheel else []
    return {
        "kind": "camera",
        "port": simulated_port(camera.name),
        "filters": filters,
        "width": camera.width_px,
        "height": camera.height_px,
        "scale_arcsec": camera.pixel_scale_arcsec,
        "readout_s": camera.readout_s,
        "gain_e_adu": camera.gain_e_adu,
        "read_noise_e": camera.read_noise_e,
        "dark_e_s": camera.dark_current_e_s,
        "full_well_e": camera.gain_e_adu * camera.saturation_adu,
        "cooler": {"greatest_drop_c": 110.0},  # a cryocooler: every set point can be reached
        "mount": "mount", "roof": "dome", "plc": "plc", "focuser": "focuser", "sky": "sky",
    }  # fmt: skip


def bin_detectors(side_px: int = SIMULATED_BINNING_PX) -> None:
    """Bin every detector of this database to a square of `side_px` over the same field (simulations only).

    A binned pixel holds the charge of all it is made of: gain and well grow with their number, read noise with its
    root. The infrared detector sums ramps, which extends its well further.
    """
    for camera in Camera.objects.select_related("on_telescope"):
        factor = camera.width_px / side_px
        field_arcsec = camera.on_telescope.field_of_view_arcmin * 60
        camera.width_px = camera.height_px = side_px
        camera.pixel_scale_arcsec = round(field_arcsec / side_px, 4)
        camera.gain_e_adu = INFRARED_BINNED_GAIN_E_ADU if _infrared(camera) else camera.gain_e_adu * factor**2
        camera.read_noise_e *= factor
        camera.save()


def _clock() -> dict[str, str]:
    file = current.shared_clock_file()
    return {"kind": "real"} if file is None else {"kind": "shared", "path": str(file)}


def _site(site: Site) -> dict[str, Any]:
    return {
        "name": site.name,
        "latitude_deg": site.latitude_deg,
        "longitude_deg": site.longitude_deg,
        "elevation_m": site.elevation_m,
    }


def _address(device: Device) -> dict[str, Any]:
    return {"name": device.name, "host": device.host, "port": device.port}


def _write(path: Path, document: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(document, indent=1))
    temporary.replace(path)
