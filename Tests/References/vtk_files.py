"""Small VTK files in all encodings, written by VTK itself, and what they hold, for VTKReadingTests.

Usage: python vtk_files.py Tests/SextantGeometryTests/Fixtures/vtk
Needs numpy and vtk.
"""

import json
import pathlib
import sys

import numpy
import vtk
from vtk.util.numpy_support import numpy_to_vtk

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)

# A pyramid with a square base: four triangles and a quadrilateral.
positions = numpy.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0.5, 0.5, 0.75]])
polygons = [[0, 1, 4], [1, 2, 4], [2, 3, 4], [3, 0, 4], [0, 3, 2, 1]]
heat = numpy.array([0.1, 0.2, 0.3, numpy.nan, -1.5], dtype="float32")
count = numpy.array([1, 2, 3, 4, 70000], dtype="int64")
colours = numpy.array([[255, 0, 1], [2, 3, 4], [5, 6, 7], [8, 9, 10], [11, 12, 13]], dtype="uint8")
normals = numpy.array([[0, 0, 1], [0, 1, 0], [1, 0, 0], [0, 0, -1], [0, -1, 0]], dtype="float32")
quality = numpy.array([0.5, 0.25, 0.125, 0.0625, 1], dtype="float64")


def array(values, name):
    result = numpy_to_vtk(values, deep=True)
    result.SetName(name)
    return result


def fill(data):
    for values, name in [(heat, "heat"), (count, "count"), (colours, "colours")]:
        data.GetPointData().AddArray(array(values, name))
    data.GetPointData().SetNormals(array(normals, "normals"))
    data.GetCellData().AddArray(array(quality, "quality"))
    data.GetFieldData().AddArray(array(numpy.array([2.5]), "TimeValue"))
    return data


def points(kind="float32"):
    result = vtk.vtkPoints()
    result.SetDataType(vtk.VTK_FLOAT if kind == "float32" else vtk.VTK_DOUBLE)
    for position in positions:
        result.InsertNextPoint(position)
    return result


def surface():
    data = vtk.vtkPolyData()
    data.SetPoints(points())
    cells = vtk.vtkCellArray()
    for polygon in polygons:
        cells.InsertNextCell(len(polygon))
        for corner in polygon:
            cells.InsertCellPoint(corner)
    data.SetPolys(cells)
    return fill(data)


def grid(cells):
    data = vtk.vtkUnstructuredGrid()
    data.SetPoints(points())
    for kind, corners in cells:
        data.InsertNextCell(kind, len(corners), corners)
    return data


def write(writer, data, name, **settings):
    writer.SetInputData(data)
    writer.SetFileName(str(folder / name))
    for setting, value in settings.items():
        getattr(writer, f"Set{setting}")(value)
    assert writer.Write() == 1, name


for name, kind in [("text", vtk.VTK_ASCII), ("binary", vtk.VTK_BINARY)]:
    for version in [42, 51]:
        write(vtk.vtkPolyDataWriter(), surface(), f"{name}-{version}.vtk", FileType=kind, FileVersion=version)
modes = [("ascii", 0), ("binary", 1), ("appended", 2)]
for name, mode in modes:
    for packer in [None, vtk.vtkZLibDataCompressor()]:
        if mode == 0 and packer:
            continue
        for encoded in [0, 1]:
            if mode != 2 and encoded:
                continue
            # A block holds three numbers, so that arrays have several blocks and a shorter last one.
            file = f"{name}{'-base64' if encoded else ''}{'-zlib' if packer else ''}.vtp"
            writer = vtk.vtkXMLPolyDataWriter()
            writer.SetDataMode(mode)
            if mode == 2:
                writer.SetEncodeAppendedData(encoded)
            writer.SetHeaderTypeToUInt32() if packer else writer.SetHeaderTypeToUInt64()
            write(writer, surface(), file, Compressor=packer, BlockSize=24)
big = vtk.vtkXMLPolyDataWriter()
big.SetByteOrderToBigEndian()
big.SetDataModeToBinary()
write(big, surface(), "big-endian.vtp", Compressor=None)
kinds = {3: vtk.VTK_TRIANGLE, 4: vtk.VTK_QUAD}
write(
    vtk.vtkXMLUnstructuredGridWriter(), fill(grid([(kinds[len(p)], p) for p in polygons])), "surface.vtu", DataMode=1)
write(vtk.vtkUnstructuredGridWriter(), fill(grid([(kinds[len(p)], p) for p in polygons])), "surface-cells.vtk", FileType=2)
write(vtk.vtkXMLUnstructuredGridWriter(), grid([(vtk.VTK_PYRAMID, [0, 1, 2, 3, 4])]), "volume.vtu", DataMode=0)
mixed = grid([(vtk.VTK_PYRAMID, [0, 1, 2, 3, 4])] + [(kinds[len(p)], p) for p in polygons])
mixed.GetCellData().AddArray(array(numpy.concatenate([[-1], quality]), "quality"))
write(vtk.vtkXMLUnstructuredGridWriter(), mixed, "mixed.vtu", DataMode=0)

expected = {
    "positions": positions.tolist(),
    "polygons": polygons,
    "vertexProperties": {
        "heat": ["float32", [None if numpy.isnan(x) else float(x) for x in heat]],
        "count": ["int32", count.tolist()],
        **{c: ["uint8", colours[:, i].tolist()] for i, c in enumerate(["red", "green", "blue"])},
        **{c: ["float32", normals[:, i].tolist()] for i, c in enumerate(["nx", "ny", "nz"])},
    },
    "faceProperties": {"quality": ["float64", quality.tolist()]},
}
(folder / "expected.json").write_text(json.dumps(expected))
