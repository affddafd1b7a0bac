#!/usr/bin/env python3
"""Synthetic stations from the set of global temperature models, for the row of stations in docs/results.md.

Usage: python3 scripts/stations.py DATA FOLDER
DATA is the folder of shared data. Writes FOLDER/truth.nc (24 months of the CCSM source, years 20 and 21, on the 46×90 grid) and
FOLDER/stations.nc (the same months at 60 places, uniform on the sphere, by bilinear interpolation, with noise of 1 K).
Needs numpy, scipy and netCDF4.
"""

import sys
from pathlib import Path

import netCDF4
import numpy
from scipy.interpolate import RegularGridInterpolator

data, folder = Path(sys.argv[1]), Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)
with netCDF4.Dataset(data / "models/global_model_temperature_4deg.nc") as source:
    own = numpy.flatnonzero((source["source"][:] == 1) & numpy.isin(source["year"][:], [20, 21]))
    fields = numpy.asarray(source["tas"][own], dtype=float)
    months = source["month"][own]
    latitudes, longitudes = numpy.asarray(source["latitude"][:], float), numpy.asarray(source["longitude"][:], float)

random = numpy.random.default_rng(1)
height, angle = random.uniform(-1, 1, 60), random.uniform(0, 360, 60)
places = numpy.column_stack([numpy.degrees(numpy.arcsin(height)), angle])
# The middles of the months of two years.
times = [(101 + i // 12) * 8766.0 + (float(m) - 0.5) * 730.5 for i, m in enumerate(months)]


def define(path, feature=None):
    dataset = netCDF4.Dataset(path, "w")
    dataset.Conventions = "CF-1.8"
    if feature:
        dataset.featureType = feature
    dataset.createDimension("time", len(own))
    time = dataset.createVariable("time", "f8", ("time",))
    time.units, time.standard_name = "hours since 1900-01-01", "time"
    time[:] = times
    return dataset


def coordinate(dataset, name, dimension, values, units):
    variable = dataset.createVariable(name, "f8", (dimension,))
    variable.units, variable.standard_name = units, name
    variable[:] = values


with define(folder / "truth.nc") as truth:
    for name, values, units in [("latitude", latitudes, "degrees_north"), ("longitude", longitudes, "degrees_east")]:
        truth.createDimension(name, len(values))
        coordinate(truth, name, name, values, units)
    tas = truth.createVariable("tas", "f4", ("time", "latitude", "longitude"))
    tas.units = "K"
    tas[:] = fields

with define(folder / "stations.nc", "timeSeries") as stations:
    stations.createDimension("station", 60)
    coordinate(stations, "latitude", "station", places[:, 0], "degrees_north")
    coordinate(stations, "longitude", "station", places[:, 1], "degrees_east")
    tas = stations.createVariable("tas", "f4", ("station", "time"))
    tas.units, tas.coordinates = "K", "latitude longitude"
    order = numpy.argsort(latitudes)
    wrapped = numpy.append(longitudes, longitudes[0] + 360)
    at = numpy.column_stack([places[:, 0], (places[:, 1] - longitudes[0]) % 360 + longitudes[0]])
    for i, field in enumerate(fields):
        periodic = numpy.hstack([field, field[:, :1]])[order]
        value = RegularGridInterpolator((latitudes[order], wrapped), periodic)(at)
        tas[:, i] = value + random.standard_normal(60)
