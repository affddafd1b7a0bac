"""Robust Laplacians and their lowest eigenvalues by other programs, for SextantGeometryTests.

Usage: python surface.py > Tests/SextantGeometryTests/Fixtures/surface.json
Needs numpy, scipy and robust_laplacian (Sharp and Crane's own code).
"""

import json

import numpy
import robust_laplacian
import scipy.linalg
import scipy.spatial

generator = numpy.random.default_rng(11)


def book(pages):
    """Pages of 3 × 2 squares bound along one spine; the first page is filed the other way round."""
    vertices, faces = [[0, 0, 0.5 * i] for i in range(4)], []
    for page in range(pages):
        angle = 0.4 + 2 * numpy.pi * page / pages
        columns = [[0, 1, 2, 3]]
        for step in (1, 2):
            columns.append(list(range(len(vertices), len(vertices) + 4)))
            for i in range(4):
                wobble = generator.normal(scale=0.03, size=3)
                place = numpy.array([0.6 * step * numpy.cos(angle), 0.6 * step * numpy.sin(angle), 0.5 * i])
                vertices.append((place + wobble).tolist())
        for a, b in zip(columns, columns[1:]):
            for i in range(3):
                squares = [[a[i], b[i], b[i + 1]], [a[i], b[i + 1], a[i + 1]]]
                faces += [face[::-1] if page == 0 else face for face in squares]
    return vertices, faces


def torus():
    """A bent torus with long, thin triangles."""
    rows, columns = 12, 6
    vertices = []
    for i in range(rows):
        for j in range(columns):
            u, v = 2 * numpy.pi * (i + 0.5 * j) / rows, 2 * numpy.pi * j / columns
            radius = 1 + 0.4 * numpy.cos(v)
            vertices.append([2 * radius * numpy.cos(u), radius * numpy.sin(u), 0.4 * numpy.sin(v) + 0.2 * numpy.cos(2 * u)])
    faces = []
    for i in range(rows):
        for j in range(columns):
            wrap = j == columns - 1
            a, b = i * columns + j, (i + 1) % rows * columns + j
            shift = columns // 2 if wrap else 0
            c = (i + shift) % rows * columns + (j + 1) % columns
            d = (i + 1 + shift) % rows * columns + (j + 1) % columns
            faces += [[a, b, d], [a, d, c]]
    return vertices, faces


def ragged():
    """A bumpy open patch of random points, with obtuse triangles along its boundary."""
    points = generator.uniform(size=(60, 2)) * [2, 1]
    triangulation = scipy.spatial.Delaunay(points)
    heights = 0.3 * numpy.sin(3 * points[:, 0]) * points[:, 1] + 0.05 * generator.normal(size=60)
    return numpy.column_stack([points, heights]).tolist(), triangulation.simplices.tolist()


def flawed():
    """The patch with a triangle turned over, a flap, and one cut in two, with a triangle of no area beside it."""
    vertices, faces = ragged()
    vertices.append([0.9, 0.5, 0.6])
    faces = faces + [[faces[3][0], faces[3][1], len(vertices) - 1]]
    faces[8] = faces[8][::-1]
    a, b, c = faces[20]
    vertices.append((0.5 * (numpy.array(vertices[a]) + numpy.array(vertices[b]))).tolist())
    middle = len(vertices) - 1
    faces[20] = [a, middle, c]
    faces += [[middle, b, c], [a, b, middle]]
    return vertices, faces


def reference(name, vertices, faces):
    vertices, faces = numpy.array(vertices), numpy.array(faces)
    laplacian, mass = robust_laplacian.mesh_laplacian(vertices, faces)
    stiffness = laplacian.toarray()
    areas = mass.diagonal()
    eigenvalues = scipy.linalg.eigh(stiffness, numpy.diag(areas), eigvals_only=True)
    rows, columns = numpy.nonzero(numpy.triu(numpy.abs(stiffness) > 1e-12, 1))
    return {
        "name": name,
        "positions": vertices.tolist(),
        "triangles": faces.tolist(),
        "areas": areas.tolist(),
        "edges": numpy.column_stack([rows, columns]).tolist(),
        "weights": (-stiffness[rows, columns]).tolist(),
        "eigenvalues": eigenvalues[:12].tolist(),
    }


cases = [("book", *book(3)), ("torus", *torus()), ("ragged patch", *ragged()), ("flawed patch", *flawed())]


def rounded(value):
    if isinstance(value, float):
        return float(f"{value:.13g}")
    if isinstance(value, list):
        return [rounded(entry) for entry in value]
    if isinstance(value, dict):
        return {key: rounded(entry) for key, entry in value.items()}
    return value


print(json.dumps(rounded([reference(*case) for case in cases])))
