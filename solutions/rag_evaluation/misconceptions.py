"""The wrong turns of evaluating RAG."""

import numpy as np

from autograder.suite import misconception
from solutions.rag_evaluation.rag_evaluation import (
    CITATION,
    answer_relevance,
    claim_metrics,
    context_precision,
    share,
)

# ── context_precision ─────────────────────────────────────────────────────────────────────────


def useful_precisions(relevant, k):
    """Return precision@i at the useful ranks down to k, after raising what has to be raised."""
    context_precision(relevant, k)
    shown = relevant[:k]
    return [sum(shown[:rank]) / rank for rank in range(1, len(shown) + 1) if shown[rank - 1]]


@misconception(
    replaces="context_precision",
    says="the share of relevant chunks among those looked at is returned; ranks are not weighted",
    hint="Put the useful chunks at the end of the list. Should your number stay?",
)
def plain_precision(relevant, k):
    found = useful_precisions(relevant, k)
    return len(found) / len(relevant[:k]) if found else 0.0


@misconception(
    replaces="context_precision",
    says="the sum is divided by the number of chunks looked at, not by the number of relevant ones",
    hint="One useful chunk, and it comes first. What should the best possible score be?",
)
def divided_by_k(relevant, k):
    found = useful_precisions(relevant, k)
    return sum(found) / len(relevant[:k]) if found else 0.0


@misconception(
    id="divided_by_k",
    replaces="context_precision",
    says="the sum is divided by the number of chunks looked at, not by the number of relevant ones",
    hint="One useful chunk, and it comes first. What should the best possible score be?",
)
def divided_by_k_itself(relevant, k):
    return sum(useful_precisions(relevant, k)) / k


@misconception(
    replaces="context_precision",
    says="the sum is divided by all relevant chunks of the list, also those below k",
    hint="All of the first k are useful, and one below is too. What should your number be?",
)
def divided_by_all_relevant(relevant, k):
    found = useful_precisions(relevant, k)
    return sum(found) / sum(relevant) if found else 0.0


@misconception(
    replaces="context_precision",
    says="only the first relevant chunk counts: that is the reciprocal rank",
    hint="Remove all useful chunks but the first. Does your number change?",
)
def reciprocal_rank(relevant, k):
    return max(useful_precisions(relevant, k)[:1], default=0.0)


@misconception(
    replaces="context_precision",
    says="precision@i is averaged over all ranks, not over those that hold a relevant chunk",
    hint="At which ranks does v_i let a precision into the sum?",
)
def every_rank_counts(relevant, k):
    context_precision(relevant, k)
    shown = relevant[:k]
    precisions = [sum(shown[:rank]) / rank for rank in range(1, len(shown) + 1)]
    return sum(precisions) / len(precisions) if any(shown) else 0.0


# ── claim_metrics ─────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="claim_metrics",
    says="faithfulness is judged against the reference answer, not against the retrieved chunks",
    hint="The answer repeats a wrong passage word for word. Is it faithful? Is it correct?",
)
def faithful_to_the_reference(
    answer, answer_claims, reference, reference_claims, contexts, entails
):
    given = claim_metrics(answer, answer_claims, reference, reference_claims, contexts, entails)
    return {**given, "faithfulness": given["correctness"]}


@misconception(
    replaces="claim_metrics",
    says="correctness is judged against the retrieved chunks, not against the reference answer",
    hint="The answer repeats a wrong passage word for word. Is it faithful? Is it correct?",
)
def correct_by_the_chunks(answer, answer_claims, reference, reference_claims, contexts, entails):
    given = claim_metrics(answer, answer_claims, reference, reference_claims, contexts, entails)
    return {**given, "correctness": given["faithfulness"]}


def asked_again(times, answer, answer_claims, reference, reference_claims, contexts, entails):
    """Judge faithfulness by the reference, asking about each claim several times over."""
    given = claim_metrics(answer, answer_claims, reference, reference_claims, contexts, entails)
    for _ in range(times - 1):
        for claim in answer_claims:
            entails(reference, claim)
    return {**given, "faithfulness": given["correctness"]}


@misconception(
    id="faithful_to_the_reference",
    replaces="claim_metrics",
    says="faithfulness is judged against the reference answer, not against the retrieved chunks",
    hint="The answer repeats a wrong passage word for word. Is it faithful? Is it correct?",
)
def faithful_to_the_reference_asked_twice(*arguments, **named):
    return asked_again(2, *arguments, **named)


