"""Posterior of the two-moons simulator: observations to condition on, and C2ST of samples against exact posterior draws.

The simulator (Greenberg, Nonnenmacher, Macke 2019) is written down here a second time. The classifier test is that of the
simulation-based-inference benchmark (Lueckmann et al. 2021, arXiv 2101.04653): scikit-learn's MLP of two hidden layers of
ten units a coordinate, relu, Adam, at most 1,000 epochs, on coordinates scaled by the exact draws, five folds; ½ is perfect.

two_moons.py observations COUNT            one line x_1,x_2 for each, from θ uniform on [−1, 1]²
two_moons.py c2st FOLDER COUNT             reads FOLDER/i.npy, samples given observation i
"""

import sys

import numpy as np


def crescent(rng, count):
    angle, radius = rng.uniform(-np.pi / 2, np.pi / 2, count), rng.normal(0.1, 0.01, count)
    return np.stack([radius * np.cos(angle) + 0.25, radius * np.sin(angle)], 1)


def observations(count):
    rng = np.random.default_rng(1)
    theta = rng.uniform(-1, 1, (count, 2))
    shift = np.stack([-np.abs(theta.sum(1)), theta[:, 1] - theta[:, 0]], 1) / np.sqrt(2)
    return crescent(rng, count) + shift


def posterior(x, count, rng):
    """Exact draws: the crescent's point fixes |θ_1 + θ_2| and θ_2 − θ_1; the sum's sign is free."""
    kept = np.empty((0, 2))
    while len(kept) < count:
        p = crescent(rng, 4 * count)
        total, difference = np.sqrt(2) * (p[:, 0] - x[0]), np.sqrt(2) * (x[1] - p[:, 1])
        total *= np.where(total >= 0, rng.choice([-1.0, 1.0], len(p)), np.nan)
        theta = np.stack([total - difference, total + difference], 1) / 2
        kept = np.concatenate([kept, theta[(np.abs(theta) <= 1).all(1)]])
    return kept[:count]


def c2st(exact, samples, seed):
    from sklearn.model_selection import KFold, cross_val_score
    from sklearn.neural_network import MLPClassifier

    width = 10 * exact.shape[1]
    classifier = MLPClassifier((width, width), activation="relu", solver="adam", max_iter=1000, random_state=seed)
    rows = (np.concatenate([exact, samples]) - exact.mean(0)) / exact.std(0)
    labels = np.repeat([0, 1], [len(exact), len(samples)])
    return cross_val_score(classifier, rows, labels, cv=KFold(5, shuffle=True, random_state=seed)).mean()


def main():
    count = int(sys.argv[-1])
    given = observations(count)
    if sys.argv[1] == "observations":
        print("\n".join(f"{a:.8f},{b:.8f}" for a, b in given))
        return
    print("| observation | C2ST of the samples | of a second set of exact draws |\n|---|---|---|")
    scores = []
    for i, x in enumerate(given):
        rng = np.random.default_rng(100 + i)
        samples = np.load(f"{sys.argv[2]}/{i}.npy")
        exact, again = posterior(x, len(samples), rng), posterior(x, len(samples), rng)
        scores.append((c2st(exact, samples, 1), c2st(exact, again, 1)))
        print(f"| ({x[0]:.3f}, {x[1]:.3f}) | {scores[-1][0]:.3f} | {scores[-1][1]:.3f} |", flush=True)
    (mean, floor), error = np.mean(scores, 0), np.std(scores, 0, ddof=1)[0] / np.sqrt(count)
    print(f"| mean | {mean:.3f} ± {error:.3f} | {floor:.3f} |")


if __name__ == "__main__":
    main()
