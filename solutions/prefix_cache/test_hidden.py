"""The hidden suite of the prefix cache."""

import pytest

from autograder.checks import assert_equal, assert_raises
from autograder.suite import hint, points, shuffled
from solutions.prefix_cache.prefix_cache import RadixCache, block_ids, prefill_tokens


def filled(make, capacity, *sequences):
    """Make a cache, and insert sequences one after another."""
    cache = make(capacity)
    for tokens in sequences:
        cache.insert(tokens)
    return cache


def assert_holds(cache, *runs):
    assert_equal(cache.runs(), list(runs), name="runs()")
    assert_equal(cache.size, sum(map(len, runs)), name="size")


# ── RadixCache ────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Which of these prompts begins as the cached one does, and for how many tokens?")
def test_a_cached_sequence_is_matched_as_far_as_it_goes(submission):
    cache = submission.RadixCache(20)
    assert_equal(cache.match([1, 2, 3]), 0)
    assert_equal(cache.insert([1, 2, 3]), 3)
    assert_holds(cache, [1, 2, 3])
    assert_equal(cache.match([1, 2, 3]), 3)
    assert_equal(cache.match([1, 2, 3, 4, 5]), 3)
    assert_equal(cache.match([4, 1, 2, 3]), 0)
    assert_equal(cache.insert([1, 2, 3]), 0)
    assert_holds(cache, [1, 2, 3])


@points(0.5)
@hint("The prompt of a chat grows with each turn. Which part of it is new?")
def test_only_what_is_new_is_stored(submission):
    cache = filled(submission.RadixCache, 20, [1, 2, 3])
    assert_equal(cache.insert([1, 2, 3, 4, 5]), 2)
    assert_equal(cache.insert([7, 8]), 2)
    assert_equal(cache.insert([1, 2, 3, 4, 5, 6]), 1)
    assert_holds(cache, [1, 2, 3], [4, 5], [6], [7, 8])


@points(0.5)
@hint("Two of the four tokens of a run agree. How many tokens need not be computed again?")
def test_a_match_may_end_within_a_run(submission):
    cache = filled(submission.RadixCache, 20, [1, 2, 3, 4])
    assert_equal(cache.match([1, 2, 9]), 2)
    assert_holds(cache, [1, 2], [3, 4])
    assert_equal(cache.match([1, 2, 3]), 3)
    assert_holds(cache, [1, 2], [3], [4])
    assert_equal(cache.match([1, 2, 3, 4]), 4)


@points(0.5)
@hint("Two sequences part after two tokens. Which nodes are there, and under which one?")
def test_an_insert_splits_the_run_that_it_leaves(submission):
    cache = filled(submission.RadixCache, 20, [1, 2, 3, 4], [1, 2, 3, 4, 5, 6])
    assert_equal(cache.insert([1, 2, 7]), 1)
    assert_holds(cache, [1, 2], [3, 4], [5, 6], [7])
    assert_equal(cache.insert([1]), 0)
    assert_holds(cache, [1], [2], [3, 4], [5, 6], [7])
    assert_equal(cache.match([1, 2, 3, 4, 5, 6]), 6)


@points(0.25)
@hint("In which order do siblings come, whatever the order in which they were inserted?")
def test_siblings_are_listed_by_their_first_token(submission, rng):
    sequences = [[5, first, 0] for first in range(8)] + [[-3, 1], [11]]
    cache = filled(submission.RadixCache, 99, *shuffled(rng, sequences))
    expected = filled(RadixCache, 99, *sequences)
    assert_holds(cache, *expected.runs())


@points(0.5)
@hint("Which leaf was used longest ago? Is a part of it removed, or all of it?")
def test_whole_leaves_are_evicted_least_recently_used_first(submission):
    cache = filled(submission.RadixCache, 20, [3, 1, 1, 1], [1, 2], [2, 5, 5])
    assert_equal(cache.evict(2), 4)
    assert_holds(cache, [1, 2], [2, 5, 5])
    assert_equal(cache.evict(3), 5)
    assert_holds(cache)
    assert_equal(cache.evict(1), 0)


