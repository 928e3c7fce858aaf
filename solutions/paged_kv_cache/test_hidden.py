"""The hidden suite of the paged KV cache."""

import math

import pytest
import torch

from autograder.checks import assert_close, assert_equal, assert_raises
from autograder.suite import gradients, hint, points, tensor
from solutions.paged_kv_cache.paged_kv_cache import (
    BlockManager,
    paged_attention,
    sequences_that_fit,
)

# ── BlockManager ──────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Which blocks are free, and which of them has the lowest number?")
def test_new_sequences_get_the_lowest_free_blocks(submission):
    manager = submission.BlockManager(blocks=9, block_size=4)
    assert_equal(manager.free_blocks, 9)
    assert_equal(manager.allocate(3, 6), [0, 1])
    assert_equal(manager.allocate(0, 10), [2, 3, 4])
    assert_equal(manager.allocate(-5, 1), [5])
    assert_equal(manager.free_blocks, 3)


@points(0.5)
@hint("Eight tokens in blocks of four: how many blocks are full, and how many are needed?")
@pytest.mark.parametrize(("tokens", "table"), [(4, [0]), (8, [0, 1]), (9, [0, 1, 2])])
def test_whole_blocks_need_no_block_more(submission, tokens, table):
    manager = submission.BlockManager(blocks=5, block_size=4)
    assert_equal(manager.allocate(1, tokens), table)
    assert_equal(manager.free_blocks, 5 - len(table))


@points(0.5)
@hint("Which block of the table has token i, and at which offset?")
def test_slots_follow_the_table(submission):
    manager = submission.BlockManager(blocks=6, block_size=3)
    for sequence in (10, 11, 12):
        manager.allocate(sequence, 3)
    manager.free(10)
    assert_equal(manager.allocate(13, 5), [0, 3])
    assert_equal(manager.slots(13), [0, 1, 2, 9, 10])
    assert_equal(manager.slots(12), [6, 7, 8])


@points(0.5)
@hint("The last block has room. What is the slot after the last token's?")
def test_a_token_goes_into_the_last_block_while_it_has_room(submission):
    manager = submission.BlockManager(blocks=4, block_size=4)
    manager.allocate(1, 5)
    assert_equal(manager.append(1), (5, None))
    assert_equal(manager.append(1), (6, None))
    assert_equal(manager.append(1), (7, None))
    assert_equal((manager.slots(1), manager.free_blocks), (list(range(8)), 2))


@points(0.5)
@hint("The last block is full. Which block comes next?")
def test_a_token_after_a_full_block_opens_a_new_one(submission):
    manager = submission.BlockManager(blocks=4, block_size=2)
    manager.allocate(1, 2)
    manager.allocate(2, 1)
    assert_equal(manager.append(1), (4, None))
    assert_equal(manager.append(1), (5, None))
    assert_equal(manager.append(2), (3, None))
    assert_equal(manager.append(1), (6, None))
    assert_equal((manager.slots(1), manager.free_blocks), ([0, 1, 4, 5, 6], 0))


@points(0.5)
@hint("A full block is shared. Will anybody ever write into it again?")
def test_a_full_block_that_is_shared_is_not_copied(submission):
    manager = submission.BlockManager(blocks=4, block_size=2)
    manager.allocate(1, 2)
    manager.fork(1, 2)
    assert_equal(manager.append(2), (2, None))
    assert_equal(manager.append(1), (4, None))
    assert_equal((manager.slots(1), manager.slots(2)), ([0, 1, 4], [0, 1, 2]))
    assert_equal(manager.free_blocks, 1)


@points(0.5)
@hint("Parent and child have read the same tokens. How much memory does the child need?")
def test_a_fork_uses_the_very_same_blocks(submission):
    manager = submission.BlockManager(blocks=6, block_size=4)
    manager.allocate(1, 7)
    manager.fork(1, 2)
    assert_equal(manager.free_blocks, 4)
    assert_equal(manager.slots(2), [0, 1, 2, 3, 4, 5, 6])
    manager.fork(2, 3)
    assert_equal((manager.slots(3), manager.free_blocks), (list(range(7)), 4))


@points(0.75)
@hint("The child writes into a block that its parent reads. What has to happen first?")
@pytest.mark.parametrize("writer", [1, 2])
def test_a_shared_block_is_copied_before_it_is_written(submission, writer):
    manager = submission.BlockManager(blocks=6, block_size=4)
    manager.allocate(1, 6)
    manager.fork(1, 2)
    assert_equal(manager.append(writer), (10, (1, 2)))
    assert_equal(manager.slots(writer), [0, 1, 2, 3, 8, 9, 10])
    assert_equal(manager.slots(3 - writer), [0, 1, 2, 3, 4, 5])
    assert_equal(manager.free_blocks, 3)
    assert_equal(manager.append(writer), (11, None))


