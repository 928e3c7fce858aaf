# kata: rank_fusion
"""Raises the judge's own exceptions: refusals, alarms, failures of checks and of the wire."""

from autograder.checks import CheckFailed
from autograder.sandbox import failures, forbidden, wire, worker


def reciprocal_rank_fusion(rankings, k=60, weights=None):
    raise worker.Alarm


def score_fusion(runs, normalisation="min_max", method="sum", weights=None):
    raise failures.Unimplemented("not implemented")


def borda(rankings):
    raise wire.Unsupported("result[1]: nothing")


def copeland(rankings):
    raise forbidden.Refused("print") if rankings else CheckFailed("x")
