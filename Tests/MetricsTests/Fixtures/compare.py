"""The distances of two NPY files by POT, SciPy and scikit-learn, as one JSON object: compare.py A B DIRECTIONS."""

import json
import sys
import warnings

import numpy
import ot
import scipy.spatial.distance
import scipy.stats
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import cross_val_predict
from sklearn.neighbors import NearestNeighbors
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

a, b, directions = (numpy.load(path).astype(float) for path in sys.argv[1:4])
n, d = a.shape
uniform = numpy.full(n, 1 / n)
result = {}

result["exact W2"] = ot.emd2(uniform, uniform, ot.dist(a, b), numItermax=10**7) ** 0.5
# POT wants directions as columns.
result["sliced W2"] = ot.sliced_wasserstein_distance(a, b, projections=directions.T)
result["max-sliced W2"] = ot.max_sliced_wasserstein_distance(a, b, projections=directions.T)
result["Gaussian W2"] = float(
    ot.gaussian.bures_wasserstein_distance(
        a.mean(0), b.mean(0), numpy.cov(a.T), numpy.cov(b.T)
    )
)

inner = [scipy.spatial.distance.cdist(x, x).mean() for x in (a, b)]
result["energy distance"] = 2 * scipy.spatial.distance.cdist(a, b).mean() - sum(inner)

pooled = numpy.vstack([a, b])
bandwidth = numpy.median(scipy.spatial.distance.pdist(pooled))
kernel = rbf_kernel(pooled, gamma=0.5 / bandwidth**2)
numpy.fill_diagonal(kernel, 0)
pairs = n * (n - 1)
result["MMD²"] = kernel[:n, :n].sum() / pairs + kernel[n:, n:].sum() / pairs - 2 * kernel[:n, n:].mean()

statistics = [scipy.stats.ks_2samp(a[:, j], b[:, j]).statistic for j in range(d)]
result["KS, mean"] = numpy.mean(statistics)
result["KS, worst"] = max(statistics)
levels = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]
errors = numpy.abs(numpy.quantile(a, levels, axis=0) - numpy.quantile(b, levels, axis=0)).mean(0)
result["quantile error, mean"] = errors.mean()
result["quantile error, worst"] = errors.max()

within = NearestNeighbors(n_neighbors=6).fit(a).kneighbors(a)[0][:, 5]
across = NearestNeighbors(n_neighbors=5).fit(b).kneighbors(a)[0][:, 4]
result["k-NN KL"] = d * numpy.log(across / within).mean() + numpy.log(n / (n - 1))

warnings.simplefilter("ignore")
labels = numpy.repeat([0, 1], n)
network = MLPClassifier((64, 64), learning_rate_init=2e-3, batch_size=128, max_iter=30, random_state=1)
answers = cross_val_predict(make_pipeline(StandardScaler(), network), pooled, labels, cv=5)
result["classifier accuracy"] = (answers == labels).mean()

print(json.dumps({name: float(value) for name, value in result.items()}))
