"""Missing cells filled in: tables with cells removed, and how near completions are to what was there.

A fifth of the cells is removed at random. Numbers are judged by the root mean square error in standard deviations of the
column, words by the share that is right, over removed cells alone; once for the mean or the most frequent of all draws, and
once for single draws. C2ST is the accuracy of a random forest that tells completed rows from other true rows, five folds;
1/2 is perfect. It takes one draw of each row, and rows on the two sides are never those of the same case. Beside the
completions stand column means (the most frequent word), and scikit-learn's IterativeImputer on numbers and words as 0 and 1:
its regression, and draws from its regression's predictive law.

imputation.py remove penguins|double-well DATA FOLDER SEED    writes FOLDER/holes.csv and what judge needs
imputation.py judge penguins|double-well DATA FOLDER DRAWS SEED    reads FOLDER/full.csv, DRAWS rows for each row
"""

import csv
import sys
import warnings

import numpy as np

SHARE = 0.2
MISSING = "NA"
ROWS = 1000


def read(path):
    with open(path) as file:
        rows = list(csv.reader(file))
    return rows[0], rows[1:]


def write(path, names, rows):
    with open(path, "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([names] + rows)


def load(kind, data):
    """Names, complete rows to be completed, other true rows, rows to fit on (None: the rows with holes)."""
    if kind == "penguins":
        names, rows = read(data + "/penguins/penguins.csv")
        return names, [row for row in rows if MISSING not in row], None, None
    names = [f"x{k + 1}" for k in range(8)]
    train, held = (np.load(f"{data}/double-well-4/{name}.npy") for name in ("train", "validation"))
    text = lambda block: [[f"{x:.4f}" for x in row] for row in block]
    return names, text(held[:ROWS]), text(held[ROWS : 2 * ROWS]), text(train[:20000])


def remove(kind, data, folder, seed):
    names, rows, _, _ = load(kind, data)
    rng = np.random.default_rng(seed)
    holes = [["" if rng.random() < SHARE else cell for cell in row] for row in rows]
    write(folder + "/truth.csv", names, rows)
    write(folder + "/holes.csv", names, holes)


class Encoding:
    """Words as columns of 0 and 1, numbers in standard deviations."""

    def __init__(self, rows, words):
        self.words = words
        self.levels = {k: sorted({row[k] for row in rows if row[k]}) for k in words}
        self.width = len(rows[0])
        columns = [[float(row[k]) for row in rows if row[k]] for k in range(self.width) if k not in words]
        self.mean, self.scale = [np.mean(c) for c in columns], [np.std(c) for c in columns]
        self.numbers = [k for k in range(self.width) if k not in words]

    def matrix(self, rows, first=0):
        """Of each word's columns those from `first` on: without the first none is the sum of others."""
        parts = []
        for k in range(self.width):
            if k in self.words:
                for level in self.levels[k][first:]:
                    parts.append([np.nan if not row[k] else float(row[k] == level) for row in rows])
            else:
                i = self.numbers.index(k)
                parts.append([np.nan if not r[k] else (float(r[k]) - self.mean[i]) / self.scale[i] for r in rows])
        return np.array(parts).T

    def rows(self, matrix, holes, first=0):
        """Completed rows: the given cells where they are given."""
        out, place = [list(row) for row in holes], 0
        for k in range(self.width):
            wide = len(self.levels[k]) - first if k in self.words else 1
            for r, row in enumerate(out):
                if row[k]:
                    continue
                own = matrix[r, place : place + wide]
                if k in self.words:
                    shares = np.concatenate([[1 - own.sum()], own]) if first else own
                    row[k] = self.levels[k][int(np.argmax(shares))]
                else:
                    i = self.numbers.index(k)
                    row[k] = repr(float(own[0] * self.scale[i] + self.mean[i]))
            place += wide
        return out


def errors(encoding, truth, holes, draws):
    """RMSE and accuracy of all draws together, then of single ones."""
    results = []
    for together in (True, False):
        squares, right = [], []
        for k in range(encoding.width):
            for r, row in enumerate(holes):
                if row[k]:
                    continue
                cells = [draw[r][k] for draw in draws]
                if k in encoding.words:
                    values, counts = np.unique(cells, return_counts=True)
                    best = [values[np.argmax(counts)]] if together else cells
                    right.append(np.mean([cell == truth[r][k] for cell in best]))
                else:
                    i = encoding.numbers.index(k)
                    numbers = np.array([float(cell) for cell in cells])
                    numbers = numbers.mean(keepdims=True) if together else numbers
                    squares.append(np.mean(((numbers - float(truth[r][k])) / encoding.scale[i]) ** 2))
        results += [np.sqrt(np.mean(squares)), np.mean(right) if right else np.nan]
    return results


def c2st(encoding, completed, truth, others, rng):
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import cross_val_score

    scores = []
    for repeat in range(3 if others else 10):
        order = rng.permutation(len(truth))
        half = len(truth) // 2
        if others:
            a, b = encoding.matrix(completed), encoding.matrix(others)
        else:
            a = encoding.matrix([completed[i] for i in order[:half]])
            b = encoding.matrix([truth[i] for i in order[half : 2 * half]])
        x, y = np.concatenate([a, b]), np.repeat([0, 1], [len(a), len(b)])
        mixed = rng.permutation(len(x))
        forest = RandomForestClassifier(200, random_state=repeat, n_jobs=1)
        scores.append(cross_val_score(forest, x[mixed], y[mixed], cv=5).mean())
    return np.mean(scores), np.std(scores) / np.sqrt(len(scores))


def judge(kind, data, folder, count, seed):
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.impute import IterativeImputer, SimpleImputer

    warnings.simplefilter("ignore")
    (names, truth), (_, holes), (header, full) = (read(f"{folder}/{name}.csv") for name in ("truth", "holes", "full"))
    assert header == names and len(full) == count * len(holes), "full.csv is not of these rows"
    for r, row in enumerate(full):
        assert all(a == b for a, b in zip(holes[r // count], row) if a), f"row {r}: a given cell has changed"
    _, _, others, fit = load(kind, data)
    words = [0, 1, 6, 7] if kind == "penguins" else []
    encoding = Encoding(fit or holes, words)
    learn, given = encoding.matrix(fit or holes), encoding.matrix(holes)
    draws = {"sgm-sample --complete": [full[k::count] for k in range(count)]}
    draws["column means"] = [encoding.rows(SimpleImputer().fit(learn).transform(given), holes)]
    learn, given = encoding.matrix(fit or holes, 1), encoding.matrix(holes, 1)
    impute = lambda **options: encoding.rows(
        IterativeImputer(max_iter=30, **options).fit(learn).transform(given), holes, 1)
    draws["IterativeImputer"] = [impute()]
    draws["IterativeImputer, draws"] = [impute(sample_posterior=True, random_state=k) for k in range(min(count, 10))]
    draws["the rows as they were"] = [truth]
    for name, rows in draws.items():
        rmse, right, one, once = errors(encoding, truth, holes, rows)
        accuracy, error = c2st(encoding, rows[0], truth, others, np.random.default_rng(seed))
        cells = [f"{rmse:.3f}", f"{right:.3f}", f"{one:.3f}", f"{once:.3f}", f"{accuracy:.3f} ± {error:.3f}"]
        print(f"| {kind} | {name} | " + " | ".join("–" if cell == "nan" else cell for cell in cells) + " |", flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "remove":
        remove(*sys.argv[2:5], int(sys.argv[5]))
    else:
        judge(sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]), int(sys.argv[6]))
