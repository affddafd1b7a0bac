#!/usr/bin/env python3
"""The sparse Matérn field under refinement of a sphere, for the table in docs/sparse-field.md.

Usage: python3 scripts/refinement.py SEXTANT FOLDER
Writes icospheres of 642, 2562 and 10242 vertices with the same 256 noisy observations of a smooth field (xy + 0.3z) and of a rough one
(drawn from the equations of smoothness 1 on the finest), fills them by `sparse-matern`, and prints the table in Markdown.
Needs numpy and scipy.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy
import scipy.sparse
import scipy.sparse.linalg

program, folder = sys.argv[1], Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)


def icospheres(finest):
    """Vertices and triangles of each level; the vertices of a level are the first of the next."""
    g = (1 + 5**0.5) / 2
    vertices = [(-1, g, 0), (1, g, 0), (-1, -g, 0), (1, -g, 0), (0, -1, g), (0, 1, g)]
    vertices += [(0, -1, -g), (0, 1, -g), (g, 0, -1), (g, 0, 1), (-g, 0, -1), (-g, 0, 1)]
    vertices = [numpy.array(v) / numpy.linalg.norm(v) for v in vertices]
    faces = [(0, 11, 5), (0, 5, 1), (0, 1, 7), (0, 7, 10), (0, 10, 11), (1, 5, 9), (5, 11, 4), (11, 10, 2), (10, 7, 6), (7, 1, 8)]
    faces += [(3, 9, 4), (3, 4, 2), (3, 2, 6), (3, 6, 8), (3, 8, 9), (4, 9, 5), (2, 4, 11), (6, 2, 10), (8, 6, 7), (9, 8, 1)]
    yield numpy.array(vertices), numpy.array(faces)
    for _ in range(finest):
        middles, finer = {}, []

        def middle(a, b):
            key = (min(a, b), max(a, b))
            if key not in middles:
                place = vertices[a] + vertices[b]
                vertices.append(place / numpy.linalg.norm(place))
                middles[key] = len(vertices) - 1
            return middles[key]

        for a, b, c in faces:
            x, y, z = middle(a, b), middle(b, c), middle(c, a)
            finer += [(a, x, z), (b, y, x), (c, z, y), (x, y, z)]
        faces = finer
        yield numpy.array(vertices), numpy.array(faces)


def rough_field(vertices, faces, random):
    count, areas, rows, columns, values = len(vertices), numpy.zeros(len(vertices)), [], [], []
    for face in faces:
        p = vertices[face]
        areas[face] += numpy.linalg.norm(numpy.cross(p[1] - p[0], p[2] - p[0])) / 6
        for k in range(3):
            i, j, corner = face[k], face[(k + 1) % 3], face[(k + 2) % 3]
            a, b = vertices[i] - vertices[corner], vertices[j] - vertices[corner]
            cotangent = a @ b / numpy.linalg.norm(numpy.cross(a, b)) / 2
            rows += [i, j]
            columns += [j, i]
            values += [-cotangent, -cotangent]
    stiffness = scipy.sparse.csr_matrix((values, (rows, columns)), (count, count))
    stiffness = stiffness - scipy.sparse.diags(numpy.asarray(stiffness.sum(1)).ravel())
    equations = scipy.sparse.diags(8 / (0.25**2 * areas.sum()) * areas) + stiffness
    return scipy.sparse.linalg.spsolve(equations.tocsc(), numpy.sqrt(areas) * random.normal(size=count))


def write(path, vertices, faces, values):
    header = f"ply\nformat ascii 1.0\nelement vertex {len(vertices)}\n"
    header += "".join(f"property double {axis}\n" for axis in "xyz") + "property float v\n"
    header += f"element face {len(faces)}\nproperty list uchar int vertex_indices\nend_header\n"
    rows = ["%.12f %.12f %.12f " % tuple(p) + ("nan" if numpy.isnan(v) else "%.6f" % v) for p, v in zip(vertices, values)]
    path.write_text(header + "\n".join(rows) + "\n" + "\n".join("3 %d %d %d" % tuple(f) for f in faces) + "\n")


def read(path, count):
    data = path.read_bytes()
    end = data.index(b"end_header\n") + len(b"end_header\n")
    kinds, element, columns = {"float": "<f4", "double": "<f8", "uchar": "u1"}, "", []
    for words in (line.split() for line in data[:end].decode().splitlines()):
        element = words[1] if words[0] == "element" else element
        if words[0] == "property" and element == "vertex":
            columns.append((words[-1], kinds[words[1]]))
    table = numpy.frombuffer(data, numpy.dtype(columns), count, end)
    return table["v_mean"].astype(float), table["v_spread"].astype(float)


random = numpy.random.default_rng(1)
meshes = list(icospheres(5))[3:]
x, y, z = meshes[-1][0].T
fields = {"rough": rough_field(*meshes[-1], random), "smooth": x * y + 0.3 * z}
observed, errors = random.choice(642, 256, replace=False), random.normal(size=256)
print("| field | vertices | smoothness | spread at the same 642 places | RMSE there | s |\n|---|---:|---:|---:|---:|---:|")
for name in ["smooth", "rough"]:
    truth = (fields[name] - fields[name].mean()) / fields[name].std()
    for vertices, faces in meshes:
        values = numpy.full(len(vertices), numpy.nan)
        values[observed] = truth[observed] + 0.13 * errors
        source, output = folder / f"{name}-{len(vertices)}.ply", folder / "filled.ply"
        write(source, vertices, faces, values)
        start = time.time()
        command = [program, "impute", source, "--property", "v", "--method", "sparse-matern", "--noise", "0.13", "--check", "0"]
        command += ["--samples", "0", "--output", output, "--overwrite", "--json"]
        answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        seconds = time.time() - start
        mean, spread = read(output, len(vertices))
        error = numpy.sqrt(((mean - truth[: len(vertices)])[:642] ** 2).mean())
        smoothness = answer["diagnostics"].get("smoothness", 1)
        print(f"| {name} | {len(vertices)} | {smoothness:.0f} | {spread[:642].mean():.4f} | {error:.4f} | {seconds:.1f} |")
