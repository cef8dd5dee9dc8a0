"""Mixed tables: how near the samples of a table are to it, beside baselines and a peer.

A table is cut into rows to learn and rows to judge by. Every table of samples has as many rows as there are to judge by, and
is compared with these in five ways:

  columns     mean over columns: Kolmogorov-Smirnov distance of numbers, total variation distance of words
  pairs       mean and worst pair of columns: total variation distance of the two-way tables; numbers are cut at the deciles
              of the rows to learn
  C2ST        accuracy of a random forest of 200 trees that tells samples from rows to judge by, five folds; 1/2 is perfect
  usefulness  accuracy on the rows to judge by of a gradient-boosted model that learned the table's target from the samples
  copies      share of samples that stand in the rows to learn, cell by cell

The floor is a draw of the rows to learn. *Independent columns* draws each column by itself. The *Gaussian copula* draws normal
scores with the correlations of those of the rows to learn (words in alphabetical order), and turns them back by each column's
quantiles. The peer is ForestDiffusion (Jolicoeur-Martineau, Fatras and Kachman 2024, arXiv 2309.09968): gradient-boosted trees as
a diffusion's scores, from the package index.

tables.py cut TABLE.csv FOLDER SEED              writes FOLDER/train.csv and FOLDER/test.csv, a quarter of the rows
tables.py draw independent|copula|floor|peer FOLDER SEED      writes FOLDER/NAME.csv
tables.py judge FOLDER TARGET SEED NAME...       prints a line for each FOLDER/NAME.csv
"""

import csv
import sys
import time
import warnings

import numpy as np

MISSING = "NA"


def read(path):
    with open(path) as file:
        rows = list(csv.reader(file))
    return rows[0], rows[1:]