@misconception(
    id="faithful_to_the_reference",
    replaces="claim_metrics",
    says="faithfulness is judged against the reference answer, not against the retrieved chunks",
    hint="The answer repeats a wrong passage word for word. Is it faithful? Is it correct?",
)
def faithful_to_the_reference_asked_thrice(*arguments, **named):
    return asked_again(3, *arguments, **named)


def complement(value):
    """Return 1 − a share."""
    return None if value is None else 1 - value


@misconception(
    replaces="claim_metrics",
    says="hallucination is taken as 1 − faithfulness, so claims that are right but not retrieved "
    "count as hallucinated",
    hint="The model knew something true that no chunk says. Did it make it up?",
)
def one_minus_faithfulness(answer, answer_claims, reference, reference_claims, contexts, entails):
    given = claim_metrics(answer, answer_claims, reference, reference_claims, contexts, entails)
    return {**given, "hallucination": complement(given["faithfulness"])}


@misconception(
    replaces="claim_metrics",
    says="hallucination is taken as 1 − correctness, so claims that repeat a retrieved chunk count "
    "as hallucinated",
    hint="The answer repeats a wrong passage. Did the model make it up?",
)
def one_minus_correctness(answer, answer_claims, reference, reference_claims, contexts, entails):
    given = claim_metrics(answer, answer_claims, reference, reference_claims, contexts, entails)
    return {**given, "hallucination": complement(given["correctness"])}


@misconception(
    replaces="claim_metrics",
    says="a share of no claims is 1.0 instead of None",
    hint="An empty answer: is it perfectly faithful, or was nothing measured?",
)
def nothing_is_perfect(answer, answer_claims, reference, reference_claims, contexts, entails):
    given = claim_metrics(answer, answer_claims, reference, reference_claims, contexts, entails)
    return {name: 1.0 if value is None else value for name, value in given.items()}


@misconception(
    replaces="claim_metrics",
    says="a share of no claims is 0.0 instead of None",
    hint="An empty answer: is it as unfaithful as can be, or was nothing measured?",
)
def nothing_is_worst(answer, answer_claims, reference, reference_claims, contexts, entails):
    given = claim_metrics(answer, answer_claims, reference, reference_claims, contexts, entails)
    return {name: 0.0 if value is None else value for name, value in given.items()}


@misconception(
    replaces="claim_metrics",
    says="the chunks are joined into one text before it is asked what they entail",
    hint="One chunk says where, another says when. Who says where and when?",
)
def chunks_joined(answer, answer_claims, reference, reference_claims, contexts, entails):
    joined = ["\n".join(contexts)] if contexts else []
    return claim_metrics(answer, answer_claims, reference, reference_claims, joined, entails)


@misconception(
    replaces="claim_metrics",
    says="a claim counts as retrieved only if every chunk entails it",
    hint="Ten chunks, and one of them holds the fact. Was it retrieved?",
)
def every_chunk_must_entail(answer, answer_claims, reference, reference_claims, contexts, entails):
    def share_of(claims, holds):
        return share(sum(holds(claim) for claim in claims), len(claims))

    def retrieved(claim):
        return all(entails(chunk, claim) for chunk in contexts)

    def correct(claim):
        return entails(reference, claim)

    found = [claim for claim in reference_claims if retrieved(claim)]
    return {
        "context_recall": share(len(found), len(reference_claims)),
        "faithfulness": share_of(answer_claims, retrieved),
        "correctness": share_of(answer_claims, correct),
        "hallucination": share_of(
            answer_claims, lambda claim: not retrieved(claim) and not correct(claim)
        ),
        "utilisation": share_of(found, lambda claim: entails(answer, claim)),
    }


@misconception(
    replaces="claim_metrics",
    says="utilisation is a share of all reference claims, also of those that were not retrieved",
    hint="Nothing was retrieved. How much of it could the answer use?",
)
def utilisation_of_all_claims(
    answer, answer_claims, reference, reference_claims, contexts, entails
):
    given = claim_metrics(answer, answer_claims, reference, reference_claims, contexts, entails)
    if given["utilisation"] is None:
        return given
    used = sum(entails(answer, claim) for claim in reference_claims)
    return {**given, "utilisation": share(used, len(reference_claims))}


