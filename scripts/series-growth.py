"""How the time and the memory of a series grow with its number of steps (docs/series.md): trains a two-scale prior of 100 modes on the
first four fifths of a file, puts moving gaps and noise over the last 150, 300 and 600 steps, and fills each together. Prints a table.
The time is that of the processor, which other work on the machine hardly changes; the memory is the largest that is resident.
Run: python3 scripts/series-growth.py SEXTANT FILE.nc VARIABLE FOLDER [STEPS …]   (needs netCDF4)
"""
import os
import pathlib
import subprocess
import sys

import netCDF4

sextant, source, variable, folder = sys.argv[1:5]
counts = [int(word) for word in sys.argv[5:]] or [150, 300, 600]
folder = pathlib.Path(folder)
folder.mkdir(parents=True, exist_ok=True)


def run(*arguments):
    """Runs the program; its processor time in seconds and its largest resident memory in GB."""
    process = subprocess.Popen([sextant, *map(str, arguments)], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"sextant {arguments[0]} failed")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e6


def last(count, path):
    """Writes the last fields of the file."""
    with netCDF4.Dataset(source) as old, netCDF4.Dataset(path, "w") as new:
        time = next(name for name in old[variable].dimensions if "time" in name)
        length = len(old.dimensions[time])
        if count > length:
            sys.exit(f"{source} has {length} steps, and {count} are asked for")
        for name in (*old[variable].dimensions, variable):
            own = old[name]
            for dimension in own.dimensions:
                if dimension not in new.dimensions:
                    new.createDimension(dimension, count if dimension == time else len(old.dimensions[dimension]))
            kind = "f4" if name == variable else own.dtype
            copy = new.createVariable(name, kind, own.dimensions)
            packing = ("_FillValue", "missing_value", "scale_factor", "add_offset")
            copy.setncatts({key: own.getncattr(key) for key in own.ncattrs() if key not in packing})
            copy[:] = own[length - count :] if own.dimensions[0] == time else own[:]


(folder / "run.yaml").write_text(f"""name: series-growth
output: {folder}/model
archive: {{files: ["{source}"], variables: [{variable}], part: first:0.8}}
prior: {{kind: two-scale, modes: 100}}
""")
run("train", folder / "run.yaml", "--overwrite", "--quiet")
print("| steps | seconds of processor time | a step | most memory, GB |\n|---:|---:|---:|---:|")
for count in counts:
    clean, gappy, filled = (folder / f"{name}-{count}.nc" for name in ("clean", "gappy", "filled"))
    last(count, clean)
    run(
        "degrade", clean, "--mask", "clouds:length=4,time=4,missing=0.6", "--noise", "0.3K", "--seed", 1, "--output", gappy,
        "--overwrite", "--quiet")
    seconds, memory = run(
        "impute", gappy, "--model", folder / "model", "--noise", "0.3K", "--time", "joint", "--samples", 16, "--output", filled,
        "--overwrite", "--quiet")
    print(f"| {count} | {seconds:.0f} | {seconds / count:.2f} | {memory:.2f} |", flush=True)
