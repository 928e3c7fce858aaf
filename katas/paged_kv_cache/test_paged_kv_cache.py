"""Examples that can be worked out by hand; the hidden suite asks for more."""

import torch

from autograder.checks import assert_close, assert_equal


def test_a_sequence_gets_the_lowest_free_blocks(submission):
    manager = submission.BlockManager(blocks=6, block_size=4)
    assert_equal(manager.allocate(7, tokens=5), [0, 1])
    assert_equal(manager.append(7), (5, None))
    assert_equal(manager.slots(7), [0, 1, 2, 3, 4, 5])
    assert_equal(manager.free_blocks, 4)


def test_a_fork_shares_until_one_of_the_two_writes(submission):
    manager = submission.BlockManager(blocks=6, block_size=4)
    manager.allocate(7, tokens=5)
    manager.fork(7, 8)
    assert_close(manager.utilisation(), 5 / 8)
    assert_equal(manager.append(8), (9, (1, 2)))
    assert_equal(manager.slots(8), [0, 1, 2, 3, 8, 9])
    assert_equal(manager.append(7), (5, None))
    manager.free(7)
    assert_equal(manager.free_blocks, 4)


def test_attention_follows_the_table(submission):
    # A query of zeros averages the values: 7 and 8 of block 2, then 1 of block 0.
    keys = torch.zeros(3, 2, 1, 1)
    values = torch.tensor([1.0, 2.0, 3.0, 4.0, 7.0, 8.0]).reshape(3, 2, 1, 1)
    output = submission.paged_attention(torch.zeros(1, 1), keys, values, table=[2, 0], length=3)
    assert_close(output, torch.tensor([[16 / 3]]))


def test_paging_holds_more_sequences(submission):
    fit = submission.sequences_that_fit([5, 9, 3], slots=24, max_length=12, block_size=4)
    assert_equal(fit, (2, 3))
