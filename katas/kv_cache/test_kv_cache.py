"""Examples that can be worked out by hand; the hidden suite asks for more."""

import torch

from autograder.checks import assert_close, assert_equal


def test_gpt3_at_batch_8_and_2048_tokens_needs_72_gib(submission):
    windows = [None] * 96
    size = submission.kv_cache_bytes(windows, kv_heads=96, head_dim=128, tokens=2048, batch=8)
    assert_equal(size, 77_309_411_328)


def test_three_sequences_fit_beside_the_weights(submission):
    # A sequence takes 2 · 2 heads · 4 · (5 + 3) tokens · 2 bytes = 256.
    assert_equal(submission.max_batch(1000, 200, [None, 3], kv_heads=2, head_dim=4, tokens=5), 3)


def test_a_rolling_cache_keeps_the_newest_tokens(submission):
    cache = submission.KVCache(batch=1, kv_heads=1, head_dim=1, capacity=3, rolling=True)
    for token in (10.0, 11.0, 12.0, 13.0):
        cache.append(torch.full((1, 1, 1, 1), token), torch.full((1, 1, 1, 1), -token))
    keys, values = cache.view()
    assert_close(keys.flatten(), torch.tensor([11.0, 12.0, 13.0]))
    assert_close(values.flatten(), torch.tensor([-11.0, -12.0, -13.0]))
    assert_equal(cache.positions(), torch.tensor([1, 2, 3]))
    assert_equal((cache.length, cache.position), (3, 4))


def test_a_query_of_zeros_averages_all_tokens_so_far(submission):
    one = torch.ones(1, 1)
    weights = (torch.zeros(1, 1), one, one, one)
    first, past = submission.cached_attention(torch.tensor([[[1.0], [3.0]]]), *weights, heads=1)
    assert_close(first, torch.tensor([[[1.0], [2.0]]]))
    third, past = submission.cached_attention(torch.tensor([[[8.0]]]), *weights, heads=1, past=past)
    assert_close(third, torch.tensor([[[4.0]]]))
    assert_close(past[0], torch.tensor([[[[1.0], [3.0], [8.0]]]]))
