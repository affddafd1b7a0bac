"""The Laplacian of clouds of points by another program, for SextantGeometryTests.

Usage: python point_cloud.py > Tests/SextantGeometryTests/Fixtures/point_cloud.json
Needs numpy, scipy and robust_laplacian (Sharp and Crane's own code).
"""

import json

import numpy
import robust_laplacian
import scipy.linalg
import scipy.spatial

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


def star_area(points, neighbour_count=30):
    """A third of the area of the Delaunay triangles that each point makes with its nearest points in their plane, by SciPy."""
    neighbours = scipy.spatial.cKDTree(points).query(points, neighbour_count + 1)[1]
    total = 0
    for point, own in enumerate(neighbours):
        offsets = points[own] - points[point]
        plane = numpy.linalg.svd(offsets[1:])[2][:2]
        for a, b, c in scipy.spatial.Delaunay(offsets @ plane.T).simplices:
            if 0 in (a, b, c):
                total += numpy.linalg.norm(numpy.cross(offsets[b] - offsets[a], offsets[c] - offsets[a])) / 2
    return total / 3


def reference(name, points):
    laplacian, mass = robust_laplacian.point_cloud_laplacian(points)
    areas = mass.diagonal()
    eigenvalues = scipy.linalg.eigh(laplacian.toarray(), numpy.diag(areas), eigvals_only=True)
    return {
        "name": name,
        "positions": [[float(f"{x:.9g}") for x in point] for point in points],
        "starArea": star_area(points),
        "areas": [float(f"{x:.9g}") for x in areas],
        "eigenvalues": [float(f"{x:.9g}") for x in eigenvalues[:16]],
    }


print(json.dumps([reference("sphere", sphere(300)), reference("patch", patch(300))]))
