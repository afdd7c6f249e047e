"""Plate solution: where a frame points, from its stars, a catalogue and a pointing hint.

Triangles of the brightest stars give hypotheses; the most voted are verified with many more stars, and one is accepted
only when that many coincidences by chance are out of the question. The work is bounded: no field takes seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .arrays import Indices
from .catalogue import CatalogueStars
from .errors import HeaderError
from .frame import Header, number
from .outcome import Failure, FailureCode
from .plate_fit import PlateFit, chance_log10, refine
from .sources import SourceFlag, Sources
from .sphere import to_plane
from .triangles import Complex, Similarities, form_triangles, rank_by_votes, similarities
from .wcs import TanWcs

MINIMUM_STARS = 5
LEVELS = ((12, 75), (20, 75), (30, 75))
"""Brightest stars of the image that form triangles, and the most of the catalogue; tried in turn."""
WIDE_LEVEL = (16, 140)
"""Tried last where the pointing is much less certain than the field is wide: slower (some 0.5 s), but bounded."""
WIDE_AREA_RATIO = 5.0
VERIFIED_SOURCES = 150
VERIFIED_HYPOTHESES = 12
RATIO_TOLERANCE = 0.004
CHANCE_LOG10 = -6.0
"""A solution is accepted when chance would give as good a one less than once in a million fields."""
RELAXED_SCALE = 1.0
"""When nothing fits, the scale may be wrong: half to twice the hint is tried, to be able to say so."""
SCALE_CHECK_LEVELS = ((12, 75),)


@dataclass(frozen=True)
class Hint:
    """What is known beforehand."""

    ra_deg: float
    dec_deg: float
    scale_arcsec_px: float
    width_px: int
    height_px: int
    pointing_error_deg: float = 0.25
    scale_tolerance: float = 0.05
    """Relative: 0.05 is ± 5 %."""

    @property
    def diagonal_px(self) -> float:
        return float(np.hypot(self.width_px, self.height_px))

    @property
    def radius_deg(self) -> float:
        """Of the circle that holds the frame wherever it points within the error."""
        half = 0.5 * self.diagonal_px * self.scale_arcsec_px / 3600.0
        return half * (1.0 + self.scale_tolerance) + self.pointing_error_deg


@dataclass(frozen=True)
class Solution:
    """An accepted plate solution."""

    wcs: TanWcs
    n_stars: int
    rms_arcsec: tuple[float, float]
    """Of the matched stars, along RA (times cos Dec) and Dec."""
    rms_px: float
    chance_log10: float
    """Decimal logarithm of the probability that a wrong solution would look as good."""
    centre_deg: tuple[float, float]
    """RA and Dec of the middle of the frame."""
    pointing_offset_arcsec: float
    """From the hint to the centre of the frame."""
    source_rows: Indices
    """Rows of the sources that were matched …"""
    catalogue_rows: Indices
    """… with these rows of the catalogue."""

    def cards(self) -> dict[str, object]:
        """Header keywords."""
        return self.wcs.cards() | {
            "WCSERR": 0,
            "ASTRRMS1": round(self.rms_arcsec[0], 4), "ASTRRMS2": round(self.rms_arcsec[1], 4),
            "ASTNSTAR": self.n_stars,
        }  # fmt: skip


def solve(sources: Sources, catalogue: CatalogueStars, hint: Hint) -> Solution | Failure:
    """Find the tangent-plane solution of a frame.

    Failures: `too_few_sources`, `too_few_catalogue_stars`, `scale_outside_hint` (with the scale that fits),
    `no_match`. Never raises for a field that cannot be solved.
    """
    usable = np.flatnonzero(~sources.has(SourceFlag.SHARP | SourceFlag.BAD_PIXELS) & np.isfinite(sources.flux_e))
    if len(usable) < MINIMUM_STARS:
        return Failure(
            FailureCode.TOO_FEW_SOURCES,
            f"too few stars: {len(usable)} usable sources in the frame, {MINIMUM_STARS} are needed",
        )
    xi, eta = to_plane(catalogue.ra_deg, catalogue.dec_deg, hint.ra_deg, hint.dec_deg)
    with np.errstate(invalid="ignore"):
        near = np.flatnonzero(np.hypot(xi, eta) <= np.tan(np.radians(min(hint.radius_deg, 80.0))) * 57.29577951308232)
    if len(near) < MINIMUM_STARS:
        return Failure(
            FailureCode.TOO_FEW_CATALOGUE_STARS,
            f"too few stars: the catalogue has {len(near)} within {hint.radius_deg:.3f} deg of the hint, "
            f"{MINIMUM_STARS} are needed; use a deeper catalogue",
        )
    mag = catalogue.mag[near]
    near = near[np.argsort(np.where(np.isfinite(mag), mag, np.inf), kind="stable")]
    search = _Search(sources, usable, catalogue, near, hint)
    levels = (*LEVELS, WIDE_LEVEL) if search.area_ratio > WIDE_AREA_RATIO else LEVELS
    solution = search.run(hint.scale_tolerance, levels)
    if solution is not None:
        return solution
    relaxed = search.run(RELAXED_SCALE, SCALE_CHECK_LEVELS)
    if relaxed is not None and not search.scale_within_hint(relaxed):
        return Failure(
            FailureCode.SCALE_OUTSIDE_HINT,
            f"the stars fit a scale of {relaxed.wcs.scale_arcsec_px:.4f} arcsec/px, the hint says "
            f"{hint.scale_arcsec_px:.4f} ± {100 * hint.scale_tolerance:g} %; correct the focal length or the binning",
        )
    return Failure(
        FailureCode.NO_MATCH,
        f"{len(usable)} sources and {len(near)} catalogue stars within {hint.radius_deg:.3f} deg of "
        f"({hint.ra_deg:.4f}, {hint.dec_deg:+.4f}) do not match at {hint.scale_arcsec_px:.3f} arcsec/px; "
        "check the pointing, the catalogue and whether the sky was clear",
    )


def hint_from_header(
    header: Header, shape: tuple[int, int], *, pointing_error_deg: float = 0.25, scale_tolerance: float = 0.05
) -> Hint | Failure:
    """A hint from the header: its WCS, or a pointing (RA and DEC, OBJCTRA and OBJCTDEC) and a scale.

    Scale: SCALE, PIXSCALE or SECPIX (arcsec/px), or FOCALLEN (mm) with XPIXSZ (micrometres, binned pixel).
    """
    height, width = shape
    try:
        wcs = TanWcs.from_header(header)
        if wcs is not None:
            ra, dec = wcs.to_sky((width - 1) / 2.0, (height - 1) / 2.0)
            pointing: tuple[float, float] | None = (float(ra), float(dec))
            scale: float | None = wcs.scale_arcsec_px
        else:
            pointing, scale = _pointing(header), _scale_arcsec_px(header)
    except HeaderError as error:
        return Failure(FailureCode.HEADER_INVALID, str(error))
    if pointing is None or scale is None:
        missing = "pointing (RA, DEC)" if pointing is None else "scale (PIXSCALE, or FOCALLEN and XPIXSZ)"
        return Failure(FailureCode.NO_HINT, f"the header gives no {missing}; add it or give a hint")
    return Hint(pointing[0], pointing[1], scale, width, height, pointing_error_deg, scale_tolerance)


class _Search:
    """One field: what stays the same from level to level."""

    def __init__(self, sources: Sources, usable: Indices, catalogue: CatalogueStars, near: Indices, hint: Hint) -> None:
        self.hint, self.usable, self.near = hint, usable, near
        self.verified = usable[:VERIFIED_SOURCES]
        self.x, self.y = sources.x[self.verified], sources.y[self.verified]
        self.weight = 1.0 / (sources.position_error_px[self.verified] ** 2 + 0.05**2)
        self.centre = complex((hint.width_px - 1) / 2.0, (hint.height_px - 1) / 2.0)
        self.image: Complex = (self.x + 1j * self.y) - self.centre
        area_deg2 = hint.width_px * hint.height_px * (hint.scale_arcsec_px / 3600.0) ** 2
        self.area_ratio = max(1.0, np.pi * hint.radius_deg**2 / area_deg2)
        # Far fainter stars than the frame's only add chances of coincidence.
        most = int(np.ceil(4 * max(len(self.verified), 20) * self.area_ratio))
        self.stars = near[:most]
        self.ra, self.dec = catalogue.ra_deg[self.stars], catalogue.dec_deg[self.stars]
        xi, eta = to_plane(self.ra, self.dec, hint.ra_deg, hint.dec_deg)
        self.sky: Complex = (xi + 1j * eta) * 3600.0 / hint.scale_arcsec_px  # pixels of the hinted scale

    def run(self, scale_tolerance: float, levels: tuple[tuple[int, int], ...]) -> Solution | None:
        previous = (0, 0)
        for level, most_stars in levels:
            n_image = min(level, len(self.image))
            n_sky = min(max(level, round(level * self.area_ratio)), most_stars, len(self.sky))
            if (n_image, n_sky) == previous:
                continue
            previous = (n_image, n_sky)
            for fit, tested in self._hypotheses(n_image, n_sky, scale_tolerance):
                solution = self._accept(fit, tested, scale_tolerance)
                if solution is not None:
                    return solution
        return None

    def scale_within_hint(self, solution: Solution) -> bool:
        ratio = solution.wcs.scale_arcsec_px / self.hint.scale_arcsec_px
        return bool(abs(np.log(ratio)) <= np.log1p(self.hint.scale_tolerance))

    def _hypotheses(self, n_image: int, n_sky: int, scale_tolerance: float) -> Iterator[tuple[PlateFit, int]]:
        image_points, sky_points = self.image[:n_image], self.sky[:n_sky]
        diagonal = self.hint.diagonal_px
        stretch = 1.0 + scale_tolerance
        maps = similarities(
            image_points,
            sky_points,
            form_triangles(image_points, 0.12 * diagonal, diagonal),
            form_triangles(sky_points, 0.12 * diagonal / stretch, diagonal * stretch),
            ratio_tolerance=RATIO_TOLERANCE,
            scale_tolerance=scale_tolerance,
        )
        reach_px = self.hint.pointing_error_deg * 3600.0 / self.hint.scale_arcsec_px
        inside = np.abs(maps.shift) <= 1.05 * reach_px + 0.02 * diagonal
        maps = Similarities(maps.scale_rotation[inside], maps.shift[inside], maps.flipped[inside])
        tolerance = max(3.0, 0.01 * diagonal)
        tested = max(len(maps), 1)
        for row in rank_by_votes(maps, (0j, self.centre), tolerance, VERIFIED_HYPOTHESES):
            start = self._wcs(complex(maps.scale_rotation[row]), complex(maps.shift[row]), bool(maps.flipped[row]))
            fit = refine(start, self.x, self.y, self.weight, self.ra, self.dec, self.centre, tolerance)
            if fit is not None:
                yield fit, tested

    def _wcs(self, scale_rotation: complex, shift: complex, flipped: bool) -> TanWcs:
        """The map from pixels (about the centre) to the hint's tangent plane, as a WCS at the hint's tangent point."""
        a = scale_rotation * self.hint.scale_arcsec_px / 3600.0
        sign = -1.0 if flipped else 1.0
        cd = np.array([[a.real, -sign * a.imag], [a.imag, sign * a.real]])
        offset = np.linalg.solve(cd, np.array([shift.real, shift.imag]) * self.hint.scale_arcsec_px / 3600.0)
        x0, y0 = self.centre.real - offset[0], self.centre.imag - offset[1]
        matrix = ((float(cd[0, 0]), float(cd[0, 1])), (float(cd[1, 0]), float(cd[1, 1])))
        return TanWcs(self.hint.ra_deg, self.hint.dec_deg, float(x0), float(y0), matrix)

    def _accept(self, fit: PlateFit, tested: int, scale_tolerance: float) -> Solution | None:
        n_matched = len(fit.image_rows)
        ratio = fit.wcs.scale_arcsec_px / self.hint.scale_arcsec_px
        if n_matched < MINIMUM_STARS or abs(np.log(ratio)) > np.log1p(scale_tolerance):
            return None
        # The stars that the frame can hold, and the sources that lie on the catalogue's part of the sky: all of them.
        x, y = fit.wcs.to_pixel(self.ra, self.dec)
        inside = (x > -0.5) & (x < self.hint.width_px - 0.5) & (y > -0.5) & (y < self.hint.height_px - 0.5)
        density = inside.sum() / (self.hint.width_px * self.hint.height_px)
        chance = chance_log10(n_matched, len(self.x), density, fit.radius_px) + np.log10(tested)
        if chance > CHANCE_LOG10:
            return None
        sky_ra, sky_dec = fit.wcs.to_sky(self.centre.real, self.centre.imag)
        xi, eta = to_plane(sky_ra, sky_dec, self.hint.ra_deg, self.hint.dec_deg)
        return Solution(
            fit.wcs, n_matched, fit.rms_arcsec, fit.rms_px, float(chance), (float(sky_ra), float(sky_dec)),
            float(np.hypot(xi, eta) * 3600.0),
            self.verified[fit.image_rows], self.stars[fit.sky_rows],
        )  # fmt: skip


def _pointing(header: Header) -> tuple[float, float] | None:
    for ra_key, dec_key in (("RA", "DEC"), ("OBJCTRA", "OBJCTDEC"), ("TELRA", "TELDEC"), ("CRVAL1", "CRVAL2")):
        ra, dec = header.get(ra_key), header.get(dec_key)
        if ra not in (None, "") and dec not in (None, ""):
            return _angle(ra, ra_key, hours_if_sexagesimal=True), _angle(dec, dec_key, hours_if_sexagesimal=False)
    return None


def _angle(value: object, keyword: str, *, hours_if_sexagesimal: bool) -> float:
    """Degrees from a number or from `hh mm ss` (colons allowed)."""
    words = str(value).replace(":", " ").split()
    try:
        numbers = [abs(float(word)) for word in words]
    except ValueError as error:
        raise HeaderError(f"{keyword} = {value!r} is no angle; give degrees or hh:mm:ss") from error
    if not 1 <= len(numbers) <= 3:
        raise HeaderError(f"{keyword} = {value!r} is no angle; give degrees or hh:mm:ss")
    unit = 15.0 if hours_if_sexagesimal and len(words) > 1 else 1.0
    degrees = unit * float(sum(n / 60.0**i for i, n in enumerate(numbers)))
    return -degrees if words[0].startswith("-") else degrees


def _scale_arcsec_px(header: Header) -> float | None:
    for keyword in ("PIXSCALE", "SCALE", "SECPIX", "SECPIX1"):
        stated = number(header, keyword)
        if stated:
            return abs(stated)
    focal_mm, pixel_um = number(header, "FOCALLEN"), number(header, "XPIXSZ")
    if focal_mm and pixel_um:
        return 206.264806 * pixel_um / focal_mm
    step_deg = number(header, "CDELT1")
    return abs(step_deg) * 3600.0 if step_deg else None


__all__ = ["Hint", "Solution", "hint_from_header", "solve"]
