"""Small GIFTI and FreeSurfer files, written and read again by nibabel, and what they hold, for CorticalFileTests.

Usage: python cortical_surfaces.py Tests/SextantGeometryTests/Fixtures/cortex
Needs numpy and nibabel.
"""

import json
import pathlib
import sys

import nibabel
import numpy

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
generator = numpy.random.default_rng(5)

golden = (1 + 5**0.5) / 2
positions = numpy.array(
    [[s * a, t * golden * a, 0] for a in [1.0] for s in (-1, 1) for t in (-1, 1)]
    + [[0, s, t * golden] for s in (-1, 1) for t in (-1, 1)]
    + [[s * golden, 0, t] for s in (-1, 1) for t in (-1, 1)],
    dtype="float32",
) + generator.normal(scale=0.02, size=(12, 3)).astype("float32")
distances = numpy.linalg.norm(positions[:, None] - positions[None], axis=2)
near = distances < 2.4
faces = [
    [i, j, k] for i in range(12) for j in range(i + 1, 12) for k in range(j + 1, 12) if near[i, j] and near[j, k] and near[i, k]
]
faces = numpy.array(
    [f if numpy.dot(numpy.cross(positions[f[1]] - positions[f[0]], positions[f[2]] - positions[f[0]]), positions[f].sum(axis=0)) > 0
     else [f[0], f[2], f[1]] for f in faces], dtype="int32")
assert len(faces) == 20
thickness = (2.5 + generator.normal(size=12)).astype("float32")
thickness[:2] = 0
series = generator.normal(size=(3, 12)).astype("float32")
labels = numpy.array([0, 0, 1, 1, 1, 2, 2, 2, 2, 1, 1, 2], dtype="int32")
names = ["unknown", "front lobe", "back"]

G = nibabel.gifti
codes = {"ASCII": "text", "B64BIN": "base64", "B64GZ": "zlib"}


def image(arrays, table=None):
    return G.GiftiImage(darrays=arrays, labeltable=table)


def array(values, intent, encoding, name=None, **options):
    meta = G.GiftiMetaData({"Name": name}) if name else None
    return G.GiftiDataArray(values, intent=intent, encoding=f"GIFTI_ENCODING_{encoding}", meta=meta, **options)


for encoding, word in codes.items():
    surface = [array(positions, "NIFTI_INTENT_POINTSET", encoding), array(faces, "NIFTI_INTENT_TRIANGLE", encoding)]
    nibabel.save(image(surface), folder / f"{word}.surf.gii")
    nibabel.save(image([array(thickness, "NIFTI_INTENT_SHAPE", encoding, "thickness")]), folder / f"{word}.shape.gii")
nibabel.save(
    image([array(positions, "NIFTI_INTENT_POINTSET", "B64BIN", endian="big"), array(faces, "NIFTI_INTENT_TRIANGLE", "B64BIN", endian="big"),
           array(thickness, "NIFTI_INTENT_SHAPE", "B64BIN", "thickness", endian="big")]), folder / "both.gii")
nibabel.save(
    image([array(row, "NIFTI_INTENT_TIME_SERIES", "B64GZ") for row in series]), folder / "series.func.gii")
table = G.GiftiLabelTable()
for key, name in enumerate(names):
    label = G.GiftiLabel(key=key, red=0.1 * key, green=0.2, blue=0.3, alpha=1)
    label.label = name
    table.labels.append(label)
nibabel.save(image([array(labels, "NIFTI_INTENT_LABEL", "B64GZ")], table), folder / "parts.label.gii")

F = nibabel.freesurfer
F.write_geometry(str(folder / "lh.white"), positions, faces, create_stamp="made for tests")
F.write_morph_data(str(folder / "lh.thickness"), thickness, fnum=len(faces))
F.write_annot(
    str(folder / "lh.parts.annot"), labels, numpy.array([[10, 20, 30, 0], [40, 50, 60, 0], [70, 80, 90, 0]]), names, fill_ctab=True)
rows = "".join(f"{v}  0.0  0.0  0.0 0.0\n" for v in range(2, 12))
(folder / "lh.cortex.label").write_text(f"#!ascii label  , from subject made for tests\n10\n{rows}")

# What nibabel reads.
coordinates, triangles = F.read_geometry(str(folder / "lh.white"))
for word in codes.values():
    surface = nibabel.load(folder / f"{word}.surf.gii")
    assert numpy.allclose(surface.agg_data("pointset"), coordinates, atol=1e-5)
numbers, _, found = F.read_annot(str(folder / "lh.parts.annot"))
expected = {
    "positions": coordinates.tolist(),
    "triangles": triangles.tolist(),
    "thickness": F.read_morph_data(str(folder / "lh.thickness")).tolist(),
    "series": [a.data.tolist() for a in nibabel.load(folder / "series.func.gii").darrays],
    "labels": numbers.tolist(),
    "names": [n.decode() for n in found],
    "cortex": F.read_label(str(folder / "lh.cortex.label")).tolist(),
}
(folder / "expected.json").write_text(json.dumps(expected))
