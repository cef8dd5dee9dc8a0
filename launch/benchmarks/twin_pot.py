"""POT's sliced and exact W2 on the sets of `sgm-bench --only distances`: funnel draws, one core, one thread.

The costs of the exact distance are part of its time, as in sgm-bench. Needs POT (`pip install POT`).
"""

import twin

arguments = twin.options(__doc__)

import json  # noqa: E402
import time  # noqa: E402

import numpy  # noqa: E402
import ot  # noqa: E402

random = numpy.random.default_rng(1)


def draws(rows, columns=100):
    x = random.standard_normal((rows, columns), dtype=numpy.float32)
    x[:, 1:] *= numpy.exp(x[:, :1] / 2)
    return x


def best(call, repeats=3):
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return min(times)


def show(name, seconds):
    print(json.dumps(dict(twin="POT", name=name, value=seconds, unit="s")) if arguments.json else f"{name}  {seconds:.3f} s")


a, b = draws(50_000), draws(50_000)
directions = random.standard_normal((100, 2_000), dtype=numpy.float32)
directions /= numpy.linalg.norm(directions, axis=0)
sliced = best(lambda: ot.sliced_wasserstein_distance(a, b, projections=directions), repeats=1)
show("sliced W2, 50000 x 100, 2000 directions", sliced)

a, b = (draws(2_000).astype(float) for _ in range(2))
weights = numpy.full(2_000, 1 / 2_000)
show("exact W2, 2000 x 100", best(lambda: ot.emd2(weights, weights, ot.dist(a, b), numItermax=10**7)))
