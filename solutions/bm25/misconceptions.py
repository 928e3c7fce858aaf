"""The wrong turns of BM25."""

from collections import Counter
from math import log

from autograder.suite import misconception
from solutions.bm25.bm25 import bm25_scores, bm25_top_k, cosine, inverted_index, weigh


def scores_by(postings, lengths, query, k1, b, idf, part):
    """Return scores summed from an idf of the postings and a part of tf and the length ratio."""
    scores = bm25_scores(postings, lengths, [], k1, b)  # for its errors, and as many zeros
    for token in query:
        found = postings.get(token, [])
        for document, tf in found:
            ratio = lengths[document] * len(lengths) / sum(lengths)
            scores[document] += idf(len(lengths), found) * part(tf, ratio)
    return scores


def right_idf(n, found):
    """Return the idf that the README asks for."""
    return log(1 + (n - len(found) + 0.5) / (len(found) + 0.5))


def saturated(k1, b):
    """Return what the README's formula makes of tf and the length ratio."""
    return lambda tf, ratio: tf * (k1 + 1) / (tf + k1 * (1 - b + b * ratio))


# ── inverted_index ────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="inverted_index",
    says="a document is posted once for every occurrence of the term (as `(document, 1)`), "
    "not once with its count",
    hint="What will the number of postings of a term be used for?",
)
def one_posting_per_occurrence(corpus):
    postings = {}
    for document, tokens in enumerate(corpus):
        for token in tokens:
            postings.setdefault(token, []).append((document, 1))
    return postings, [len(tokens) for tokens in corpus]


@misconception(
    replaces="inverted_index",
    says="occurrences are not counted: every posting says 1",
    hint="How often does the term stand in the document that you post?",
)
def occurrences_not_counted(corpus):
    postings, lengths = inverted_index(corpus)
    return {term: [(doc, 1) for doc, _ in found] for term, found in postings.items()}, lengths


@misconception(
    replaces="inverted_index",
    says="the length of a document is its number of different tokens, not of tokens",
    hint="How long is a document that says one word five times?",
)
def lengths_of_different_tokens(corpus):
    return inverted_index(corpus)[0], [len(set(tokens)) for tokens in corpus]


@misconception(
    replaces="inverted_index",
    says="tokens are lower-cased, where they should be taken as they are",
    hint="The query will not pass through your function. Will its tokens still match?",
)
def tokens_lower_cased(corpus):
    return inverted_index([[token.lower() for token in tokens] for tokens in corpus])


# ── bm25_scores ───────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="bm25_scores",
    says="the document frequency counts occurrences of the term, not documents that contain it",
    hint="One document says the word six times. How many documents is that?",
)
def idf_from_occurrences(postings, lengths, query, k1=1.5, b=0.75):
    def idf(n, found):
        frequency = sum(tf for _, tf in found)
        return log(1 + (n - frequency + 0.5) / (frequency + 0.5))

    return scores_by(postings, lengths, query, k1, b, idf, saturated(k1, b))


@misconception(
    replaces="bm25_scores",
    says="the idf lacks the 1 + inside the logarithm, so a word found in more than half of the "
    "documents counts against them",
    hint="Print the idf of a word that four of five documents contain.",
)
def negative_idf(postings, lengths, query, k1=1.5, b=0.75):
    def idf(n, found):
        return log((n - len(found) + 0.5) / (len(found) + 0.5))

    return scores_by(postings, lengths, query, k1, b, idf, saturated(k1, b))


@misconception(
    replaces="bm25_scores",
    says="the idf is ln(N/df), the plain one of tf·idf, not BM25's",
    hint="Which idf does the README give for BM25? Compare it with yours for df = N.",
)
def plain_idf(postings, lengths, query, k1=1.5, b=0.75):
    def idf(n, found):
        return log(n / len(found))

    return scores_by(postings, lengths, query, k1, b, idf, saturated(k1, b))


@misconception(
    replaces="bm25_scores",
    says="the factor k1 + 1 is missing above the fraction",
    hint="What does a word that stands once in a document of average length add to its score?",
)
def numerator_without_k1(postings, lengths, query, k1=1.5, b=0.75):
    def part(tf, ratio):
        return saturated(k1, b)(tf, ratio) / (k1 + 1)

    return scores_by(postings, lengths, query, k1, b, right_idf, part)


@misconception(
    replaces="bm25_scores",
    says="the length of the document is ignored, as if b were 0",
    hint="Does a word say as much about a book as about a sentence?",
)
def no_length_normalisation(postings, lengths, query, k1=1.5, b=0.75):
    bm25_scores(postings, lengths, query, k1, b)  # for its errors
    return bm25_scores(postings, lengths, query, k1, 0)


@misconception(
    replaces="bm25_scores",
    says="the length ratio is upside down (average over length), so long documents are favoured",
    hint="Should the denominator grow or shrink with the length of the document?",
)
def length_ratio_inverted(postings, lengths, query, k1=1.5, b=0.75):
    def part(tf, ratio):
        return saturated(k1, b)(tf, 1 / ratio)

    return scores_by(postings, lengths, query, k1, b, right_idf, part)


