#!/usr/bin/env python3
"""Rain and sea ice whose truth is known: files, fillings with and without a model, and the table of docs/results.md.

Needs numpy and netCDF4. Usage: scripts/rain-and-ice.py SEXTANT FOLDER
"""
import json
import subprocess
import sys

import netCDF4
import numpy as np

SEXTANT, FOLDER = sys.argv[1], sys.argv[2]
LAT, LON = np.arange(60.0, 40.0, -1), np.arange(0.0, 40.0)
RANDOM = np.random.default_rng(7)
FIELDS, ARCHIVE = 6, 200


def smooth(count, length=3.5):
    """Stationary Gaussian fields of deviation 1 (count×20×40), cut from periodic ones of twice the size."""
    ky, kx = np.fft.fftfreq(2 * len(LAT))[:, None], np.fft.fftfreq(2 * len(LON))[None]
    k = 2 * np.pi * length * np.hypot(ky, kx)
    amplitude = (1 + k**2) ** -1.25
    amplitude /= np.sqrt((amplitude**2).mean())
    white = RANDOM.normal(size=(count, 2 * len(LAT), 2 * len(LON)))
    return np.fft.ifft2(np.fft.fft2(white) * amplitude).real[:, : len(LAT), : len(LON)]


def rain(latent):
    """mm/day: dry below a threshold, and skewed above it."""
    return np.where(latent < 0.3, 0, 6 * np.expm1(1.1 * (latent - 0.3)))


def ice(latent):
    """The share of the sea that is ice: open water and closed ice are exact."""
    return np.clip(0.5 + 0.8 * latent, 0, 1)


CASES = {
    "rain": (rain, "pr", "mm/day", "lwe_precipitation_rate", 0.3, "pr=0..", "{min: 0}"),
    "ice": (ice, "siconc", "1", "sea_ice_area_fraction", 0.03, "siconc=0..1", "{min: 0, max: 1}"),
}


def write(path, name, units, standard_name, values, first):
    with netCDF4.Dataset(path, "w") as file:
        file.Conventions = "CF-1.8"
        for dimension, size in (("time", len(values)), ("lat", len(LAT)), ("lon", len(LON))):
            file.createDimension(dimension, size)
        time = file.createVariable("time", "f8", ("time",))
        time.units, time.standard_name = "days since 2000-01-01", "time"
        time[:] = first + np.arange(len(values))
        for axis, numbers, unit, standard in (("lat", LAT, "degrees_north", "latitude"), ("lon", LON, "degrees_east", "longitude")):
            variable = file.createVariable(axis, "f8", (axis,))
            variable.units, variable.standard_name = unit, standard
            variable[:] = numbers
        variable = file.createVariable(name, "f4", ("time", "lat", "lon"), fill_value=1e20)
        variable.units, variable.standard_name = units, standard_name
        variable[:] = values


def run(*arguments):
    end = subprocess.run([SEXTANT, *arguments], capture_output=True, text=True)
    if end.returncode != 0:
        sys.exit(f"{' '.join(arguments)}\n{end.stderr}")
    return end.stdout


print("| case | filled by | RMSE | CRPS | coverage of 90 % | wet or icy, truth | answer | smallest sample |")
print("|---|---|---:|---:|---:|---:|---:|---:|")
for case, (make, name, units, standard_name, noise, bounds, range_text) in CASES.items():
    place = f"{FOLDER}/{case}"
    write(f"{place}-archive.nc", name, units, standard_name, make(smooth(ARCHIVE)), 0)
    truth = make(smooth(FIELDS)).astype(np.float32)
    write(f"{place}-truth.nc", name, units, standard_name, truth, 100)
    # The noise leaves exact zeros and ones as they are, as instruments do.
    noisy = truth + noise * RANDOM.normal(size=truth.shape) * ((truth > 0) & (truth < (1 if case == "ice" else np.inf)))
    noisy = np.clip(noisy, 0, 1 if case == "ice" else None)
    hidden = RANDOM.uniform(size=truth.shape) < 0.6
    write(f"{place}-obs.nc", name, units, standard_name, np.ma.array(noisy, mask=hidden), 100)
    with open(f"{place}.yaml", "w") as file:
        file.write(
            f"name: {case}\noutput: {place}-RUN\narchive: {{files: [{place}-archive.nc]}}\n"
            f"prior: {{kind: two-scale, modes: 40}}\nvariables: {{{name}: {{transform: censored}}}}\nbounds: {{{name}: {range_text}}}\n")
    run("train", f"{place}.yaml", "--overwrite", "--quiet")
    common = ["--noise", str(noise), "--samples", "128", "--overwrite", "--quiet"]
    own = ["--transform", f"{name}=censored", "--bounds", bounds]
    for title, arguments in (
        ("kriging, no transform", ["--method", "kriging"]), ("kriging, censored", ["--method", "kriging", *own]),
        ("sparse-matern, censored", ["--method", "sparse-matern", *own]),
        ("a two-scale model, censored", ["--model", f"{place}-RUN", "--extrapolate"]),
    ):
        run("impute", f"{place}-obs.nc", *arguments, *common, "--output", f"{place}-out.nc")
        scores = run("score", f"{place}-out.nc", "--truth", f"{place}-truth.nc", "--observed", f"{place}-obs.nc")
        with netCDF4.Dataset(f"{place}-out.nc") as file:
            members = np.ma.filled(file[f"{name}_ensemble"][:], np.nan)
            mean = np.ma.filled(file[name][:], np.nan)
        samples = members[:, hidden]
        true = truth[hidden]
        error = np.sqrt(np.mean((mean[hidden] - true) ** 2))
        ordered = np.sort(samples, axis=0)
        n = len(ordered)
        weights = (2 * np.arange(1, n + 1) - n - 1)[:, None] / (n * (n - 1))
        crps = np.mean(np.abs(samples - true).mean(0) - (weights * ordered).sum(0))
        # The place of the truth among equal samples is drawn.
        below, equal = (samples < true).sum(0), (samples == true).sum(0)
        rank = (below + RANDOM.uniform(size=true.shape) * (equal + 1)) / (n + 1)
        coverage = np.mean(np.abs(rank - 0.5) <= 0.45)
        threshold = 0
        print(
            f"| {case} | {title} | {error:.3g} | {crps:.3g} | {coverage:.3f} | {np.mean(true > threshold):.3f} "
            f"| {np.mean(samples > threshold):.3f} | {samples.min():.3g} |", flush=True)
