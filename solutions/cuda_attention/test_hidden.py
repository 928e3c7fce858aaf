"""The hidden suite of cuda_attention."""

import numpy as np
import pytest

from autograder.checks import CheckFailed, assert_close, assert_raises
from autograder.gpu.budgets import assert_at_most, assert_launches, assert_no_findings
from autograder.suite import array, hint, points, whole_blocks


def drawn(rng, heads, n, m, d):
    """Draw q, k and v, float32."""
    return tuple(array(rng, heads, size, d, dtype=np.float32) for size in (n, m, m))


def attention(q, k, v, causal):
    """Compute attention in float64."""
    q, k, v = (x.astype(np.float64) for x in (q, k, v))
    scores = q @ k.swapaxes(1, 2) / np.sqrt(q.shape[2])
    n, m = scores.shape[1:]
    seen = np.tri(n, m, m - n, dtype=bool) if causal else np.ones((n, m), dtype=bool)
    some = seen.any(axis=1, keepdims=True)
    scores = np.where(seen, scores, -np.inf)
    weights = np.exp(scores - np.where(some, scores.max(axis=2, keepdims=True), 0.0))
    return weights / np.where(some, weights.sum(axis=2, keepdims=True), 1.0) @ v


def assert_values(result, exact):
    """Compare with exact values in float32's tolerance; the result has to be float32."""
    assert_close(result, exact.astype(np.float32), rtol=1e-4, atol=1e-5, check_dtype=True)


# ── values, plain: 3 points ───────────────────────────────────────────────────────────────────


@points(1)
@hint("Work out one query and two keys by hand. Which sums does your kernel hold after the second?")
@pytest.mark.parametrize(
    ("heads", "n", "m", "d"),
    [(1, 1, 1, 1), (2, 5, 7, 3), (1, 33, 70, 17), (2, 35, 9, 64), (1, 3, 150, 2)],
)
def test_every_query_gets_its_weighted_mean_of_values(submission, rng, heads, n, m, d):
    q, k, v = drawn(rng, heads, n, m, d)
    assert_values(submission.flash_attention(q, k, v, False), attention(q, k, v, False))


@points(0.25)
@hint("Sizes are multiples of every tile here. Which key does a thread load, and where to?")
@whole_blocks
def test_whole_tiles_are_right(submission, rng):
    q, k, v = drawn(rng, 1, 64, 64, 16)
    assert_values(submission.flash_attention(q, k, v, False), attention(q, k, v, False))


@points(0.25)
@hint("What is the standard deviation of q·k when d is 64, and what keeps it at 1?")
def test_scores_are_divided_by_the_root_of_d(submission, rng):
    q, k, v = drawn(rng, 1, 4, 64, 64)
    assert_values(submission.flash_attention(q, k, v, False), attention(q, k, v, False))


@points(0.5)
@hint("Each key scores higher than all before it. What becomes of what has been summed up by then?")
def test_a_growing_maximum_rescales_what_is_there(submission, rng):
    _, k, v = drawn(rng, 2, 4, 128, 4)
    q = np.zeros((2, 4, 4), dtype=np.float32)
    q[..., 0] = rng.uniform(1.0, 2.0, (2, 4))
    k[..., 0] = np.linspace(-3, 3, 128) + rng.uniform(-0.2, 0.2, (2, 128))
    assert_values(submission.flash_attention(q, k, v, False), attention(q, k, v, False))


@points(0.5)
@hint("What is exp(10 000) in float32? What is subtracted before exp, and what when it changes?")
def test_scores_of_ten_thousand_do_not_overflow(submission, rng):
    # A key for each dimension, so that the scores are what is written into q: whole numbers.
    scores = rng.integers(-10_000, 9_000, (1, 6, 16))
    scores[0, 1] = rng.permutation(np.arange(16) - 10_000)
    best = rng.integers(0, 16, 6)
    scores[0, np.arange(6), best] = scores[0].max(axis=1) + rng.integers(20, 200, 6)
    q, k = (scores * 4).astype(np.float32), np.eye(16, dtype=np.float32)[None]
    v = array(rng, 1, 16, 16, dtype=np.float32)
    assert_values(submission.flash_attention(q, k, v, False), attention(q, k, v, False))


