"""Reference permutations of NumPy's legacy generator, which the vector RealNVP of the papers pins by seed.

Writes Tests/SextantFlowsTests/Fixtures/permutations.json. Run: python3 Tests/References/permutations.py
"""
import json
import pathlib

import numpy as np

cases = [(8, 0), (8, 23), (1, 3), (2, 5), (17, 1), (162, 7), (257, 4294967295)]
result = [
    {"count": n, "seed": seed, "order": np.random.RandomState(seed).permutation(n).tolist()}
    for n, seed in cases
]
# Long ones, past one refill of the generator's 624 words, by their ends and a weighted sum only.
long = []
for n, seed in [(1888, 2), (4160, 23)]:
    order = np.random.RandomState(seed).permutation(n)
    long.append(
        {
            "count": n,
            "seed": seed,
            "first": order[:8].tolist(),
            "last": order[-8:].tolist(),
            "weightedSum": int((order * np.arange(1, n + 1)).sum()),
        }
    )
path = pathlib.Path(__file__).parents[1] / "SextantFlowsTests" / "Fixtures" / "permutations.json"
path.write_text(json.dumps({"whole": result, "ends": long}) + "\n")
