"""Fields of NetCDF files as netCDF4-python reads them, for comparison with Sextant's reader.

Usage: python netcdf_fields.py FILE...
Prints JSON: {file: {variable: {"fields": [[valid count, sum, weighted sum, minimum, maximum], ...], "times": [text, ...]}}}.
Vertices are in the order latitude, longitude; the weights make that order matter.
"""

import json
import sys

import cftime
import netCDF4
import numpy


def horizontal(dataset, variable):
    """The names of the variable's latitude and longitude dimensions, or None."""
    found = {}
    for name in variable.dimensions:
        if name in dataset.variables:
            coordinate = dataset.variables[name]
            units = getattr(coordinate, "units", "").lower()
            for key, word in (("lat", "north"), ("lon", "east")):
                if word in units or name.lower().startswith(key):
                    found[key] = name
    return (found["lat"], found["lon"]) if len(found) == 2 else None


def times(dataset, variable, others):
    """ISO texts for the fields, where one time runs along one dimension, or a scalar one is named."""
    named = getattr(variable, "coordinates", "").split()
    for name in ["valid_time", "time"]:
        if name not in dataset.variables:
            continue
        time = dataset.variables[name]
        if " since " not in getattr(time, "units", ""):
            continue
        if not (time.dimensions == () and name in named or len(time.dimensions) == 1 and time.dimensions[0] in others):
            continue
        moments = cftime.num2date(
            numpy.ma.getdata(time[...]), time.units, getattr(time, "calendar", "standard"), only_use_cftime_datetimes=True)
        shape = [len(dataset.dimensions[d]) for d in others]
        if time.dimensions:
            axis = others.index(time.dimensions[0])
            moments = numpy.reshape(moments, [-1 if i == axis else 1 for i in range(len(others))])
        moments = numpy.broadcast_to(numpy.asarray(moments), shape).reshape(-1)
        return [m.strftime("%Y-%m-%dT%H:%M:%S") for m in moments]
    return None


def describe(path):
    result = {}
    with netCDF4.Dataset(path) as dataset:
        for name, variable in dataset.variables.items():
            grid = horizontal(dataset, variable)
            if grid is None or variable.dtype is str or variable.dtype.kind == "S":
                continue
            others = [d for d in variable.dimensions if d not in grid]
            order = [variable.dimensions.index(d) for d in others + list(grid)]
            values = numpy.ma.masked_invalid(numpy.ma.asarray(variable[...], dtype="float64"))
            values = values.transpose(order).reshape(-1, values.shape[order[-2]] * values.shape[order[-1]])
            weights = (numpy.arange(values.shape[1]) * 7919 % 1009) / 1009
            fields = []
            for field in values:
                valid = ~numpy.ma.getmaskarray(field)
                data = numpy.ma.getdata(field)[valid]
                fields.append([
                    int(valid.sum()), float(data.sum()), float((data * weights[valid]).sum()),
                    float(data.min()) if len(data) else 0.0, float(data.max()) if len(data) else 0.0])
            result[name] = {"fields": fields, "times": times(dataset, variable, others)}
    return result


print(json.dumps({path: describe(path) for path in sys.argv[1:]}))