@points(0.5)
@hint("A prefix is hit again and again. Is it the one that should go first?")
def test_a_match_counts_as_use(submission):
    cache = filled(submission.RadixCache, 20, [1, 1], [2, 2], [3, 3])
    cache.match([1, 1])
    assert_equal(cache.evict(1), 2)
    assert_holds(cache, [1, 1], [3, 3])
    cache.match([1, 1, 7])
    assert_equal(cache.evict(1), 2)
    assert_holds(cache, [1, 1])


@points(0.25)
@hint("Which calls use a prefix?")
def test_an_insert_and_a_lock_count_as_use(submission):
    cache = filled(submission.RadixCache, 20, [1, 1], [2, 2], [3, 3], [4, 4], [5, 5])
    cache.insert([1, 1])
    cache.lock([2, 2])
    cache.unlock([2, 2])
    for left in ([[1, 1], [2, 2], [4, 4], [5, 5]], [[1, 1], [2, 2], [5, 5]], [[1, 1], [2, 2]]):
        cache.evict(1)
        assert_holds(cache, *left)
    cache.evict(1)
    assert_holds(cache, [2, 2])


@points(0.25)
@hint("A request ends and gives its lock back. Has its prefix been used just now?")
def test_an_unlock_is_no_use(submission):
    cache = filled(submission.RadixCache, 20, [1, 1], [2, 2])
    cache.lock([1, 1])
    cache.match([2, 2])
    cache.unlock([1, 1])
    cache.evict(1)
    assert_holds(cache, [2, 2])


@points(0.5)
@hint("The last child of a node is gone. What is the node now?")
def test_a_parent_that_becomes_a_leaf_may_go_in_the_same_call(submission):
    cache = filled(submission.RadixCache, 20, [1, 2], [1, 2, 3], [1, 2, 3, 4, 5])
    assert_equal(cache.evict(3), 3)
    assert_holds(cache, [1, 2])
    cache = filled(submission.RadixCache, 20, [1, 2], [1, 2, 3], [1, 2, 4], [9])
    # The parent is as old as its last child, and older than the other leaf.
    assert_equal(cache.evict(4), 4)
    assert_holds(cache, [9])


@points(0.5)
@hint("A request is decoding with this prefix. What happens if its keys go?")
def test_locked_leaves_are_not_evicted(submission):
    cache = filled(submission.RadixCache, 20, [1, 2, 3], [4, 5])
    cache.lock([1, 2, 3])
    assert_equal(cache.evict(9), 2)
    assert_holds(cache, [1, 2, 3])
    cache.unlock([1, 2, 3])
    assert_equal(cache.evict(9), 3)
    assert_holds(cache)


@points(0.25)
@hint("Two requests hold the same prefix, and one of them ends.")
def test_a_node_is_locked_until_all_its_locks_are_taken_back(submission):
    cache = filled(submission.RadixCache, 20, [1, 2, 3, 4])
    cache.lock([1, 2, 3, 4])
    cache.lock([1, 2, 3, 4])
    cache.unlock([1, 2, 3, 4])
    assert_equal(cache.evict(1), 0)
    cache.lock([1, 2])
    cache.unlock([1, 2, 3, 4])
    assert_equal(cache.evict(9), 2)
    assert_holds(cache, [1, 2])
    cache.unlock([1, 2])
    assert_equal(cache.evict(1), 2)


