"""Tails of samples of the Student-t mixture: heavy_tails.py DIMENSION NAME=FILE...

Quantiles of |x| and the Hill index of its largest hundredth, beside the mean and standard deviation of as many exact
draws, of a law written down here a second time.
"""

import sys

import numpy as np


def draws(rng, count, dimension):
    angle = np.outer(np.arange(1, 11), np.arange(1, dimension + 1))
    spread = 1 / np.sqrt(rng.gamma(1.0, 1.0, count))
    return 4 * np.cos(angle)[rng.integers(10, size=count)] + rng.normal(size=(count, dimension)) * spread[:, None]


def tails(x):
    size = np.sort(np.linalg.norm(x, axis=1))
    top = size[-len(size) // 100 :]
    return np.array([*np.quantile(size, [0.5, 0.9, 0.99, 0.999]), 1 / np.mean(np.log(top[1:] / top[0]))])


def main():
    dimension, rng = int(sys.argv[1]), np.random.default_rng(1)
    sets = {name: np.load(file) for name, file in (word.split("=", 1) for word in sys.argv[2:])}
    count = len(next(iter(sets.values())))
    exact = [tails(draws(rng, count, dimension)) for _ in range(20)]
    cells = [f"{m:.3g} ± {s:.2g}" for m, s in zip(np.mean(exact, 0), np.std(exact, 0, ddof=1))]
    print(f"| {dimension} | exact draws | {' | '.join(cells)} |")
    for name, x in sets.items():
        print(f"| {dimension} | {name} | {' | '.join(f'{v:.3g}' for v in tails(x))} |")


main()