@misconception(
    replaces="bm25_scores",
    says="a token adds idf · tf, without k1 and b, so repeating a word keeps paying",
    hint="Is a document that says the word twenty times twenty times as relevant?",
)
def no_saturation(postings, lengths, query, k1=1.5, b=0.75):
    return scores_by(postings, lengths, query, k1, b, right_idf, lambda tf, ratio: tf)


@misconception(
    replaces="bm25_scores",
    says="a token that stands twice in the query counts only once",
    hint="What do you iterate over: a list of tokens or a set of terms?",
)
def query_terms_deduplicated(postings, lengths, query, k1=1.5, b=0.75):
    return bm25_scores(postings, lengths, list(dict.fromkeys(query)), k1, b)


# ── bm25_top_k ────────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="bm25_top_k",
    says="documents that contain no token of the query fill the list up to k",
    hint="How many documents does a query find that matches nothing?",
)
def fills_up_with_non_matches(postings, lengths, query, k, k1=1.5, b=0.75):
    bm25_top_k(postings, lengths, query, k, k1, b)  # for its errors
    scores = bm25_scores(postings, lengths, query, k1, b)
    return sorted(enumerate(scores), key=lambda item: (-item[1], item[0]))[:k]


@misconception(
    replaces="bm25_top_k",
    says="equal scores come back with the higher document number first",
    hint="By what does your sort order two documents of the same score?",
)
def later_document_wins_ties(postings, lengths, query, k, k1=1.5, b=0.75):
    bm25_top_k(postings, lengths, query, k, k1, b)  # for its errors
    found = bm25_top_k(postings, lengths, query, len(lengths) + 1, k1, b)
    return sorted(found, key=lambda item: (item[1], item[0]), reverse=True)[:k]


@misconception(
    replaces="bm25_top_k",
    says="only documents that contain every token of the query are returned",
    hint="Somebody adds one more word to the query. Should fewer documents be found?",
)
def every_token_required(postings, lengths, query, k, k1=1.5, b=0.75):
    bm25_top_k(postings, lengths, query, k, k1, b)  # for its errors
    holders = [{document for document, _ in postings.get(token, [])} for token in query]
    found = bm25_top_k(postings, lengths, query, len(lengths) + 1, k1, b)
    return [item for item in found if all(item[0] in holder for holder in holders)][:k]


# ── tf_idf_cosine ─────────────────────────────────────────────────────────────────────────────


def smoothed(n, frequency):
    """Return the idf that the README asks for."""
    return log((1 + n) / (1 + frequency)) + 1


def vectors(corpus, query, idf_of):
    """Return the vectors of the documents and of the query, given an idf of N and df."""
    postings, _ = inverted_index(corpus)
    idf = {term: idf_of(len(corpus), len(found)) for term, found in postings.items()}
    return [weigh(tokens, idf) for tokens in corpus], weigh(query, idf)


@misconception(
    replaces="tf_idf_cosine",
    says="the dot product is not divided by the norms, so long documents win",
    hint="Paste a document behind itself. Should its score double?",
)
def not_divided_by_norms(corpus, query):
    documents, wanted = vectors(corpus, query, smoothed)
    return [
        sum((weight * wanted.get(term, 0.0) for term, weight in document.items()), 0.0)
        for document in documents
    ]


@misconception(
    replaces="tf_idf_cosine",
    says="the idf is ln(N/df), without smoothing and without the added 1, "
    "so a word in every document weighs nothing",
    hint="What is your idf of a word that every document contains?",
)
def unsmoothed_idf(corpus, query):
    documents, wanted = vectors(corpus, query, lambda n, frequency: log(n / frequency))
    return [cosine(document, wanted) for document in documents]


@misconception(
    replaces="tf_idf_cosine",
    says="the idf lacks the added 1, so a word in every document weighs nothing",
    hint="What is your idf of a word that every document contains?",
)
def idf_without_the_added_one(corpus, query):
    documents, wanted = vectors(corpus, query, lambda n, frequency: smoothed(n, frequency) - 1)
    return [cosine(document, wanted) for document in documents]


@misconception(
    replaces="tf_idf_cosine",
    says="tokens that no document contains stay in the query's norm, so every score is too low",
    hint="Add an unknown word to the query. Should a perfect match become less perfect?",
)
def unknown_tokens_in_the_norm(corpus, query):
    documents, wanted = vectors(corpus, query, smoothed)
    unknown = Counter(token for token in query if not any(token in tokens for tokens in corpus))
    rarest = smoothed(len(corpus), 0)
    wanted |= {token: count * rarest for token, count in unknown.items()}
    return [cosine(document, wanted) for document in documents]


@misconception(
    replaces="tf_idf_cosine",
    says="only the documents are weighted by idf; the query holds raw counts",
    hint="Which weight does a rare word have in the vector of the query?",
)
def query_not_weighted(corpus, query):
    documents, wanted = vectors(corpus, query, smoothed)
    known = {token for tokens in corpus for token in tokens}
    wanted = dict(Counter(token for token in query if token in known))
    return [cosine(document, wanted) for document in documents]


@misconception(
    replaces="tf_idf_cosine",
    says="a word counts once, however often it stands in the document or the query",
    hint="Is a document that says the word three times told from one that says it once?",
)
def presence_only(corpus, query):
    documents, wanted = vectors(
        [list(dict.fromkeys(tokens)) for tokens in corpus], list(dict.fromkeys(query)), smoothed
    )
    return [cosine(document, wanted) for document in documents]