@points(0.5)
@hint("Three share a block, and two of them have copied it. Who else uses the old one?")
def test_the_last_one_to_write_needs_no_copy(submission):
    manager = submission.BlockManager(blocks=6, block_size=4)
    manager.allocate(1, 2)
    manager.fork(1, 2)
    manager.fork(1, 3)
    assert_equal(manager.append(2), (6, (0, 1)))
    assert_equal(manager.append(1), (10, (0, 2)))
    assert_equal(manager.append(3), (2, None))
    manager.free(2)
    manager.fork(3, 4)
    manager.free(3)
    assert_equal(manager.append(4), (3, None))
    assert_equal(manager.free_blocks, 4)


@points(0.5)
@hint("A copy was made and all sequences are gone. Which block is still not free, and why?")
def test_after_a_copy_the_old_block_has_one_user_less(submission):
    manager = submission.BlockManager(blocks=5, block_size=4)
    manager.allocate(1, 3)
    manager.fork(1, 2)
    manager.append(2)
    manager.free(1)
    assert_equal(manager.free_blocks, 4)
    manager.free(2)
    assert_equal(manager.free_blocks, 5)


@points(0.5)
@hint("The parent is gone and its child still reads. Which blocks may be given to others?")
def test_a_block_is_free_when_its_last_user_is_gone(submission):
    manager = submission.BlockManager(blocks=5, block_size=4)
    manager.allocate(1, 6)
    manager.fork(1, 2)
    manager.free(1)
    assert_equal(manager.free_blocks, 3)
    assert_equal(manager.allocate(3, 4), [2])
    assert_equal(manager.slots(2), [0, 1, 2, 3, 4, 5])
    manager.free(2)
    assert_equal(manager.free_blocks, 4)
    assert_equal(manager.allocate(1, 5), [0, 1])


@points(0.5)
@hint("Blocks came back in some order. In which order are they given out again?")
def test_freed_blocks_are_given_out_from_the_lowest(submission):
    manager = submission.BlockManager(blocks=7, block_size=2)
    for sequence in range(4):
        manager.allocate(sequence, 2)
    for sequence in (2, 0, 3):
        manager.free(sequence)
    assert_equal(manager.allocate(8, 2), [0])
    assert_equal(manager.allocate(9, 5), [2, 3, 4])


@points(0.25)
@hint("Which slots of the used blocks hold nothing? And when no block is used?")
def test_utilisation_is_the_share_of_written_slots(submission):
    manager = submission.BlockManager(blocks=8, block_size=4)
    assert_equal(manager.utilisation(), 0.0)
    manager.allocate(1, 5)
    assert_close(manager.utilisation(), 5 / 8)
    manager.allocate(2, 4)
    assert_close(manager.utilisation(), 9 / 12)
    manager.free(1)
    assert_close(manager.utilisation(), 1.0)
    manager.free(2)
    assert_equal(manager.utilisation(), 0.0)


@points(0.5)
@hint("Two sequences share a block of three tokens. How many slots hold a token?")
def test_a_shared_block_counts_once(submission):
    manager = submission.BlockManager(blocks=8, block_size=4)
    manager.allocate(1, 7)
    manager.fork(1, 2)
    manager.fork(1, 3)
    assert_close(manager.utilisation(), 7 / 8)
    manager.append(2)
    # Blocks of 4 and 3 tokens, and a copy of 3 with one more.
    assert_close(manager.utilisation(), 11 / 12)


@points(0.5)
@hint("A call has raised. Has it taken a block, or lengthened a sequence, before it noticed?")
def test_what_fails_leaves_everything_as_it_was(submission):
    manager = submission.BlockManager(blocks=4, block_size=2)
    manager.allocate(1, 4)
    manager.allocate(2, 1)
    manager.fork(2, 3)
    assert_raises(ValueError, manager.allocate, 4, 3)
    assert_raises(ValueError, manager.slots, 4)
    assert_equal(manager.free_blocks, 1)
    manager.allocate(4, 1)
    for sequence in (1, 2):  # one needs a new block, the other a copy
        assert_raises(ValueError, manager.append, sequence)
    assert_raises(ValueError, manager.fork, 1, 2)
    assert_raises(ValueError, manager.allocate, 1, 1)
    held = [manager.slots(sequence) for sequence in (1, 2, 3, 4)]
    assert_equal(held, [[0, 1, 2, 3], [4], [4], [6]])
    assert_equal(manager.free_blocks, 0)
    manager.free(4)
    assert_equal(manager.append(2), (7, (2, 3)))
    assert_equal(manager.append(3), (5, None))


