"""Writes a small sparse matrix as SciPy does: sparse_matrix.py FILE.npz csr|csc|coo."""

import sys

import numpy as np
from scipy import sparse

matrix = np.array([[0, 1.5, 0], [-2, 0, 4]])
sparse.save_npz(sys.argv[1], getattr(sparse, sys.argv[2] + "_matrix")(matrix))
