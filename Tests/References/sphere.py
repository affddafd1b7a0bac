"""Spherical harmonics, Gaussian quadrature, hulls and Voronoi areas by SciPy, for SextantGeometryTests.

Usage: python sphere.py > Tests/SextantGeometryTests/Fixtures/sphere.json
Real harmonics are sqrt(2) Re and sqrt(2) Im of SciPy's without the Condon-Shortley sign, in the order l*l + l + m.
"""

import json

import numpy
from scipy.spatial import ConvexHull, SphericalVoronoi
from scipy.special import sph_harm_y


def real_harmonic(degree, order, positions):
    colatitude = numpy.arccos(positions[:, 2])
    longitude = numpy.arctan2(positions[:, 1], positions[:, 0])
    value = sph_harm_y(degree, abs(order), colatitude, longitude) * (-1) ** order
    if order == 0:
        return value.real
    return numpy.sqrt(2) * (value.real if order > 0 else value.imag)


def fibonacci(count):
    index = numpy.arange(count)
    z = 1 - (2 * index + 1) / count
    angle = numpy.pi * (3 - numpy.sqrt(5)) * index
    radius = numpy.sqrt(1 - z * z)
    return numpy.stack([radius * numpy.cos(angle), radius * numpy.sin(angle), z], axis=1)


generator = numpy.random.default_rng(7)
positions = generator.normal(size=(6, 3))
positions /= numpy.linalg.norm(positions, axis=1, keepdims=True)
low = [[real_harmonic(l, m, positions[i : i + 1])[0] for l in range(7) for m in range(-l, l + 1)] for i in range(6)]
high = [
    {"degree": l, "order": m, "values": real_harmonic(l, m, positions).tolist()}
    for l, m in [(60, 0), (60, -17), (60, 60), (120, 3), (120, -90)]
]

lattice = fibonacci(100)
hull = ConvexHull(lattice)
random = generator.normal(size=(60, 3))
random /= numpy.linalg.norm(random, axis=1, keepdims=True)

nodes, weights = numpy.polynomial.legendre.leggauss(33)
print(
    json.dumps(
        {
            "positions": positions.tolist(),
            "harmonicsToDegree6": low,
            "harmonicsOfHighDegree": high,
            "fibonacci100Triangles": sorted(sorted(int(i) for i in t) for t in hull.simplices),
            "fibonacci100Areas": SphericalVoronoi(lattice).calculate_areas().tolist(),
            "randomPoints": random.tolist(),
            "randomTriangles": sorted(sorted(int(i) for i in t) for t in ConvexHull(random).simplices),
            "gauss33Nodes": nodes[::-1].tolist(),
            "gauss33Weights": weights[::-1].tolist(),
        }
    )
)