@points(0.5)
@hint("A locked run of four is split in the middle. Which of the two halves is in use?")
@pytest.mark.parametrize("how", ["match", "insert", "lock"])
def test_both_halves_of_a_locked_run_stay_locked(submission, how):
    cache = filled(submission.RadixCache, 20, [1, 2, 3, 4])
    cache.lock([1, 2, 3, 4])
    if how == "lock":
        cache.lock([1, 2])
        cache.unlock([1, 2])
    elif how == "insert":
        cache.insert([1, 2, 9])
    else:
        cache.match([1, 2, 9])
    assert_equal(cache.evict(9), 1 if how == "insert" else 0)
    assert_holds(cache, [1, 2], [3, 4])
    cache.unlock([1, 2, 3, 4])
    assert_equal(cache.evict(9), 4)
    assert_holds(cache)


@points(0.25)
@hint("Has just this list of tokens been locked, and is it still? What has changed if not?")
def test_locks_that_cannot_be_are_refused(submission):
    cache = filled(submission.RadixCache, 20, [1, 2, 3, 4], [7, 7])
    for tokens in ([1, 2, 9], [1, 2, 3, 4, 5], [8]):
        assert_raises(ValueError, cache.lock, tokens)
    assert_holds(cache, [1, 2, 3, 4], [7, 7])
    cache.lock([1, 2, 3])
    for tokens in ([1, 2], [1, 2, 3, 4], [7, 7], []):
        assert_raises(ValueError, cache.unlock, tokens)
    cache.unlock([1, 2, 3])
    assert_raises(ValueError, cache.unlock, [1, 2, 3])
    cache.match([7, 7])
    assert_raises(ValueError, cache.lock, [1, 2, 3, 4, 5])
    assert_equal(cache.evict(2), 4)
    assert_holds(cache, [7, 7])
    cache = filled(submission.RadixCache, 20, [1, 2, 3, 4], [1, 2, 3, 4, 5, 6])
    assert_raises(ValueError, cache.lock, [1, 2, 5, 6])
    assert_holds(cache, [1, 2, 3, 4], [5, 6])


@points(0.5)
@hint("There is no room for the new tokens. Who has to go, and how many?")
def test_an_insert_makes_room_from_what_was_used_longest_ago(submission):
    cache = filled(submission.RadixCache, 8, [1, 1, 1], [2, 2], [3, 3])
    assert_equal(cache.insert([4, 4]), 2)
    assert_holds(cache, [2, 2], [3, 3], [4, 4])
    assert_equal(cache.insert([5, 5]), 2)
    assert_equal(cache.insert([6, 6, 6]), 3)
    assert_holds(cache, [4, 4], [5, 5], [6, 6, 6])


@points(0.5)
@hint("The only leaf that could go is the prefix of what is to come. Should it?")
def test_an_insert_spares_the_prefix_that_it_extends(submission):
    cache = filled(submission.RadixCache, 6, [1, 2, 3, 4])
    assert_equal(cache.insert([1, 2, 3, 4, 5, 6, 7, 8]), 2)
    assert_holds(cache, [1, 2, 3, 4], [5, 6])
    cache = filled(submission.RadixCache, 6, [1, 2, 3, 4])
    # [3, 4] is not on the path and goes.
    assert_equal(cache.insert([1, 2, 7, 8, 9]), 3)
    assert_holds(cache, [1, 2], [7, 8, 9])


@points(0.5)
@hint("Only two of five new tokens fit. Is their prefix worth nothing?")
def test_as_many_leading_tokens_as_fit_are_stored(submission):
    cache = submission.RadixCache(3)
    assert_equal(cache.insert([1, 2, 3, 4, 5]), 3)
    assert_holds(cache, [1, 2, 3])
    cache.lock([1, 2, 3])
    assert_equal(cache.insert([7, 8]), 0)
    assert_equal(cache.insert([1, 2, 9]), 0)
    assert_holds(cache, [1, 2], [3])
    cache = filled(submission.RadixCache, 6, [1, 2, 3, 4], [5])
    cache.lock([1, 2, 3, 4])
    assert_equal(cache.insert([6, 7, 8]), 2)
    assert_holds(cache, [1, 2, 3, 4], [6, 7])


