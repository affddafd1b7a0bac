"""Observations at places in the forms of CF's discrete sampling geometries and as a table, written by netCDF4-python, with
what they hold by this script's own bookkeeping; and bilinear interpolation by SciPy.

Usage: python points.py FOLDER
Writes FOLDER/{orthogonal,incomplete,contiguous,indexed,nested,point}.nc, FOLDER/table.csv.gz and FOLDER/points.json.
"""

import gzip
import json
import sys
from pathlib import Path

import netCDF4
import numpy
from scipy.interpolate import RegularGridInterpolator

folder = Path(sys.argv[1])
random = numpy.random.default_rng(7)

# Five stations, four times six hours apart; some stations miss some times.
stations = [(50.5, 8.25), (-33.75, 151.5), (64.0, -21.875), (0.0, 179.5), (35.25, -106.5)]
hours = [0.0, 6.0, 12.0, 18.0]
present = [[0, 1, 2, 3], [0, 2], [1, 2, 3], [0, 3], [0, 1, 2, 3]]
values = {(s, t): float(numpy.float32(280 + 5 * random.standard_normal())) for s in range(5) for t in present[s]}
units = "hours since 2001-03-01 00:00:00"


def create(name, kind):
    dataset = netCDF4.Dataset(folder / f"{name}.nc", "w", format="NETCDF3_CLASSIC")
    dataset.featureType = kind
    dataset.Conventions = "CF-1.8"
    return dataset


def places(dataset, dimension, which):
    for name, place, text in [("lat", 0, "degrees_north"), ("lon", 1, "degrees_east")]:
        variable = dataset.createVariable(name, "f8", (dimension,))
        variable.units = text
        variable[:] = [stations[s][place] for s in which]


def times(dataset, dimensions, numbers):
    variable = dataset.createVariable("time", "f8", dimensions, fill_value=-1e30)
    variable.units = units
    variable.standard_name = "time"
    variable[:] = numbers


def observed(dataset, dimensions, numbers):
    variable = dataset.createVariable("tas", "f4", dimensions, fill_value=-999.0)
    variable.units = "K"
    variable.coordinates = "time lat lon"
    variable[:] = numbers


with create("orthogonal", "timeSeries") as d:
    d.createDimension("station", 5), d.createDimension("time", 4)
    places(d, "station", range(5))
    times(d, ("time",), hours)
    observed(d, ("station", "time"), [[values.get((s, t), -999.0) for t in range(4)] for s in range(5)])

with create("incomplete", "timeSeries") as d:
    d.createDimension("station", 5), d.createDimension("obs", 4)
    places(d, "station", range(5))
    times(d, ("station", "obs"), [[hours[p] for p in present[s]] + [-1e30] * (4 - len(present[s])) for s in range(5)])
    observed(d, ("station", "obs"), [[values[s, p] for p in present[s]] + [-999.0] * (4 - len(present[s])) for s in range(5)])

flat = [(s, t) for s in range(5) for t in present[s]]
with create("contiguous", "timeSeries") as d:
    d.createDimension("station", 5), d.createDimension("obs", len(flat))
    places(d, "station", range(5))
    count = d.createVariable("row_size", "i4", ("station",))
    count.sample_dimension = "obs"
    count[:] = [len(p) for p in present]
    times(d, ("obs",), [hours[t] for _, t in flat])
    observed(d, ("obs",), [values[o] for o in flat])

mixed = [flat[i] for i in random.permutation(len(flat))]
with create("indexed", "timeSeries") as d:
    d.createDimension("station", 5), d.createDimension("obs", len(flat))
    places(d, "station", range(5))
    index = d.createVariable("station_index", "i4", ("obs",))
    index.instance_dimension = "station"
    index[:] = [s for s, _ in mixed]
    times(d, ("obs",), [hours[t] for _, t in mixed])
    observed(d, ("obs",), [values[o] for o in mixed])

# Profiles of one level at stations: observations of profiles of stations.
with create("nested", "timeSeriesProfile") as d:
    d.createDimension("station", 5), d.createDimension("profile", len(mixed)), d.createDimension("obs", len(mixed))
    places(d, "station", range(5))
    index = d.createVariable("station_index", "i4", ("profile",))
    index.instance_dimension = "station"
    index[:] = [s for s, _ in mixed]
    count = d.createVariable("row_size", "i4", ("profile",))
    count.sample_dimension = "obs"
    count[:] = [1] * len(mixed)
    times(d, ("profile",), [hours[t] for _, t in mixed])
    observed(d, ("obs",), [values[o] for o in mixed])

with create("point", "point") as d:
    d.createDimension("obs", len(mixed))
    places(d, "obs", [s for s, _ in mixed])
    times(d, ("obs",), [hours[t] for _, t in mixed])
    observed(d, ("obs",), [values[o] for o in mixed])

rows = ["site,Lat,Lon,time,tas [K],tas_error [K]"]
rows += [f"s{s},{stations[s][0]},{stations[s][1]},2001-03-01 {int(hours[t]):02d}:00,{values[s, t]!r},0.5" for s, t in mixed]
with gzip.GzipFile(folder / "table.csv.gz", "w", mtime=0) as file:
    file.write(("\n".join(rows) + "\n").encode())

# Interpolation from a regional grid; places outside of it are null.
latitudes, longitudes = numpy.arange(20.0, 61.0, 4.0), numpy.arange(-20.0, 41.0, 5.0)
field = numpy.cos(numpy.radians(latitudes))[:, None] * 30 + 3 * numpy.sin(numpy.radians(3 * longitudes))[None, :]
wanted = numpy.column_stack([random.uniform(10, 70, 40), random.uniform(-40, 60, 40)])
inside = (wanted[:, 0] >= 20) & (wanted[:, 0] <= 60) & (wanted[:, 1] >= -20) & (wanted[:, 1] <= 40)
# Half a cell around the grid belongs to its outermost vertices: keep away from there.
margin = ((wanted[:, 0] < 17.9) | (wanted[:, 0] > 62.1) | (wanted[:, 1] < -22.6) | (wanted[:, 1] > 42.6)) | inside
wanted, inside = wanted[margin], inside[margin]
interpolate = RegularGridInterpolator((latitudes, longitudes), field)
expected = [float(interpolate(place)[0]) if flag else None for place, flag in zip(wanted, inside)]

record = {
    "stations": stations,
    "times": [f"2001-03-01T{int(h):02d}:00:00" for h in hours],
    "values": [[values.get((s, t)) for s in range(5)] for t in range(4)],
    "grid": {"latitudes": latitudes.tolist(), "longitudes": longitudes.tolist(), "values": field.ravel().tolist()},
    "places": wanted.tolist(),
    "interpolated": expected,
}
(folder / "points.json").write_text(json.dumps(record))
