"""Triangle matching: which stars of an image are which stars of a catalogue, by the shapes that they form.

After Groth 1986 (AJ 91, 1244) and Valdes et al. 1995 (PASP 107, 1119), with the scale known within a hint: a triangle
is described by two ratios of sides and by its size.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np

from .arrays import Bools, Floats, Indices

MINIMUM_RATIO = 0.1
"""Shortest over longest side: slimmer triangles hardly fix a scale."""
MAXIMUM_HYPOTHESES = 20_000
Complex = np.ndarray
"""complex128: x + iy"""


@dataclass(frozen=True)
class Triangles:
    """Triangles of some points, their vertices in the order of the opposite sides, longest first."""

    vertices: Indices
    """(n, 3) indices of points"""
    longest: Floats
    ratios: Floats
    """(n, 2): middle and shortest side over the longest"""
    orientation: Floats
    """+1 where the ordered vertices turn counter-clockwise, else -1"""


@dataclass(frozen=True)
class Similarities:
    """Maps of the plane w = scale_rotation * z + shift, of the conjugate of z where `flipped`."""

    scale_rotation: Complex
    shift: Complex
    flipped: Bools

    def apply(self, z: complex) -> Complex:
        return np.asarray(self.scale_rotation * np.where(self.flipped, np.conj(z), z) + self.shift)

    def __len__(self) -> int:
        return len(self.flipped)


@lru_cache(maxsize=32)
def _triples(count: int) -> Indices:
    return np.array(list(combinations(range(count), 3)), dtype=np.intp).reshape(-1, 3)


def form_triangles(points: Complex, shortest_allowed: float, longest_allowed: float) -> Triangles:
    """All triangles of the points whose longest side lies between the two lengths."""
    triples = _triples(len(points))
    corners = points[triples]
    sides = np.abs(corners[:, [1, 2, 0]] - corners[:, [2, 0, 1]])  # side k is opposite to corner k
    order = np.argsort(-sides, axis=1)
    sides = np.take_along_axis(sides, order, axis=1)
    keep = (
        (sides[:, 0] >= shortest_allowed)
        & (sides[:, 0] <= longest_allowed)
        & (sides[:, 2] >= MINIMUM_RATIO * sides[:, 0])
    )
    vertices = np.take_along_axis(triples, order, axis=1)[keep]
    sides = sides[keep]
    first, second, third = points[vertices].T if len(vertices) else np.empty((3, 0), dtype=complex)
    turn = np.sign(np.imag(np.conj(second - first) * (third - first)))
    return Triangles(vertices, sides[:, 0], sides[:, 1:] / sides[:, :1], turn)


def similarities(
    image_points: Complex,
    sky_points: Complex,
    image: Triangles,
    sky: Triangles,
    *,
    ratio_tolerance: float,
    scale_tolerance: float,
) -> Similarities:
    """The maps from image to sky that make a triangle of one a triangle of the other."""
    from scipy.spatial import cKDTree

    nothing = np.empty(0, dtype=complex)
    if not len(image.vertices) or not len(sky.vertices):
        return Similarities(nothing, nothing, np.empty(0, dtype=bool))
    stretch = ratio_tolerance / np.log1p(scale_tolerance)  # so that one tolerance serves for the three coordinates

    def described(triangles: Triangles) -> Floats:
        return np.column_stack([triangles.ratios, np.log(triangles.longest) * stretch])

    pairs = cKDTree(described(image)).query_ball_tree(cKDTree(described(sky)), ratio_tolerance, p=np.inf)
    counts = np.array([len(found) for found in pairs])
    left = np.repeat(np.arange(len(pairs)), counts)[:MAXIMUM_HYPOTHESES]
    right = np.array([j for found in pairs for j in found], dtype=np.intp)[:MAXIMUM_HYPOTHESES]
    if not len(left):
        return Similarities(nothing, nothing, np.empty(0, dtype=bool))
    flipped = image.orientation[left] != sky.orientation[right]
    z = image_points[image.vertices[left]]
    z = np.where(flipped[:, None], np.conj(z), z)
    w = sky_points[sky.vertices[right]]
    z_mean, w_mean = z.mean(axis=1), w.mean(axis=1)
    dz, dw = z - z_mean[:, None], w - w_mean[:, None]
    scale_rotation = (np.conj(dz) * dw).sum(axis=1) / (np.abs(dz) ** 2).sum(axis=1)
    return Similarities(scale_rotation, w_mean - scale_rotation * z_mean, flipped)


def rank_by_votes(maps: Similarities, anchors: tuple[complex, complex], tolerance: float, most: int) -> Indices:
    """The maps on which most others agree, one of each group: they send both anchors to nearly the same places."""
    from scipy.spatial import cKDTree

    if not len(maps):
        return np.empty(0, dtype=np.intp)
    a, b = maps.apply(anchors[0]), maps.apply(anchors[1])
    # A flipped map is moved far away, so that it votes only with its like.
    places = np.column_stack([a.real, a.imag, b.real, b.imag, np.where(maps.flipped, 1e3 * tolerance, 0.0)])
    tree = cKDTree(places)
    votes = tree.query_ball_point(places, tolerance, return_length=True)
    chosen: list[int] = []
    taken = np.zeros(len(maps), dtype=bool)
    for candidate in np.argsort(-votes, kind="stable"):
        if taken[candidate]:
            continue
        chosen.append(int(candidate))
        if len(chosen) == most:
            break
        taken[tree.query_ball_point(places[candidate], tolerance)] = True
    return np.array(chosen, dtype=np.intp)
