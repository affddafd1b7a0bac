"""Array files as NumPy writes them, for NPYFileTests.

Usage: python npy_arrays.py write FOLDER    small arrays 0, 1, 2, … of 2×3 numbers, one file a type and order
       python npy_arrays.py read FILE       the shape, type and numbers of a file as JSON
Needs numpy. `write ../SextantSignalsTests/Fixtures/npy` made the fixtures.
"""

import json
import pathlib
import sys

import numpy


def write(folder):
    folder = pathlib.Path(folder)
    numbers = numpy.arange(6).reshape(2, 3)
    for code in ["<f2", "<f4", ">f4", "<f8", ">f8", "|i1", "<i2", ">i4", "<i8", "|u1", ">u2", "<u4", "<u8"]:
        name = code.replace("<", "little-").replace(">", "big-").replace("|", "")
        numpy.save(folder / f"{name}.npy", numbers.astype(code))
    numpy.save(folder / "boolean.npy", numbers % 2 == 1)
    numpy.save(folder / "columns-first.npy", numpy.asfortranarray(numbers.astype("<f8")))
    numpy.save(folder / "cube-columns-first.npy", numpy.asfortranarray(numpy.arange(24.0).reshape(2, 3, 4)))
    with open(folder / "version-2.npy", "wb") as file:
        numpy.lib.format.write_array(file, numbers.astype("<f4"), version=(2, 0))
    numpy.save(folder / "complex.npy", numbers.astype("<c8"))
    numpy.save(folder / "structured.npy", numpy.zeros(2, dtype=[("a", "<f4"), ("b", "<i2")]))


def read(path):
    array = numpy.load(path)
    print(json.dumps({"shape": array.shape, "type": array.dtype.name, "numbers": array.reshape(-1).tolist()}))


if __name__ == "__main__":
    {"write": write, "read": read}[sys.argv[1]](sys.argv[2])