@misconception(
    replaces="claim_metrics",
    says="the retrieved claims that the answer uses are divided by all reference claims",
    hint="One of two claims was retrieved and used. How much of what was there did the answer use?",
)
def utilisation_over_all_claims(
    answer, answer_claims, reference, reference_claims, contexts, entails
):
    given = claim_metrics(answer, answer_claims, reference, reference_claims, contexts, entails)
    if given["utilisation"] is None:
        return given
    return {**given, "utilisation": given["utilisation"] * given["context_recall"]}


@misconception(
    replaces="claim_metrics",
    says="premise and hypothesis are exchanged: the claim is asked whether it entails the text",
    hint="Does 'Paris is in France' follow from 'Paris', or the other way round?",
)
def entailment_turned_round(answer, answer_claims, reference, reference_claims, contexts, entails):
    return claim_metrics(
        answer,
        answer_claims,
        reference,
        reference_claims,
        contexts,
        lambda premise, hypothesis: entails(hypothesis, premise),
    )


# ── answer_relevance ──────────────────────────────────────────────────────────────────────────


def cosines(question, generated):
    """Return the cosines of the rows with the question."""
    return np.array([answer_relevance(question, row[None], False) for row in generated])


@misconception(
    replaces="answer_relevance",
    says="the embeddings are not normalised: dot products are averaged, not cosines",
    hint="Make the question's embedding ten times as long. Does your number change?",
)
def dot_products(question, generated, noncommittal):
    answer_relevance(question, generated, noncommittal)
    return 0.0 if noncommittal else float((generated @ question).mean())


@misconception(
    replaces="answer_relevance",
    says="the embeddings are averaged before the cosine instead of averaging the cosines",
    hint="Two questions point left and right of the one asked. Is either of them to the point?",
)
def cosine_with_the_mean(question, generated, noncommittal):
    answer_relevance(question, generated, noncommittal)
    return answer_relevance(question, generated.mean(axis=0, keepdims=True), noncommittal)


@misconception(
    replaces="answer_relevance",
    says="the highest cosine is returned, not the mean",
    hint="One of ten generated questions is to the point. How relevant is the answer?",
)
def best_cosine(question, generated, noncommittal):
    answer_relevance(question, generated, noncommittal)
    return 0.0 if noncommittal else float(cosines(question, generated).max())


@misconception(
    replaces="answer_relevance",
    says="negative cosines are raised to 0",
    hint="Can an answer be to the opposite of the question?",
)
def negative_is_zero(question, generated, noncommittal):
    answer_relevance(question, generated, noncommittal)
    return 0.0 if noncommittal else float(cosines(question, generated).clip(min=0).mean())


@misconception(
    replaces="answer_relevance",
    says="a noncommittal answer is scored like any other",
    hint="'I don't know what the capital of France is': which question would be made from it?",
)
def noncommittal_ignored(question, generated, noncommittal):
    return answer_relevance(question, generated, False)


# ── citation_scores ───────────────────────────────────────────────────────────────────────────


def alone(entails, text, others, statement):
    """Say that a citation is precise as the paper does."""
    return entails(text, statement) or not (others and entails("\n".join(others), statement))


def cited(
    sentences,
    passages,
    entails,
    first=1,
    supports=None,
    precise=alone,
    numbers=dict.fromkeys,
    counts=lambda number, passages: True,
    statement=lambda sentence: CITATION.sub("", sentence).strip(),
    unsupported=False,
):
    """Score citations with one part done in another way: for each sentence what was found."""
    found = []
    for sentence in sentences:
        cites = list(numbers([int(number) for number in CITATION.findall(sentence)]))
        real = [number for number in cites if first <= number < first + len(passages)]
        texts = [passages[number - first] for number in real]
        said = statement(sentence)
        if supports:
            held = bool(texts) and supports(texts, said)
        else:
            held = bool(texts) and entails("\n".join(texts), said)
        good = 0
        if held or unsupported:
            for place, text in enumerate(texts):
                others = texts[:place] + texts[place + 1 :]
                good += bool(precise(entails, text, others, said))
        found.append((held, good, sum(counts(number, real) for number in cites)))
    return found


def summed(found):
    """Return recall and precision of what was found."""
    return {
        "recall": share(sum(held for held, _, _ in found), len(found)),
        "precision": share(sum(good for _, good, _ in found), sum(n for _, _, n in found)),
    }


