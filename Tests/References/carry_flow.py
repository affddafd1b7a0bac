#!/usr/bin/env python3
"""Puts what a flow learned on one mesh into the flow of a run on another mesh.

    carry_flow.py FROM/flow.safetensors TO/flow.safetensors OUT/flow.safetensors

Sextant refuses such a file, and rightly: nothing says that weights learned on one mesh mean the same on another. This is how
docs/results.md measures what they are worth there. OUT keeps the description (mesh, settings) of TO and takes every number of FROM;
both must be networks of the same sizes. Needs nothing but Python, and nothing of Sextant.
"""

import json
import struct
import sys


def read(path):
    content = open(path, "rb").read()
    end = 8 + struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8:end])
    header.pop("__metadata__", None)
    return content[:end], header, content[end:]


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    _, source, numbers = read(sys.argv[1])
    description, target, _ = read(sys.argv[2])
    if source != target:
        sys.exit("the networks differ in their parameters' names, sizes or places")
    open(sys.argv[3], "wb").write(description + numbers)
