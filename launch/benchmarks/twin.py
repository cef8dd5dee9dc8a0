"""What the PyTorch and JAX twins share: the cases, what counts as work, the clock, and the printing.

One core, one thread, float32. Work is the useful work of the matrix products alone, as in sgm-bench: with W weights,
W1 of them in the first layer, a training step on B rows is 2 B (3 W - W1) operations (the first layer needs no data
gradient) and a sampling step 2 B W. Time is everything: rows, draws, embedding, activations, Adam and EMA.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import time
from dataclasses import dataclass

FEATURES = 64  # of the time embedding, appended to the state
ROWS = 50_000  # in the training set
ADAM = dict(rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8)
EMA_DECAY = 0.999


@dataclass(frozen=True)
class Case:
    """A network dimension+64 -> widths -> dimension on batches of `batch` rows."""

    dimension: int
    widths: tuple
    batch: int

    @property
    def layers(self):
        sizes = [self.dimension + FEATURES, *self.widths, self.dimension]
        return list(zip(sizes[:-1], sizes[1:]))

    @property
    def weights(self):
        return sum(i * o for i, o in self.layers)

    @property
    def training_work(self):
        i, o = self.layers[0]
        return 2 * self.batch * (3 * self.weights - i * o)

    @property
    def sampling_work(self):
        return 2 * self.batch * self.weights

    def __str__(self):
        return f"{len(self.widths)}x{self.widths[0]}, d={self.dimension}, batch {self.batch}"


LARGE = (512,) * 4
TRAINING = [Case(100, LARGE, 512), Case(100, LARGE, 2048), Case(2, (128,) * 3, 256)]
SAMPLING = [Case(100, LARGE, 256), Case(100, LARGE, 2048)]
NORMALS = 1 << 16  # per call: 256 kB, so memory is no limit


def options(description):
    """Reads the command line and pins this process to one core; call before importing a numerical library."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--peak", type=float, help="GFLOP/s of one core; else asked of sgm-bench --peak")
    parser.add_argument("--bench", default=".build/release/sgm-bench", help="where sgm-bench is")
    parser.add_argument("--core", type=int, default=0, help="the core to run on")
    parser.add_argument("--seconds", type=float, default=0.4, help="of one repeat; the best of 9 counts")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    arguments = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {arguments.core})
    if arguments.peak is None and os.path.exists(arguments.bench):
        answer = subprocess.run([arguments.bench, "--peak"], capture_output=True, text=True, check=True).stdout
        number = re.search(r"\d+(\.\d+)?", answer)
        arguments.peak = float(number.group()) if number else None
    return arguments


def seconds_per_step(call, arguments, steps=1, repeats=9):
    """The best and the median time of a step; `call(n)` makes n times `steps` and returns when they are done."""
    call(3)
    count, spent = 1, 0.0
    while True:
        begin = time.perf_counter()
        call(count)
        spent = time.perf_counter() - begin
        if spent > arguments.seconds / 2:
            break
        count *= 2
    count = max(1, round(count * arguments.seconds / spent))
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        call(count)
        times.append((time.perf_counter() - begin) / count)
    return min(times) / steps, statistics.median(times) / steps


def report(arguments, who, what, case, work, times):
    """Prints a line: `work` is in operations, or in normals when `case` is None."""
    best, median = times
    rate = work / best * 1e-9
    if arguments.json:
        entry = dict(twin=who, what=what, case=str(case or NORMALS), milliseconds=best * 1e3, median=median * 1e3)
        entry["gflops" if case else "gnormals"] = rate
        if case and arguments.peak:
            entry |= dict(peak=arguments.peak, fraction=rate / arguments.peak)
        print(json.dumps(entry), flush=True)
    elif case:
        fraction = f"{100 * rate / arguments.peak:5.1f} % of peak" if arguments.peak else ""
        print(f"{who:8} {what:9} {case!s:24} {best * 1e3:8.3f} ms {rate:7.1f} GFLOP/s {fraction}", flush=True)
    else:
        print(f"{who:8} {what:34} {rate * 1e3:8.1f} million a second", flush=True)
