"""Examples that can be worked out by hand; the hidden suite asks for more."""

from autograder.checks import assert_equal


def test_prompts_share_what_they_have_in_common(submission):
    cache = submission.RadixCache(capacity=8)
    assert_equal(cache.insert([1, 2, 3, 4]), 4)
    assert_equal(cache.match([1, 2, 9]), 2)
    assert_equal(cache.runs(), [[1, 2], [3, 4]])
    assert_equal(cache.insert([1, 2, 5, 6, 7]), 3)
    assert_equal(cache.size, 7)


def test_what_is_locked_stays(submission):
    cache = submission.RadixCache(capacity=8)
    cache.insert([1, 2, 3, 4])
    cache.insert([1, 2, 5, 6, 7])
    cache.lock([1, 2, 3, 4])
    assert_equal(cache.insert([8, 9]), 2)
    assert_equal(cache.runs(), [[1, 2], [3, 4], [8, 9]])


def test_a_block_is_known_by_all_that_comes_before_it(submission):
    ids = submission.block_ids([[1, 2, 3, 4], [5, 6, 3, 4], [1, 2, 3]], block_size=2)
    assert_equal(ids, [[0, 1], [2, 3], [0]])


def test_a_wholly_cached_prompt_recomputes_its_last_block(submission):
    sequences = [[1, 2, 3, 4], [1, 2, 3], [1, 2, 3, 4]]
    assert_equal(submission.prefill_tokens(sequences, block_size=2), [4, 1, 2])