def write(path, names, rows):
    with open(path, "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([names] + rows)


def is_number(cell):
    try:
        float(cell)
        return True
    except ValueError:
        return False


def numbers_of(rows, k):
    """A column of numbers, nan where a cell is missing; None for a column of words."""
    cells = [row[k] for row in rows]
    if not all(is_number(cell) for cell in cells if cell != MISSING):
        return None
    return np.array([np.nan if cell == MISSING else float(cell) for cell in cells])


class Columns:
    """What the rows to learn say of each column: deciles of numbers, words, and how a model is given both."""

    def __init__(self, rows):
        self.count = len(rows[0])
        self.words, self.cuts, self.middle, self.scale = {}, {}, {}, {}
        for k in range(self.count):
            numbers = numbers_of(rows, k)
            if numbers is None:
                self.words[k] = sorted({row[k] for row in rows})
            else:
                self.cuts[k] = np.unique(np.nanquantile(numbers, np.arange(1, 10) / 10))
                self.middle[k], self.scale[k] = np.nanmean(numbers), np.nanstd(numbers)

    def cells(self, rows, k):
        """Each row's cell of a two-way table: the word's number or the decile; one more for what is missing or unknown."""
        if k in self.words:
            place = {word: i for i, word in enumerate(self.words[k])}
            return np.array([place.get(row[k], len(place)) for row in rows])
        numbers = numbers_of(rows, k)
        return np.where(np.isnan(numbers), len(self.cuts[k]) + 1, np.searchsorted(self.cuts[k], numbers, side="left"))

    def matrix(self, rows, without=None):
        """Numbers in standard deviations with a column for what is missing, words as columns of 0 and 1."""
        parts = []
        for k in range(self.count):
            if k == without:
                continue
            if k in self.words:
                cells = self.cells(rows, k)
                parts += [(cells == i).astype(float) for i in range(len(self.words[k]))]
            else:
                numbers = numbers_of(rows, k)
                absent = np.isnan(numbers)
                parts.append(np.where(absent, 0, (numbers - self.middle[k]) / self.scale[k]))
                if absent.any() or MISSING in (row[k] for row in rows):
                    parts.append(absent.astype(float))
                else:
                    parts.append(np.zeros(len(rows)))
        return np.stack(parts, 1)


def total_variation(a, b, cells):
    share = lambda x: np.bincount(x, minlength=cells) / len(x)
    return 0.5 * np.abs(share(a) - share(b)).sum()


def column_distance(columns, k, rows, others):
    if k in columns.words:
        return total_variation(columns.cells(rows, k), columns.cells(others, k), len(columns.words[k]) + 1)
    a, b = (np.sort(np.nan_to_num(numbers_of(x, k), nan=-np.inf)) for x in (rows, others))
    at = np.concatenate([a, b])
    return np.max(np.abs(np.searchsorted(a, at, "right") / len(a) - np.searchsorted(b, at, "right") / len(b)))


def c2st(columns, rows, others, seed):
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import StratifiedKFold, cross_val_score

    x = np.concatenate([columns.matrix(rows), columns.matrix(others)])
    y = np.repeat([0, 1], [len(rows), len(others)])
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    return cross_val_score(RandomForestClassifier(200, random_state=seed, n_jobs=1), x, y, cv=folds).mean()


def usefulness(columns, target, rows, others, seed):
    from sklearn.ensemble import HistGradientBoostingClassifier

    if len({row[target] for row in rows}) < 2:
        return np.nan
    model = HistGradientBoostingClassifier(random_state=seed)
    model.fit(columns.matrix(rows, target), columns.cells(rows, target))
    return (model.predict(columns.matrix(others, target)) == columns.cells(others, target)).mean()


def judge(folder, target, seed, drawn):
    warnings.simplefilter("ignore")
    (names, learned), (_, held) = read(folder + "/train.csv"), read(folder + "/test.csv")
    columns, place = Columns(learned), names.index(target)
    # Cells are compared as what they hold: 39 and 39.0 are one number.
    same = lambda row: tuple(cell if k in columns.words or cell == MISSING else float(cell) for k, cell in enumerate(row))
    known = {same(row) for row in learned}
    for name in drawn:
        header, rows = read(f"{folder}/{name}.csv")
        assert header == names, f"{name}.csv has other columns"
        assert len(rows) >= len(held), f"{name}.csv has only {len(rows)} rows"
        rows = rows[: len(held)]
        single = np.mean([column_distance(columns, k, rows, held) for k in range(columns.count)])
        pairs = []
        for i in range(columns.count):
            for j in range(i):
                a, b = ((columns.cells(x, i) * 1000 + columns.cells(x, j)) for x in (rows, held))
                both, inverse = np.unique(np.concatenate([a, b]), return_inverse=True)
                pairs.append(total_variation(inverse[: len(a)], inverse[len(a) :], len(both)))
        copies = np.mean([same(row) in known for row in rows])
        cells = [single, np.mean(pairs), np.max(pairs), c2st(columns, rows, held, seed),
                 usefulness(columns, place, rows, held, seed), copies]
        print(f"| {name} | " + " | ".join(f"{cell:.3f}" for cell in cells) + " |", flush=True)


def cut(table, folder, seed):
    names, rows = read(table)
    order = np.random.default_rng(seed).permutation(len(rows))
    held = len(rows) // 4
    write(folder + "/test.csv", names, [rows[i] for i in order[:held]])
    write(folder + "/train.csv", names, [rows[i] for i in order[held:]])


def copula(rows, count, rng):
    from scipy.stats import norm

    numbers = [numbers_of(rows, k) for k in range(len(rows[0]))]
    # Missing numbers come before all others.
    orders = [[row[k] for row in rows] if x is None else np.nan_to_num(x, nan=-np.inf) for k, x in enumerate(numbers)]
    sorts = [np.argsort(x, kind="stable") for x in orders]
    scores = np.empty((len(rows), len(sorts)))
    for k, (order, values) in enumerate(zip(sorts, orders)):
        # Rows of one value are put in random order, so that their scores are normal too.
        mixed = np.lexsort((rng.random(len(rows)), np.unique(values, return_inverse=True)[1]))
        scores[mixed, k] = norm.ppf((np.arange(len(rows)) + 0.5) / len(rows))
    draws = rng.multivariate_normal(np.zeros(len(sorts)), np.corrcoef(scores.T), size=count)
    ranks = np.clip((norm.cdf(draws) * len(rows)).astype(int), 0, len(rows) - 1)
    return [[rows[sorts[k][ranks[i, k]]][k] for k in range(len(sorts))] for i in range(count)]


def peer(names, rows, count, seed):
    import pandas
    from ForestDiffusion import ForestDiffusionModel

    np.random.seed(seed)
    columns = Columns(rows)
    coded = np.array([[columns.words[k].index(row[k]) if k in columns.words
                       else np.nan if row[k] == MISSING else float(row[k])
                       for k in range(columns.count)] for row in rows])
    whole = [k for k in columns.cuts if np.all(np.isnan(coded[:, k]) | (coded[:, k] == np.round(coded[:, k])))]
    binary = [k for k in columns.words if len(columns.words[k]) == 2]
    model = ForestDiffusionModel(
        coded, n_t=50, duplicate_K=PEER_COPIES, bin_indexes=binary, cat_indexes=[k for k in columns.words if k not in binary],
        int_indexes=whole, diffusion_type="flow", n_jobs=2, seed=seed)
    # clip_extremes rounds its array in place, and the array that pandas gives it is read-only.
    clip = model.clip_extremes
    model.clip_extremes = lambda rows: clip(np.array(rows))
    drawn = model.generate(batch_size=count)
    text = lambda k, x: (columns.words[k][int(round(x))] if k in columns.words else MISSING if np.isnan(x)
                         else f"{x:.0f}" if k in whole else f"{x:.4f}")
    return [[text(k, x) for k, x in enumerate(row)] for row in drawn]


# Copies of each row with noise that the peer's trees learn from. Its authors take 100.
PEER_COPIES = 20


def draw(kind, folder, seed):
    (names, rows), (_, held) = read(folder + "/train.csv"), read(folder + "/test.csv")
    rng, count, begin = np.random.default_rng(seed), len(held), time.time()
    if kind == "floor":
        drawn = [rows[i] for i in rng.choice(len(rows), count, replace=count > len(rows))]
    elif kind == "independent":
        drawn = [[rows[rng.integers(len(rows))][k] for k in range(len(names))] for _ in range(count)]
    elif kind == "copula":
        drawn = copula(rows, count, rng)
    else:
        drawn = peer(names, rows, count, seed)
    write(f"{folder}/{kind}.csv", names, drawn)
    print(f"tables: {kind} took {time.time() - begin:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    if sys.argv[1] == "cut":
        cut(*sys.argv[2:4], int(sys.argv[4]))
    elif sys.argv[1] == "draw":
        draw(*sys.argv[2:4], int(sys.argv[4]))
    else:
        judge(sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5:])