@misconception(
    replaces="citation_scores",
    says="a citation counts as precise only if its passage alone supports the statement, so "
    "evidence spread over two passages counts as imprecise",
    hint="One passage says where, the other says when. Which citation can be left out?",
)
def citations_judged_alone(sentences, passages, entails):
    def precise(entails, text, others, statement):
        return entails(text, statement)

    return summed(cited(sentences, passages, entails, precise=precise))


@misconception(
    replaces="citation_scores",
    says="[1] is read as the second passage: citations count from 1",
    hint="Which is the first element of a Python list, and which the first passage?",
)
def zero_based(sentences, passages, entails):
    return summed(cited(sentences, passages, entails, first=0))


@misconception(
    replaces="citation_scores",
    says="every citation of a supported sentence counts as precise",
    hint="Add a citation of a passage about something else. Should your precision stay?",
)
def precise_when_supported(sentences, passages, entails):
    def precise(entails, text, others, statement):
        return True

    return summed(cited(sentences, passages, entails, precise=precise))


@misconception(
    replaces="citation_scores",
    says="a citation that could be left out counts as imprecise although its passage supports the "
    "statement by itself",
    hint="Two passages say the same. Is either citation wrong?",
)
def redundant_is_imprecise(sentences, passages, entails):
    def precise(entails, text, others, statement):
        return not (others and entails("\n".join(others), statement))

    return summed(cited(sentences, passages, entails, precise=precise))


@misconception(
    replaces="citation_scores",
    says="a sentence is supported only if one of its passages supports it alone",
    hint="One passage says where, the other says when. Together, do they say where and when?",
)
def passages_never_joined(sentences, passages, entails):
    def supports(texts, statement):
        return any([entails(text, statement) for text in texts])

    return summed(cited(sentences, passages, entails, supports=supports))


@misconception(
    replaces="citation_scores",
    says="citations of sentences that are not supported may count as precise",
    hint="The statement is wrong. What do its citations show?",
)
def precise_without_support(sentences, passages, entails):
    return summed(cited(sentences, passages, entails, unsupported=True))


@misconception(
    replaces="citation_scores",
    says="fabricated citations are not counted at all",
    hint="The answer cites passage 7 of 2. Should that cost nothing?",
)
def fabricated_left_out(sentences, passages, entails):
    return summed(cited(sentences, passages, entails, counts=lambda number, real: number in real))


@misconception(
    replaces="citation_scores",
    says="a fabricated citation makes the whole sentence unsupported",
    hint="The sentence cites [1], which supports it, and [9]. What is wrong with the statement?",
)
def fabricated_spoils_the_sentence(sentences, passages, entails):
    kept = [
        sentence
        if all(1 <= int(number) <= len(passages) for number in CITATION.findall(sentence))
        else "".join(
            f"[{len(passages) + 1 + place}]"
            for place, _ in enumerate(set(map(int, CITATION.findall(sentence))))
        )
        for sentence in sentences
    ]
    return summed(cited(kept, passages, entails))


@misconception(
    replaces="citation_scores",
    says="a number that a sentence repeats is counted each time",
    hint="The sentence says [2] twice. How many passages does it cite?",
)
def repeats_counted(sentences, passages, entails):
    return summed(cited(sentences, passages, entails, numbers=list))


@misconception(
    replaces="citation_scores",
    says="precision is averaged over sentences instead of being counted over all citations",
    hint="One sentence has nine citations and another one. Which of them decides?",
)
def precision_by_sentence(sentences, passages, entails):
    found = cited(sentences, passages, entails)
    each = [good / n for _, good, n in found if n]
    return {**summed(found), "precision": sum(each) / len(each) if each else None}


@misconception(
    replaces="citation_scores",
    says="sentences without a citation are left out of the recall",
    hint="An answer of ten sentences cites in one. Is its recall 1?",
)
def uncited_left_out(sentences, passages, entails):
    found = cited(sentences, passages, entails)
    recall = share(sum(held for held, _, _ in found), sum(n > 0 for _, _, n in found))
    if recall is None and sentences:
        recall = 0.0
    return {**summed(found), "recall": recall}


@misconception(
    replaces="citation_scores",
    says="the citations stay in the statement that is judged",
    hint="Print what `entails` gets to read. Does a passage say '[1]'?",
)
def citations_left_in(sentences, passages, entails):
    return summed(cited(sentences, passages, entails, statement=str.strip))