@points(0.25)
@hint("A run is split by a match of its first half. Has the second half been used?")
def test_the_lower_half_of_a_split_keeps_its_time(submission):
    cache = filled(submission.RadixCache, 20, [1, 2, 3, 4], [5, 6])
    cache.match([1, 2])
    assert_equal(cache.evict(1), 2)
    assert_holds(cache, [1, 2], [5, 6])
    assert_equal(cache.evict(1), 2)
    assert_holds(cache, [1, 2])
    # The leaf below stays below the lower half.
    cache = filled(submission.RadixCache, 20, [1, 2, 3, 4], [1, 2, 3, 4, 5])
    cache.match([1, 2])
    assert_equal(cache.evict(1), 1)
    assert_holds(cache, [1, 2], [3, 4])


@points(0.25)
@hint("What do nothing, zero and less than that do?")
def test_empty_lists_and_no_tokens_change_nothing(submission):
    for capacity in (0, -4):
        assert_raises(ValueError, submission.RadixCache, capacity)
    cache = submission.RadixCache(1)
    assert_holds(cache)
    assert_equal(cache.insert([4, 5]), 1)
    assert_equal([cache.match([]), cache.insert([])], [0, 0])
    assert_equal([cache.evict(0), cache.evict(-3)], [0, 0])
    cache.lock([])
    cache.unlock([])
    assert_holds(cache, [4])


@points(0.25)
@hint("Keep a second book: a trie of single tokens. At which call do the two part?")
@pytest.mark.parametrize("capacity", [7, 15])
def test_many_sequences_come_and_go(submission, rng, capacity):
    cache, book = submission.RadixCache(capacity), RadixCache(capacity)
    for _ in range(30):
        method = ["match", "insert", "insert", "lock", "unlock", "evict"][rng.integers(6)]
        tokens = [int(token) for token in rng.integers(2, size=rng.integers(1, 7))]
        argument = int(rng.integers(4)) if method == "evict" else tokens
        try:
            expected = getattr(book, method)(argument)
        except ValueError:
            assert_raises(ValueError, getattr(cache, method), argument)
        else:
            assert_equal(getattr(cache, method)(argument), expected, name=method)
        assert_holds(cache, *book.runs())


# ── block_ids ─────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Two prompts share their first two blocks. Which ids has each of them?")
def test_blocks_of_a_common_prefix_have_the_same_ids(submission):
    sequences = [[1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 7, 8], [7, 8], [1, 2]]
    assert_equal(submission.block_ids(sequences, 2), [[0, 1, 2], [0, 1, 3], [4], [0]])


@points(0.75)
@hint("Keys and values of a token come from layers that have attended to what? Is that the same?")
def test_equal_blocks_after_different_prefixes_have_different_ids(submission):
    sequences = [[1, 2, 5, 6], [3, 4, 5, 6], [5, 6, 5, 6]]
    assert_equal(submission.block_ids(sequences, 2), [[0, 1], [2, 3], [4, 5]])


@points(0.5)
@hint("The block before is the same, and the one before that is not. Is the prefix the same?")
def test_all_that_comes_before_a_block_counts(submission):
    sequences = [[1, 5, 6, 7], [2, 5, 6, 7], [1, 5, 6, 8]]
    assert_equal(submission.block_ids(sequences, 1), [[0, 1, 2, 3], [4, 5, 6, 7], [0, 1, 2, 8]])


@points(0.5)
@hint("The last block has one token of three. Will its keys be the same for who goes on?")
def test_a_block_that_is_not_full_has_no_id(submission):
    sequences = [[1, 2, 3, 4], [1, 2, 3], [1, 2], [], [1, 2, 3, 4, 5, 6, 7]]
    assert_equal(submission.block_ids(sequences, 3), [[0], [0], [], [], [0, 1]])