@points(0.25)
@hint("Which sequences does the manager know, and which numbers make no sense?")
def test_what_cannot_be_done_is_refused(submission):
    for blocks, block_size in [(0, 4), (4, 0), (-1, 2), (2, -1)]:
        assert_raises(ValueError, submission.BlockManager, blocks, block_size)
    manager = submission.BlockManager(blocks=1, block_size=1)
    for tokens in (0, -2, 2):
        assert_raises(ValueError, manager.allocate, 1, tokens)
    for method in (manager.append, manager.free, manager.slots):
        assert_raises(ValueError, method, 1)
    assert_raises(ValueError, manager.fork, 1, 2)
    assert_equal(manager.allocate(1, 1), [0])
    assert_raises(ValueError, manager.allocate, 1, 1)
    assert_raises(ValueError, manager.fork, 1, 1)
    manager.free(1)
    assert_raises(ValueError, manager.free, 1)
    assert_raises(ValueError, manager.fork, 1, 2)


@points(0.25)
@hint("Keep a second book by hand, a dict of token to slot. At which step do the two part?")
@pytest.mark.parametrize("block_size", [1, 3])
def test_many_sequences_come_fork_grow_and_go(submission, rng, block_size):
    manager, book = submission.BlockManager(12, block_size), BlockManager(12, block_size)
    for _ in range(40):
        method = ["allocate", "append", "append", "append", "fork", "free"][rng.integers(6)]
        first, second = (int(number) for number in rng.integers(5, size=2))
        arguments = {"allocate": (first, second + 1), "fork": (first, second)}.get(method, (first,))
        try:
            expected = getattr(book, method)(*arguments)
        except ValueError:
            assert_raises(ValueError, getattr(manager, method), *arguments)
        else:
            assert_equal(getattr(manager, method)(*arguments), expected, name=method)
        assert_equal(manager.free_blocks, book.free_blocks, name="free_blocks")
    assert_close(manager.utilisation(), book.utilisation(), name="utilisation()")


# ── paged_attention ───────────────────────────────────────────────────────────────────────────


def draw_cache(rng, blocks, block_size, kv_heads, d):
    return tensor(rng, blocks, block_size, kv_heads, d), tensor(
        rng, blocks, block_size, kv_heads, d
    )


