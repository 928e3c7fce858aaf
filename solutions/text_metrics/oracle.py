"""sacrebleu, rouge_score, and a second normalisation, as independent implementations.

sacrebleu takes text, in which a token list without a token, or a token with a space, has no form.
"""

import re
import string
from collections import Counter

from rouge_score.rouge_scorer import _create_ngrams, _score_lcs, _score_ngrams
from sacrebleu.metrics import BLEU

SKIPS = {
    "test_an_order_without_a_match_makes_the_score_zero": "sacrebleu knows no empty token list",
    "test_some_of_the_texts_may_be_empty_or_short": "sacrebleu knows no empty token list",
    "test_texts_without_anything_in_common_score_zero": "rouge_score divides by 0 tokens",
}


def corpus_bleu(hypotheses, references, max_order=4):
    if max_order < 1 or not hypotheses or len(hypotheses) != len(references):
        raise ValueError("hypotheses, references or max_order will not do")
    if any(not several for several in references):
        raise ValueError("a hypothesis without a reference")
    metric = BLEU(tokenize="none", smooth_method="none", max_ngram_order=max_order, force=True)
    texts = [[" ".join(one) for one in several] for several in references]
    transposed = [
        [several[place] if place < len(several) else None for several in texts]
        for place in range(max(map(len, texts)))
    ]
    return metric.corpus_score([" ".join(one) for one in hypotheses], transposed).score / 100


def rouge_n(hypothesis, reference, n):
    if n < 1:
        raise ValueError("n is below 1")
    scores = _score_ngrams(_create_ngrams(reference, n), _create_ngrams(hypothesis, n))
    return {"precision": scores.precision, "recall": scores.recall, "f1": scores.fmeasure}


def rouge_l(hypothesis, reference):
    scores = _score_lcs(reference, hypothesis)
    return {"precision": scores.precision, "recall": scores.recall, "f1": scores.fmeasure}


def squad_scores(prediction, answers):
    def tokens(text):
        kept = "".join(c for c in text.lower() if c not in set(string.punctuation))
        return re.sub(r"\b(a|an|the)\b", " ", kept).split()

    def f1(given, wanted):
        same = sum((Counter(given) & Counter(wanted)).values())
        if not given or not wanted:
            return float(given == wanted)
        if same == 0:
            return 0.0
        precision, recall = same / len(given), same / len(wanted)
        return 2 * precision * recall / (precision + recall)

    given, wanted = tokens(prediction), [tokens(answer) for answer in answers or [""]]
    return {
        "exact_match": max(float(given == one) for one in wanted),
        "f1": max(f1(given, one) for one in wanted),
    }
