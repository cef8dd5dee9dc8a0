"""Observations to condition on, and C2ST of posterior samples against the reference draws of the simulation-based-inference
benchmark (Lueckmann et al. 2021, arXiv 2101.04653), beside its published figures of amortised neural posterior estimation.

The classifier test is the benchmark's: scikit-learn's MLP of two hidden layers of ten units a coordinate, relu, Adam, at most
1,000 epochs, on coordinates scaled by the reference draws, five folds; one half is perfect. For two-moons, of which there are
no reference files here, the draws are exact ones (two_moons.py).

posteriors.py observations TASK FOLDER       writes FOLDER/TASK-K.csv, one observation each
posteriors.py c2st TASK PAIRS FOLDER [ROWS]  reads FOLDER/TASK-K.npy; the first ROWS of either set, 10,000 unless said
"""

import pathlib
import sys

import numpy as np
from two_moons import c2st, observations, posterior

DATA = pathlib.Path(__file__).parents[1] / "experiments/data/posteriors"
# Amortised neural posterior estimation at 10^4 and 10^5 pairs, mean over ten observations.
PUBLISHED = {
    "two-moons": (0.606, 0.542),
    "slcp": (0.901, 0.831),
    "gaussian-mixture": (0.661, 0.555),
    "gaussian-linear": (0.552, 0.506),
    "bernoulli-glm": (0.678, 0.559),
}
BOX = {"two-moons": 1, "slcp": 3, "gaussian-mixture": 10}


def given(task):
    """Pairs of an observation's number and its line of numbers."""
    if task == "two-moons":
        return [(i, ",".join(f"{v:.8f}" for v in x)) for i, x in enumerate(observations(4))]
    files = sorted((DATA / task.replace("-", "_")).glob("observation-*.csv"))
    return [(int(f.stem.split("-")[1]), f.read_text().split()[1]) for f in files]


def reference(task, number, count):
    if task == "two-moons":
        return posterior(observations(4)[number], count, np.random.default_rng(100 + number))
    return np.load(DATA / task.replace("-", "_") / f"reference-{number}.npy")


def main():
    task = sys.argv[2]
    if sys.argv[1] == "observations":
        for number, line in given(task):
            pathlib.Path(sys.argv[3], f"{task}-{number}.csv").write_text(line + "\n")
        return
    pairs, folder = int(sys.argv[3]), sys.argv[4]
    rows = int(sys.argv[5]) if len(sys.argv) > 5 else 10000
    scores, outside = [], 0.0
    for number, _ in given(task):
        samples = np.load(f"{folder}/{task}-{number}.npy")[:rows].astype(float)
        scores.append(c2st(reference(task, number, rows)[:rows].astype(float), samples, 1))
        if task in BOX:
            outside = max(outside, (np.abs(samples) > BOX[task]).any(1).mean())
    published = dict(zip((10_000, 100_000), PUBLISHED[task])).get(pairs, float("nan"))
    each = ", ".join(f"{s:.3f}" for s in scores)
    print(f"| {task} | {pairs} | {np.mean(scores):.3f} ({each}) | {published:.3f} | {outside:.4f} |", flush=True)


if __name__ == "__main__":
    main()
