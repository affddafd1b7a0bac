"""What other programs find in mesh files that Sextant wrote, as JSON, for MeshWritingTests.

Usage: python mesh_files.py FILE.ply|FILE.vtp
Needs numpy, plyfile and vtk.
"""

import json
import sys

import numpy


def summary(values):
    """The shape, the type and two sums that notice a changed order."""
    values = numpy.asarray(values)
    flat = values.astype(float).reshape(-1)
    weights = numpy.arange(1, flat.size + 1) % 7
    return {
        "shape": list(values.shape),
        "type": values.dtype.name,
        "sum": float(flat.sum()),
        "weighted": float((flat * weights).sum()),
    }


def read_ply(path):
    import plyfile

    data = plyfile.PlyData.read(path)
    vertex, face = data["vertex"], data["face"]
    names = [p.name for p in vertex.properties]
    points = numpy.stack([vertex[axis] for axis in "xyz"], axis=1)
    polygons = list(face["vertex_indices"]) if face.count else []
    return {
        "points": summary(points),
        "polygonSizes": [len(p) for p in polygons],
        "corners": summary(numpy.concatenate(polygons) if polygons else []),
        "pointArrays": {name: summary(vertex[name]) for name in names if name not in "xyz"},
        "cellArrays": {p.name: summary(face[p.name]) for p in face.properties if p.name != "vertex_indices"},
    }


def read_vtp(path):
    import vtk
    from vtk.util.numpy_support import vtk_to_numpy

    errors = []
    reader = vtk.vtkXMLPolyDataReader()
    reader.AddObserver("ErrorEvent", lambda *_: errors.append("error"))
    reader.SetFileName(path)
    reader.Update()
    if errors:
        sys.exit(f"{path}: VTK cannot read it")
    data = reader.GetOutput()

    def arrays(of):
        return {of.GetArrayName(i): summary(vtk_to_numpy(of.GetArray(i))) for i in range(of.GetNumberOfArrays())}

    cells, fields = data.GetPolys(), data.GetFieldData()
    offsets = vtk_to_numpy(cells.GetOffsetsArray())
    return {
        "points": summary(vtk_to_numpy(data.GetPoints().GetData())),
        "polygonSizes": numpy.diff(offsets).tolist(),
        "corners": summary(vtk_to_numpy(cells.GetConnectivityArray())),
        "pointArrays": arrays(data.GetPointData()),
        "cellArrays": arrays(data.GetCellData()),
        "fieldTexts": {
            fields.GetAbstractArray(i).GetName(): [
                fields.GetAbstractArray(i).GetValue(k) for k in range(fields.GetAbstractArray(i).GetNumberOfValues())
            ]
            for i in range(fields.GetNumberOfArrays())
        },
        "vertexCells": data.GetNumberOfVerts(),
        "normals": data.GetPointData().GetNormals().GetName() if data.GetPointData().GetNormals() else None,
    }


print(json.dumps(read_vtp(sys.argv[1]) if sys.argv[1].endswith(".vtp") else read_ply(sys.argv[1])))
