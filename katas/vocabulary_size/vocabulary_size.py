"""How large should the vocabulary be? The question is in README.md.

`counts` maps words (non-empty, without "#") to how often they occur (at least once).
"""


def coverage_size(counts: dict[str, int], target: float) -> int:
    """Return how many of the most frequent words make up `target` of all occurrences.

    A share from target − 1e-12 on has reached the target.

    Raises:
        ValueError: if `counts` is empty, or `target` is outside (0, 1].
    """
    raise NotImplementedError


def zipf_exponent(counts: dict[str, int]) -> float:
    """Return s in count ≈ C · rank^(−s), by least squares of ln count on ln rank.

    Ranks are 1, 2, 3 … by descending count; equal counts get successive ranks.

    Raises:
        ValueError: if there are fewer than two words.
    """
    raise NotImplementedError


def vocabulary_report(counts: dict[str, int], vocab: list[str]) -> dict[str, float | int]:
    """Return `oov_rate`, `fertility` and `unused` of a WordPiece vocabulary, and nothing else.

    `oov_rate` is the share of occurrences that are out of vocabulary, `fertility` the pieces an
    occurrence, `unused` the number of distinct entries that no word's segmentation uses.

    Raises:
        ValueError: if `counts` is empty.
    """
    raise NotImplementedError


def best_vocabulary(
    candidates: list[tuple[int, float]],
    body_parameters: int,
    d_model: int,
    max_parameters: int,
    tied: bool = True,
) -> int | None:
    """Return the size of least training FLOPs a word among those that fit; None if none does.

    Candidates are pairs of size and fertility, in tokens a word. Ties go to the smaller size.

    Raises:
        ValueError: if there are no candidates, or a size, a fertility or d_model is not positive.
    """
    raise NotImplementedError
