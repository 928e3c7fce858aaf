# kata: rank_fusion
"""Asks the judge for services and kinds of questions that do not exist, or are no text at all."""

from autograder.sandbox import worker

QUESTIONS = [
    ("service", "launch", {"source": "#include </etc/passwd>"}),
    ("service", ["unhashable"], None),
    ("service",),
    ("report", 13.0),
    (),
    7,
    "callback",
    ("callback", 0, (), {}, "more"),
]


def ask(*args, **kwargs):
    question = QUESTIONS.pop()
    QUESTIONS.insert(0, question)
    return worker.current().judge.ask(question)


reciprocal_rank_fusion = score_fusion = borda = copeland = ask
