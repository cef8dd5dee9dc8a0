"""Rows of three laws that no shipped experiment has: denoiser_laws.py FOLDER writes student-t.npy, sparse.npy, scales.npy.

student-t  d = 20, three degrees of freedom, correlation 0.7^|i−j| of the coordinates' Gaussian
sparse     d = 30, each coordinate N(0, 1) with probability 0.1 and else N(0, 0.05²)
scales     d = 10, four Gaussians of scales 0.05, 0.2, 0.6 and 2 around points at distance 3 from 0
"""

import sys
from pathlib import Path

import numpy as np

ROWS = 100_000


def student_t(rng):
    place = np.arange(20)
    root = np.linalg.cholesky(0.7 ** np.abs(place[:, None] - place))
    return rng.normal(size=(ROWS, 20)) @ root.T / np.sqrt(rng.chisquare(3, ROWS) / 3)[:, None]


def sparse(rng):
    return rng.normal(size=(ROWS, 30)) * np.where(rng.random((ROWS, 30)) < 0.1, 1, 0.05)


def scales(rng):
    centres = rng.normal(size=(4, 10))
    centres *= 3 / np.linalg.norm(centres, axis=1, keepdims=True)
    part = rng.integers(4, size=ROWS)
    return centres[part] + rng.normal(size=(ROWS, 10)) * np.array([0.05, 0.2, 0.6, 2])[part][:, None]


def main():
    folder = Path(sys.argv[1])
    for seed, law in enumerate([student_t, sparse, scales], 1):
        rows = law(np.random.default_rng(seed)).astype(np.float32)
        np.save(folder / f"{law.__name__.replace('_', '-')}.npy", rows)


main()