@points(0.5)
@hint("Which sizes do q, k and v have to share? How much of d fits into your arrays?")
def test_shapes_that_do_not_go_together_are_refused(submission):
    for q, k, v in [
        ((2, 3, 4), (2, 5, 4), (2, 6, 4)),
        ((2, 3, 4), (2, 5, 4), (2, 5, 3)),
        ((2, 3, 4), (2, 5, 4), (1, 5, 4)),
        ((2, 3, 4), (1, 5, 4), (1, 5, 4)),
        ((2, 3, 4), (3, 5, 4), (3, 5, 4)),
        ((2, 3, 4), (2, 5, 5), (2, 5, 5)),
        ((2, 3, 4), (2, 5, 3), (2, 5, 3)),
        ((1, 2, 65), (1, 2, 65), (1, 2, 65)),
    ]:
        arrays = (np.ones(shape, dtype=np.float32) for shape in (q, k, v))
        assert_raises(ValueError, submission.flash_attention, *arrays, False)


# ── values, causal: 2 points ──────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Which keys does query 0 see when there are as many keys as queries?")
@pytest.mark.parametrize(("n", "d"), [(5, 4), (70, 3)])
def test_a_causal_query_sees_no_later_key(submission, rng, n, d):
    q, k, v = drawn(rng, 2, n, n, d)
    assert_values(submission.flash_attention(q, k, v, True), attention(q, k, v, True))


@points(0.75)
@hint("Two queries after a cache of five keys: how many keys does the first of them see?")
@pytest.mark.parametrize(("n", "m"), [(2, 6), (1, 40), (35, 71)])
def test_the_last_query_sees_the_last_key(submission, rng, n, m):
    q, k, v = drawn(rng, 1, n, m, 4)
    assert_values(submission.flash_attention(q, k, v, True), attention(q, k, v, True))


@points(0.75)
@hint("More queries than keys: what are sum and maximum of the first ones, and what is 0 / 0?")
@pytest.mark.parametrize(("n", "m"), [(5, 2), (70, 33), (3, 1)])
def test_a_query_that_sees_no_key_gets_zeros(submission, rng, n, m):
    q, k, v = drawn(rng, 2, n, m, 3)
    assert_values(submission.flash_attention(q, k, v, True), attention(q, k, v, True))


# ── what moves through memory: 4 points ───────────────────────────────────────────────────────


@points(1)
@hint("How many launches does your call make, and what goes through memory between them?")
def test_all_is_done_in_one_launch(submission, rng):
    q, k, v = drawn(rng, 2, 20, 24, 4)
    with submission.profile() as profile:
        submission.flash_attention(q, k, v, False)
    assert_launches(profile, 1)


@points(1)
@hint("Which arrays do your launches get besides q, k, v and the result? What is in them?")
def test_the_launch_gets_q_k_v_and_the_result_only(submission, rng):
    q, k, v = drawn(rng, 1, 40, 72, 2)
    with submission.profile() as profile:
        submission.flash_attention(q, k, v, False)
    needed = 2 * q.nbytes + k.nbytes + v.nbytes
    for launch in profile.launches:
        found = sum(buffer.nbytes for buffer in launch.buffers)
        if found > needed:
            text = f"its arrays have {found} bytes; q, k, v and the result have {needed}"
            raise CheckFailed(f"{launch.name}: {text}", kind="buffers")


@points(1)
@hint("How many queries use a key once it is loaded? Count the loads of all keys and values.")
def test_sixteen_queries_share_each_load(submission, rng):
    q, k, v = drawn(rng, 2, 40, 56, 32)
    with submission.profile() as profile:
        submission.flash_attention(q, k, v, False)
    limit = 1.25 * 4 * 2 * (40 * 32 + 3 * 2 * 56 * 32)
    assert_at_most(profile, "global_load_bytes", limit, why="40 queries are three tiles of 16")


@points(1)
@hint("When is the result stored: once, or after each tile?")
def test_each_result_is_stored_once(submission, rng):
    q, k, v = drawn(rng, 2, 40, 56, 32)
    with submission.profile() as profile:
        submission.flash_attention(q, k, v, False)
    assert_at_most(profile, "global_store_bytes", 4 * q.size, why="only the result")


# ── findings: 1 point ─────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Between which lines does a barrier stand? Do threads without a query come to it as well?")
@pytest.mark.parametrize("causal", [False, True])
def test_ragged_tiles_have_no_findings(submission, rng, causal):
    q, k, v = drawn(rng, 1, 21, 141, 3)
    with submission.profile() as profile:
        submission.flash_attention(q, k, v, causal)
    assert_no_findings(profile)


@points(0.5)
@hint("Who still reads a tile of keys when the first thread loads the next one?")
def test_whole_tiles_have_no_findings(submission, rng):
    q, k, v = drawn(rng, 1, 64, 192, 2)
    with submission.profile() as profile:
        submission.flash_attention(q, k, v, False)
    assert_no_findings(profile)
