"""BLEU, ROUGE, exact match and token F1. The question is in README.md."""


def corpus_bleu(
    hypotheses: list[list[str]],
    references: list[list[list[str]]],
    max_order: int = 4,
) -> float:
    """Return the BLEU of a corpus, between 0 and 1, without smoothing (Papineni et al., 2002).

    `hypotheses[i]` holds the tokens of a hypothesis, `references[i]` the token lists that it may
    match. Any of these may be empty. 0.0 where no n-gram of some order matches.

    Raises:
        ValueError: if the two lists differ in length, there is no hypothesis, a hypothesis has no
            reference, or `max_order` is below 1.
    """
    raise NotImplementedError


def rouge_n(hypothesis: list[str], reference: list[str], n: int) -> dict[str, float]:
    """Return `precision`, `recall` and `f1` of the n-grams of two token lists (Lin, 2004).

    What has the denominator 0 is 0.0.

    Raises:
        ValueError: if n is below 1.
    """
    raise NotImplementedError


def rouge_l(hypothesis: list[str], reference: list[str]) -> dict[str, float]:
    """Return `precision`, `recall` and `f1` of the longest common subsequence (Lin, 2004).

    What has the denominator 0 is 0.0.
    """
    raise NotImplementedError


def squad_scores(prediction: str, answers: list[str]) -> dict[str, float]:
    r"""Return `exact_match` (0.0 or 1.0) and `f1`, each for the best of the answers.

    Texts are normalised in this order: lower case (`str.lower`); every character of
    `string.punctuation` is deleted; every match of `\b(a|an|the)\b` becomes a space; white space
    (`str.split`) becomes single spaces. `[]` is read as `[""]`: the question has no answer.
    """
    raise NotImplementedError
