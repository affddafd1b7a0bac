"""Fields of GRIB files as cfgrib reads them, for comparison with Sextant's reader.

Usage: python grib_fields.py FILE...
Prints JSON: {file: {variable: [[member, time, level, valid count, sum, weighted sum, minimum, maximum], ...]}}; the order of
the values matters for the weighted sum. Fields are sorted by member, time and level.
"""

import json
import sys
import warnings

import cfgrib
import numpy

warnings.simplefilter("ignore")


def main():
    result = {}
    for path in sys.argv[1:]:
        own = result.setdefault(path, {})
        for dataset in cfgrib.open_datasets(path, backend_kwargs={"indexpath": ""}):
            level = next((n for n in dataset.coords if n.startswith("isobaric")), None)
            for name, variable in dataset.data_vars.items():
                wanted = [d for d in ["number", "time", level] if d]
                array = variable.expand_dims([d for d in wanted if d not in variable.dims])
                rest = [d for d in array.dims if d not in wanted]
                array = array.transpose(*wanted, *rest)
                for index in numpy.ndindex(*[array.sizes[d] for d in wanted]):
                    field = array[index]
                    values = numpy.ravel(field.values).astype("float64")
                    valid = numpy.isfinite(values)
                    weights = numpy.arange(1, len(values) + 1)[valid]
                    own.setdefault(name, []).append([
                        float(field["number"]), str(field["time"].values.astype("datetime64[s]")),
                        float(field[level]) if level else 0.0, int(valid.sum()), float(values[valid].sum()),
                        float((weights * values[valid]).sum()), float(values[valid].min()), float(values[valid].max())])
        for rows in own.values():
            rows.sort()
    print(json.dumps(result))


main()
