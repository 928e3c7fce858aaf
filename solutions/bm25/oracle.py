"""rank-bm25 and scikit-learn, as independent implementations.

rank-bm25 takes a corpus and an idf of its own; the corpus is rebuilt from the index (a document's
other tokens are fillers) and the idf replaced. It knows no empty corpus, no best k, and no
k1 of 0 (0/0 where a document lacks the token).
"""

from math import log

from rank_bm25 import BM25Okapi
from sklearn.feature_extraction.text import TfidfVectorizer

from solutions.bm25 import bm25 as reference


def bm25_scores(postings, lengths, query, k1=1.5, b=0.75):
    result = reference.bm25_scores(postings, lengths, query, k1, b)  # for its errors
    if not any(lengths) or k1 == 0:
        return result
    corpus = [[] for _ in lengths]
    for term, found in postings.items():
        for document, tf in found:
            corpus[document] += [term] * tf
    for tokens, length in zip(corpus, lengths, strict=True):
        tokens += ["a filler"] * (length - len(tokens))
    library = BM25Okapi(corpus, k1=k1, b=b)
    library.idf = {
        term: log(1 + (len(lengths) - len(found) + 0.5) / (len(found) + 0.5))
        for term, found in postings.items()
    }
    return library.get_scores(query)


def tf_idf_cosine(corpus, query):
    if not any(corpus):
        return [0.0] * len(corpus)
    vectorizer = TfidfVectorizer(analyzer=list)
    documents = vectorizer.fit_transform(corpus)
    return (documents @ vectorizer.transform([query]).T).toarray()[:, 0]