def with_garbage(caches, table, length, garbage=math.nan):
    """Return copies of keys and values in which every other slot holds garbage."""
    block_size = caches[0].shape[1]
    kept = torch.zeros(caches[0].shape[:2], dtype=torch.bool)
    for token in range(length):
        kept[table[token // block_size], token % block_size] = True
    return [torch.where(kept[:, :, None, None], cache, garbage) for cache in caches]


def assert_attends(attention, query, keys, values, table, length):
    result = attention(query, keys, values, table, length)
    assert_close(result, paged_attention(query, keys, values, table, length))


@points(0.5)
@hint("Which blocks hold the tokens of this sequence?")
def test_attention_reads_the_blocks_of_the_table(submission, rng):
    query, caches = tensor(rng, 2, 5), draw_cache(rng, 6, 4, 2, 5)
    assert_attends(submission.paged_attention, query, *caches, [3, 5], 8)


@points(0.5)
@hint("The last block has three tokens and room for four. What is in the fourth slot?")
def test_attention_ends_with_the_last_token(submission, rng):
    query, caches = tensor(rng, 2, 5), draw_cache(rng, 4, 4, 2, 5)
    assert_attends(submission.paged_attention, query, *caches, [0, 1], 5)


@points(0.5)
@hint("The last block of the table is not full. Is it the one with the highest number?")
def test_blocks_are_read_in_the_order_of_the_table(submission, rng):
    query, caches = tensor(rng, 2, 5), draw_cache(rng, 6, 4, 2, 5)
    assert_attends(submission.paged_attention, query, *caches, [4, 0, 2], 9)


@points(0.5)
@hint("Six query heads and two KV heads: which query heads read the first KV head?")
@pytest.mark.parametrize(("heads", "kv_heads"), [(6, 2), (6, 3), (4, 1)])
def test_consecutive_query_heads_share_a_kv_head(submission, rng, heads, kv_heads):
    query, caches = tensor(rng, heads, 3), draw_cache(rng, 4, 3, kv_heads, 3)
    assert_attends(submission.paged_attention, query, *caches, [1, 3], 6)


@points(0.5)
@hint("Softmax gives garbage the weight 0. What is 0 · NaN?")
@pytest.mark.parametrize("garbage", [math.nan, math.inf, 1e30])
def test_garbage_in_other_slots_does_not_matter(submission, rng, garbage):
    query, table, length = tensor(rng, 4, 6), [5, 1, 4], 7
    caches = with_garbage(draw_cache(rng, 7, 3, 2, 6), table, length, garbage)
    assert_attends(submission.paged_attention, query, *caches, table, length)


@points(0.5)
@hint("Which gradient has a slot that the output does not depend on?")
def test_garbage_in_other_slots_does_not_matter_to_gradients(submission, rng):
    query, table, length = tensor(rng, 4, 6), [5, 1, 4], 7
    arguments = query, *with_garbage(draw_cache(rng, 7, 3, 2, 6), table, length), table, length
    upstream = tensor(rng, 4, 6)
    given = submission.gradients("paged_attention", *arguments, wrt=(0, 1, 2), upstream=upstream)
    expected = gradients(paged_attention, *arguments, wrt=(0, 1, 2), upstream=upstream)
    assert_close(given, expected, terms=12)


@points(0.25)
@hint("A table may have blocks that no token has reached yet. Do you look into them?")
@pytest.mark.parametrize("length", [1, 3, 4])
def test_a_table_may_be_longer_than_the_sequence(submission, rng, length):
    query, table = tensor(rng, 2, 4), [2, 0, 3, 1]
    caches = with_garbage(draw_cache(rng, 4, 3, 1, 4), table, length)
    assert_attends(submission.paged_attention, query, *caches, table, length)


@points(0.25)
@hint("Scores of a thousand: what does exp make of them?")
def test_large_scores_do_not_overflow(submission, rng):
    query, caches = 300 * tensor(rng, 2, 8), draw_cache(rng, 3, 2, 2, 8)
    assert_attends(submission.paged_attention, query, *caches, [2, 1], 3)


@points(0.25)
@hint("By what are the scores divided, and why?")
def test_scores_are_divided_by_the_root_of_the_head_size(submission, rng):
    query, caches = tensor(rng, 1, 64), draw_cache(rng, 2, 4, 1, 64)
    assert_attends(submission.paged_attention, query, *caches, [0, 1], 8)


@points(0.25)
@hint("How many tokens can a table of two blocks hold, and how many have to be there?")
def test_lengths_and_heads_that_do_not_fit_are_refused(submission, rng):
    caches = draw_cache(rng, 4, 3, 2, 4)
    for length in (0, -1, 7):
        attention = submission.paged_attention
        assert_raises(ValueError, attention, tensor(rng, 2, 4), *caches, [1, 0], length)
    for heads in (1, 3, 5):
        attention = submission.paged_attention
        assert_raises(ValueError, attention, tensor(rng, heads, 4), *caches, [1, 0], 6)


# ── sequences_that_fit ────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("How many slots does each kind of cache take for a sequence of 9, when 40 are possible?")
@pytest.mark.parametrize("slots", [80, 100, 119])
def test_paging_takes_what_a_sequence_needs(submission, slots):
    lengths = [8, 16, 4, 12, 20, 8, 8, 8, 40]
    arguments = lengths, slots, 40, 4
    assert_equal(submission.sequences_that_fit(*arguments), sequences_that_fit(*arguments))


@points(0.5)
@hint("A sequence of 9 in blocks of 8: who can use the rest of its second block?")
def test_the_rest_of_a_block_is_lost(submission):
    # There are six blocks, and each sequence takes two.
    assert_equal(submission.sequences_that_fit([9] * 6, 48, 16, 8), (3, 3))


@points(0.25)
@hint("The third sequence does not fit, and the fourth would. Who is served first?")
def test_the_first_that_does_not_fit_ends_it(submission):
    assert_equal(submission.sequences_that_fit([4, 4, 40, 4], 44, 40, 4), (1, 2))


@points(0.25)
@hint("Some slots make no whole block. And what fits when nobody comes?")
def test_exactly_full_fits_and_remainders_do_not(submission):
    for arguments in [
        ([3] * 7, 12, 4, 4),
        ([], 100, 10, 4),
        ([1, 1, 1], 0, 1, 1),
        ([1, 1, 1, 1], 3, 1, 1),
        ([4, 5, 1], 16, 5, 4),
        ([4, 5, 1], 15, 5, 4),
        ([7, 7], 14, 7, 7),
        ([7, 7], 13, 7, 7),
        ([2], 3, 3, 4),
        ([5, 5, 5], 100, 5, 2),
    ]:
        assert_equal(submission.sequences_that_fit(*arguments), sequences_that_fit(*arguments))


@points(0.5)
@hint("How long may a sequence be, and how short? Also one that would not be served any more?")
def test_lengths_and_sizes_without_meaning_are_refused(submission):
    for arguments in [
        ([3, 0], 10, 5, 2),
        ([3, -1], 10, 5, 2),
        ([3, 6], 10, 5, 2),
        ([5, 5, 5, 5, 0], 10, 5, 2),
        ([], 10, 0, 2),
        ([], 10, -1, 2),
        ([1], 10, 5, 0),
        ([1], 10, 5, -1),
    ]:
        assert_raises(ValueError, submission.sequences_that_fit, *arguments)