@points(0.25)
@hint("In which order do the blocks appear, over all the sequences?")
def test_ids_count_in_order_of_first_appearance(submission, rng):
    sequences = [
        [int(token) for token in rng.integers(2, size=rng.integers(0, 10))] for _ in range(12)
    ]
    for block_size in (1, 2, 3):
        expected = block_ids(sequences, block_size)
        assert_equal(submission.block_ids(sequences, block_size), expected)


@points(0.25)
@hint("How many tokens has a block at least?")
def test_blocks_of_no_token_have_no_ids(submission):
    assert_equal(submission.block_ids([], 1), [])
    assert_equal(submission.block_ids([[4, 4]], 1), [[0, 1]])
    for block_size in (0, -2):
        assert_raises(ValueError, submission.block_ids, [[1, 2]], block_size)
        assert_raises(ValueError, submission.block_ids, [], block_size)


@points(0.25)
@hint(
    "The tokens are large numbers, and there are thousands of them. Does your key tell them apart?"
)
def test_blocks_that_look_alike_when_joined_are_told_apart(submission):
    sequences = [[1, 23], [12, 3], [123, 0], [-1, 23], [1, 23, 4]]
    assert_equal(submission.block_ids(sequences, 2), [[0], [1], [2], [3], [0]])


# ── prefill_tokens ────────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("Which blocks of the second prompt are cached when it comes, and what is left?")
def test_leading_cached_blocks_are_not_computed(submission):
    sequences = [[1, 2, 3, 4, 5], [1, 2, 3, 4, 6, 7, 8], [1, 2, 9], [1, 2, 3, 4, 6, 7, 9]]
    assert_equal(submission.prefill_tokens(sequences, 2), [5, 3, 1, 1])


@points(0.75)
@hint("All of the prompt is cached. From which token's output is the next one sampled?")
def test_a_wholly_cached_sequence_computes_its_last_block(submission):
    sequences = [[1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6], [1, 2, 3]]
    assert_equal(submission.prefill_tokens(sequences, 3), [6, 3, 3])


@points(0.5)
@hint("Five tokens agree with an earlier prompt, and blocks have three. Which are cached?")
def test_only_whole_blocks_are_cached(submission):
    sequences = [[1, 2, 3, 4, 5], [1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 6, 7], [1, 2, 3, 4, 5, 6, 8]]
    assert_equal(submission.prefill_tokens(sequences, 3), [5, 2, 4, 1])


@points(0.25)
@hint("The second block is known from somewhere else. Is its prefix?")
def test_a_known_block_behind_a_new_one_is_computed(submission):
    sequences = [[1, 2, 3, 4], [9, 9, 3, 4], [3, 4, 1, 2]]
    assert_equal(submission.prefill_tokens(sequences, 2), [4, 4, 4])


@points(0.25)
@hint("Within one prompt the same block comes twice. Was it cached when the prompt came?")
def test_a_sequence_does_not_hit_itself(submission):
    assert_equal(submission.prefill_tokens([[7, 7, 7, 7], [], [7, 7]], 1), [4, 0, 1])
    assert_equal(submission.prefill_tokens([], 3), [])


@points(0.25)
@hint("Follow a few prompts by hand. Where do you differ?")
def test_many_sequences_are_served_in_turn(submission, rng):
    sequences = [
        [int(token) for token in rng.integers(2, size=rng.integers(0, 10))] for _ in range(15)
    ]
    for block_size in (1, 2, 4):
        expected = prefill_tokens(sequences, block_size)
        assert_equal(submission.prefill_tokens(sequences, block_size), expected)


@points(0.25)
@hint("How many tokens has a block at least?")
def test_blocks_of_no_token_cannot_be_cached(submission):
    for block_size in (0, -1):
        assert_raises(ValueError, submission.prefill_tokens, [[1, 2]], block_size)
        assert_raises(ValueError, submission.prefill_tokens, [], block_size)
