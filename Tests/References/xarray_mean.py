"""A variable as xarray reads it, in the order time, latitude, longitude: python xarray_mean.py FILE VARIABLE."""

import json
import sys

import xarray

with xarray.open_dataset(sys.argv[1]) as dataset:
    variable = dataset[sys.argv[2]].transpose("time", "latitude", "longitude")
    assert {"height", "month", "realization", "quantile"} <= set(dataset.coords), dataset
    print(json.dumps(variable.values.reshape(-1).tolist()))
