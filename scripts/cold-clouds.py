#!/usr/bin/env python3
"""Gaps that depend on the value: ERA5 of the United Kingdom under clouds that form where it is cold.

Writes uk-0.nc, uk-0.3.nc and uk-1.nc into the folder of the first argument: the temperature with a noise of 0.3 K, of which 61 %
is hidden where a smooth random field (four steps and four cells wide) minus STRENGTH standardised anomalies is largest. What is
learned from them: docs/results.md, "What gaps that depend on the value do". Needs NumPy and netCDF4.
"""

import os
import sys

import netCDF4
import numpy as np

SHARE, NOISE, WIDTH = 0.61, 0.3, 4


def smooth(shape, random):
    """A field of white noise under a Gaussian kernel, with unit variance."""
    frequencies = np.meshgrid(*[np.fft.fftfreq(count) for count in shape], indexing="ij")
    kernel = np.exp(-2 * np.pi**2 * WIDTH**2 * sum(f**2 for f in frequencies))
    field = np.real(np.fft.ifftn(np.fft.fftn(random.standard_normal(shape)) * kernel))
    return field / field.std()


def copy(source, path, values):
    """The file `source` with other values of t2m."""
    with netCDF4.Dataset(path, "w") as out:
        for name, dimension in source.dimensions.items():
            out.createDimension(name, len(dimension))
        for name, variable in source.variables.items():
            is_field = name == "t2m"
            own = out.createVariable(
                name, "f4" if is_field else variable.dtype, variable.dimensions,
                **({"fill_value": np.float32(-9999)} if is_field else {}))
            left_out = ("_FillValue", "scale_factor", "add_offset", "missing_value")
            own.setncatts({key: variable.getncattr(key) for key in variable.ncattrs() if key not in left_out})
            own[:] = np.ma.masked_invalid(values) if is_field else variable[:]


def main():
    folder = sys.argv[1]
    random = np.random.default_rng(7)
    with netCDF4.Dataset(os.environ["SEXTANT_DATA"] + "/era5/era5_t2m_uk_hourly_2019-03.nc") as source:
        truth = np.asarray(source["t2m"][:], dtype="f8")
        anomalies = truth - truth.mean(0)
        clouds = smooth(truth.shape, random)
        for strength in (0, 0.3, 1):
            height = clouds - strength * anomalies / anomalies.std()
            hidden = height > np.quantile(height, 1 - SHARE)
            values = truth + random.normal(0, NOISE, truth.shape)
            values[hidden] = np.nan
            copy(source, f"{folder}/uk-{strength}.nc", values)
            print(f"uk-{strength}.nc: what is seen is {anomalies[~hidden].mean():+.2f} K from all")


if __name__ == "__main__":
    main()
