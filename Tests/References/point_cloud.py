"""The Laplacian of clouds of points by another program, for SextantGeometryTests.

Usage: python point_cloud.py > Tests/SextantGeometryTests/Fixtures/point_cloud.json
Needs numpy, scipy and robust_laplacian (Sharp and Crane's own code).
"""

import json

import numpy
import robust_laplacian
import scipy.linalg

generator = numpy.random.default_rng(23)


def sphere(count):
    """Points spread evenly over the unit sphere, and moved a little."""
    place = numpy.arange(count) + 0.5
    height, turn = 1 - 2 * place / count, numpy.pi * (1 + 5**0.5) * place
    radius = numpy.sqrt(1 - height**2)
    points = numpy.column_stack([radius * numpy.cos(turn), radius * numpy.sin(turn), height])
    points += 0.02 * generator.normal(size=points.shape)
    return points / numpy.linalg.norm(points, axis=1, keepdims=True)


def patch(count):
    """A bumpy open patch of random points."""
    points = generator.uniform(size=(count, 2)) * [2, 1]
    return numpy.column_stack([points, 0.2 * numpy.sin(3 * points[:, 0]) * points[:, 1]])


def reference(name, points):
    laplacian, mass = robust_laplacian.point_cloud_laplacian(points)
    areas = mass.diagonal()
    eigenvalues = scipy.linalg.eigh(laplacian.toarray(), numpy.diag(areas), eigvals_only=True)
    return {
        "name": name,
        "positions": [[float(f"{x:.9g}") for x in point] for point in points],
        "areas": [float(f"{x:.9g}") for x in areas],
        "eigenvalues": [float(f"{x:.9g}") for x in eigenvalues[:16]],
    }


print(json.dumps([reference("sphere", sphere(300)), reference("patch", patch(300))]))
