"""The hidden suite of kv_cache."""

import pytest
import torch

from autograder.checks import assert_close, assert_equal, assert_raises
from autograder.sandbox.probes import gradients
from autograder.suite import hint, points, tensor
from solutions.kv_cache.kv_cache import cached_attention


def numbered(first, count, batch=1, kv_heads=1, head_dim=1):
    """Make keys that hold their token's position, and values that hold its negative."""
    places = torch.arange(float(first), float(first + count))[:, None]
    keys = places.expand(batch, kv_heads, count, head_dim)
    return keys.clone(), -keys


def projections(rng, d_model, kv_columns):
    """Draw w_q, w_k, w_v and w_o such that queries, keys and values have variance 1."""
    rows = (d_model, kv_columns, kv_columns, d_model)
    return [tensor(rng, count, d_model, scale=d_model**-0.5) for count in rows]


def earlier(rng, batch, kv_heads, tokens, d):
    """Draw the keys and values of earlier tokens."""
    return tensor(rng, batch, kv_heads, tokens, d), tensor(rng, batch, kv_heads, tokens, d)


# ── kv_cache_bytes ────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("What is kept of one token in one layer and one kv head? Count the numbers, then the bytes.")
def test_keys_and_values_of_all_layers_are_counted(submission):
    size = submission.kv_cache_bytes([None] * 3, kv_heads=2, head_dim=5, tokens=7)
    assert_equal(size, 2 * 3 * 2 * 5 * 7 * 2)


@points(0.25)
@hint("Do two sequences of a batch share their keys?")
def test_each_sequence_of_the_batch_has_its_own_cache(submission):
    size = submission.kv_cache_bytes([None] * 3, kv_heads=2, head_dim=5, tokens=7, batch=4)
    assert_equal(size, 4 * 2 * 3 * 2 * 5 * 7 * 2)


@points(0.5)
@hint("Which tokens will a layer with a window of w never read again?")
def test_a_layer_with_a_window_holds_no_more_than_the_window(submission):
    size = submission.kv_cache_bytes([4, None, 1], kv_heads=1, head_dim=2, tokens=10)
    assert_equal(size, 2 * 2 * (4 + 10 + 1) * 2)


@points(0.5)
@hint("What does a layer with a window of 100 hold after 7 tokens? And after exactly 100?")
@pytest.mark.parametrize("window", [7, 8, 100])
def test_a_window_that_is_not_full_holds_the_tokens_there_are(submission, window):
    size = submission.kv_cache_bytes([window, None], kv_heads=3, head_dim=2, tokens=7)
    assert_equal(size, 2 * 3 * 2 * (7 + 7) * 2)


@points(0.25)
@hint("How many values of 4 bits go into a byte?")
@pytest.mark.parametrize(("bits", "size"), [(4, 45), (8, 90), (16, 180), (32, 360)])
def test_the_size_follows_the_bits_of_a_value(submission, bits, size):
    # 45 values of keys and 45 of values; the windows come as a tuple.
    given = submission.kv_cache_bytes((None, 2), kv_heads=3, head_dim=3, tokens=3, bits=bits)
    assert_equal(given, size)


@points(0.25)
@hint("Which numbers does a float of 53 bits no longer tell apart?")
def test_the_size_is_an_exact_int(submission):
    size = submission.kv_cache_bytes([None], kv_heads=1, head_dim=1, tokens=3**40, batch=5, bits=4)
    assert_equal(size, 5 * 3**40)


@points(0.5)
@hint("Go through the arguments one by one: which values make no sense?")
@pytest.mark.parametrize(
    "changed",
    [
        {"windows": []},
        {"windows": [None, 0]},
        {"windows": [-2, 4]},
        {"kv_heads": 0},
        {"head_dim": 0},
        {"tokens": 0},
        {"batch": 0},
        {"batch": -1},
        {"bits": 0},
        {"bits": 2},
        {"bits": 12},
        {"bits": 64},
    ],
    ids=str,
)
def test_impossible_sizes_are_refused(submission, changed):
    sizes = {"windows": [None], "kv_heads": 2, "head_dim": 4, "tokens": 3, "batch": 1, "bits": 16}
    assert_raises(ValueError, submission.kv_cache_bytes, **{**sizes, **changed})


@points(0.25)
@hint("Which sizes are still allowed when the limit is 1?")
def test_sizes_of_one_are_allowed(submission):
    assert_equal(submission.kv_cache_bytes([1], kv_heads=1, head_dim=1, tokens=1, batch=1), 4)


# ── max_batch ─────────────────────────────────────────────────────────────────────────────────

# One sequence takes 2 · 2 heads · 4 · (6 + 3) tokens · 2 bytes = 288 bytes.
SEQUENCE = {"windows": [None, 3], "kv_heads": 2, "head_dim": 4, "tokens": 6}


@points(0.5)
@hint("What lies in the memory besides the cache?")
def test_the_weights_take_their_part_of_the_memory(submission):
    assert_equal(submission.max_batch(10 * 288 + 100, 4 * 288, **SEQUENCE), 6)


@points(0.5)
@hint("One byte is missing for the last sequence. Does it fit? And with that byte?")
@pytest.mark.parametrize(("spare", "batch"), [(-1, 4), (0, 5), (1, 5), (287, 5)])
def test_only_whole_sequences_count_and_exactly_full_fits(submission, spare, batch):
    assert_equal(submission.max_batch(1000 + 5 * 288 + spare, 1000, **SEQUENCE), batch)


@points(0.25)
@hint("How many sequences fit when the weights alone are too large?")
@pytest.mark.parametrize(("memory", "weights"), [(0, 3 * 288), (500, 500), (787, 500), (0, 0)])
def test_no_sequence_fits_when_the_weights_leave_too_little(submission, memory, weights):
    assert_equal(submission.max_batch(memory, weights, **SEQUENCE), 0)


@points(0.25)
@hint("Which of the arguments change the size of one sequence?")
@pytest.mark.parametrize(("bits", "batch"), [(4, 40), (8, 20), (16, 10), (32, 5)])
def test_fewer_bits_make_room_for_more_sequences(submission, bits, batch):
    assert_equal(submission.max_batch(288 * 10 + 7, 7, bits=bits, **SEQUENCE), batch)


@points(0.5)
@hint("What happens to a mistake in the sizes when you work out the size of one sequence?")
@pytest.mark.parametrize(
    "changed",
    [
        {"windows": []},
        {"windows": [0, 3]},
        {"kv_heads": 0},
        {"head_dim": 0},
        {"tokens": 0},
        {"bits": 6},
    ],
    ids=str,
)
def test_a_batch_of_impossible_sizes_is_refused(submission, changed):
    assert_raises(ValueError, submission.max_batch, 10_000, 0, **{**SEQUENCE, **changed})


# ── KVCache ───────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Which shapes do keys and values have before the first token comes?")
@pytest.mark.parametrize("rolling", [False, True])
def test_a_new_cache_is_empty(submission, rolling):
    cache = submission.KVCache(batch=2, kv_heads=3, head_dim=4, capacity=5, rolling=rolling)
    assert_close(cache.view(), (torch.empty(2, 3, 0, 4), torch.empty(2, 3, 0, 4)))
    assert_equal(cache.positions(), torch.empty(0, dtype=torch.int64))
    assert_equal((cache.length, cache.position), (0, 0))


@points(0.5)
@hint("Where do the tokens of the second append go, and where those of the first?")
@pytest.mark.parametrize("rolling", [False, True])
def test_appended_tokens_are_returned_in_their_order(submission, rng, rolling):
    cache = submission.KVCache(2, 3, 4, 8, rolling)
    keys, values = earlier(rng, 2, 3, 6, 4)
    for start, stop in [(0, 1), (1, 4), (4, 6)]:
        cache.append(keys[:, :, start:stop], values[:, :, start:stop])
        assert_close(cache.view(), (keys[:, :, :stop], values[:, :, :stop]), rtol=0, atol=0)


@points(0.25)
@hint("Count the tokens after each append: those held, and those that ever came.")
@pytest.mark.parametrize("rolling", [False, True])
def test_length_position_and_positions_follow_the_appends(submission, rolling):
    cache = submission.KVCache(1, 1, 1, 6, rolling)
    cache.append(*numbered(0, 2))
    assert_equal((cache.length, cache.position), (2, 2))
    cache.append(*numbered(2, 3))
    assert_equal((cache.length, cache.position), (5, 5))
    assert_equal(cache.positions(), torch.tensor([0, 1, 2, 3, 4]))


@points(0.25)
@hint("How much room does nothing need?")
@pytest.mark.parametrize("rolling", [False, True])
def test_an_append_of_no_token_changes_nothing(submission, rolling):
    cache = submission.KVCache(1, 2, 3, 4, rolling)
    cache.append(*numbered(0, 0, 1, 2, 3))
    assert_equal((cache.length, cache.position), (0, 0))
    held = numbered(0, 4, 1, 2, 3)
    cache.append(*held)
    cache.append(*numbered(4, 0, 1, 2, 3))
    assert_equal((cache.length, cache.position), (4, 4))
    assert_close(cache.view(), held, rtol=0, atol=0)


@points(0.5)
@hint("A rolling cache is full and one more token comes. Which one leaves, and which comes first?")
def test_a_full_rolling_cache_gives_its_newest_tokens_oldest_first(submission):
    cache = submission.KVCache(1, 1, 1, 4, True)
    cache.append(*numbered(0, 4))
    cache.append(*numbered(4, 1))
    assert_close(cache.view(), numbered(1, 4), rtol=0, atol=0)


@points(0.25)
@hint("Does the third token of a text become the first one when two have been evicted?")
def test_positions_go_on_after_an_eviction(submission):
    cache = submission.KVCache(1, 1, 1, 4, rolling=True)
    cache.append(*numbered(0, 4))
    cache.append(*numbered(4, 2))
    assert_equal(cache.positions(), torch.tensor([2, 3, 4, 5]))


@points(0.25)
@hint("How many tokens does a full cache hold? And how many have there been?")
def test_length_stops_at_the_capacity_and_position_goes_on(submission):
    cache = submission.KVCache(1, 1, 1, 4, rolling=True)
    cache.append(*numbered(0, 4))
    cache.append(*numbered(4, 2))
    assert_equal(cache.position, 6)
    assert_equal(cache.length, 4)


@points(0.5)
@hint("Walk a ring of four slots through many appends. Where does the oldest token lie each time?")
def test_a_rolling_cache_stays_right_over_many_rounds(submission):
    cache = submission.KVCache(2, 2, 3, 4, rolling=True)
    come = 0
    for new in (3, 2, 1, 4, 3, 3, 1, 2):
        cache.append(*numbered(come, new, 2, 2, 3))
        come += new
        first = max(0, come - 4)
        assert_close(cache.view(), numbered(first, come - first, 2, 2, 3), rtol=0, atol=0)
        assert_equal(cache.positions(), torch.arange(first, come))
        assert_equal((cache.length, cache.position), (come - first, come))


@points(0.5)
@hint("A prompt longer than the window is appended at once. What does the cache hold then?")
@pytest.mark.parametrize(("before", "new"), [(0, 4), (0, 11), (1, 5), (3, 4)])
def test_one_append_may_bring_more_than_a_rolling_cache_holds(submission, before, new):
    cache = submission.KVCache(1, 2, 1, 3, rolling=True)
    cache.append(*numbered(0, before, 1, 2))
    cache.append(*numbered(before, new, 1, 2))
    last = before + new
    assert_close(cache.view(), numbered(last - 3, 3, 1, 2), rtol=0, atol=0)
    assert_equal(cache.positions(), torch.arange(last - 3, last))
    assert_equal((cache.length, cache.position), (3, last))


@points(0.25)
@hint("What should become of tokens for which there is no slot?")
@pytest.mark.parametrize("before", [0, 2, 3])
def test_tokens_beyond_the_capacity_are_refused(submission, before):
    cache = submission.KVCache(1, 1, 1, 3)
    cache.append(*numbered(0, before))
    assert_raises(ValueError, cache.append, *numbered(before, 4 - before))


@points(0.25)
@hint("Is anything written before you know that all of it fits?")
def test_a_refused_append_leaves_the_cache_as_it_was(submission):
    cache = submission.KVCache(1, 1, 1, 3)
    cache.append(*numbered(0, 2))
    assert_raises(ValueError, cache.append, *numbered(2, 2))
    assert_equal((cache.length, cache.position), (2, 2))
    assert_close(cache.view(), numbered(0, 2), rtol=0, atol=0)
    cache.append(*numbered(2, 1))
    assert_close(cache.view(), numbered(0, 3), rtol=0, atol=0)


@points(0.5)
@hint("PyTorch broadcasts what it writes. Which shapes would it stretch without a word?")
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ((2, 3, 2, 4), (2, 3, 1, 4)),
        ((2, 3, 2, 4), (2, 1, 2, 4)),
        ((2, 3, 1, 4), (2, 3, 2, 4)),
        ((1, 3, 2, 4), (1, 3, 2, 4)),
        ((2, 1, 2, 4), (2, 1, 2, 4)),
        ((2, 6, 2, 4), (2, 6, 2, 4)),
        ((2, 3, 2, 1), (2, 3, 2, 1)),
        ((2, 3, 2, 5), (2, 3, 2, 5)),
        ((2, 3, 2, 4), (2, 3, 2, 5)),
    ],
)
def test_keys_and_values_of_another_shape_are_refused(submission, rng, key, value):
    cache = submission.KVCache(2, 3, 4, 8)
    assert_raises(ValueError, cache.append, tensor(rng, *key), tensor(rng, *value))


@points(0.25)
@hint("What can be stored in a cache of no token, or of no head?")
@pytest.mark.parametrize("which", range(4))
def test_a_cache_of_no_size_is_refused(submission, which):
    sizes = [2, 2, 4, 8]
    sizes[which] = 0
    assert_raises(ValueError, submission.KVCache, *sizes)


@points(0.25)
@hint("What is evicted from a cache for a single token?")
def test_a_cache_of_one_token_holds_the_newest(submission):
    cache = submission.KVCache(1, 1, 1, 1, rolling=True)
    for token in range(3):
        cache.append(*numbered(token, 1))
    assert_close(cache.view(), numbered(2, 1), rtol=0, atol=0)
    assert_equal(cache.positions(), torch.tensor([2]))


# ── cached_attention ──────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("One new token, four old ones: how many keys does its softmax run over?")
def test_a_new_token_sees_all_earlier_ones(submission, rng):
    x, weights, past = tensor(rng, 1, 1, 4), projections(rng, 4, 4), earlier(rng, 1, 2, 4, 2)
    assert_close(
        submission.cached_attention(x, *weights, heads=2, past=past)[0],
        cached_attention(x, *weights, heads=2, past=past)[0],
    )


@points(0.5)
@hint("A prompt goes in as one chunk. May its first token see its second?")
def test_tokens_of_one_chunk_do_not_see_later_ones(submission, rng):
    x, weights = tensor(rng, 1, 4, 4), projections(rng, 4, 4)
    assert_close(
        submission.cached_attention(x, *weights, heads=2)[0],
        cached_attention(x, *weights, heads=2)[0],
    )


@points(0.5)
@hint("Three tokens are cached, two come. Write down which of the five keys each of the two sees.")
def test_a_chunk_in_the_middle_sees_the_past_and_itself_up_to_the_diagonal(submission, rng):
    x, weights, past = tensor(rng, 2, 2, 4), projections(rng, 4, 4), earlier(rng, 2, 2, 3, 2)
    assert_close(
        submission.cached_attention(x, *weights, heads=2, past=past)[0],
        cached_attention(x, *weights, heads=2, past=past)[0],
    )


@points(0.5)
@hint("What does the next step need as its past, and in which order?")
def test_the_returned_cache_is_the_past_and_then_the_new_tokens(submission, rng):
    x, weights, past = tensor(rng, 2, 2, 4), projections(rng, 4, 4), earlier(rng, 2, 2, 3, 2)
    assert_close(
        submission.cached_attention(x, *weights, heads=2, past=past)[1],
        cached_attention(x, *weights, heads=2, past=past)[1],
    )


@points(0.5)
@hint("Of 4 query heads and 2 kv heads: which kv head does query head 1 read, which query head 2?")
def test_neighbouring_query_heads_share_a_kv_head(submission, rng):
    x, weights = tensor(rng, 1, 3, 8), projections(rng, 8, 4)
    assert_close(
        submission.cached_attention(x, *weights, heads=4)[0],
        cached_attention(x, *weights, heads=4)[0],
    )


@points(0.25)
@hint("How many heads do the cached keys have? Compare with the rows of w_k.")
def test_the_cache_keeps_kv_heads_only(submission, rng):
    x, weights = tensor(rng, 1, 3, 8), projections(rng, 8, 4)
    assert_close(
        submission.cached_attention(x, *weights, heads=4)[1],
        cached_attention(x, *weights, heads=4)[1],
    )


@points(0.25)
@hint("How many products does one score of one head add up?")
def test_scores_are_divided_by_the_square_root_of_the_size_of_a_head(submission, rng):
    x, identity = tensor(rng, 1, 5, 32), torch.eye(32)
    weights = (identity, identity, identity, identity)
    assert_close(
        submission.cached_attention(x, *weights, heads=4)[0],
        cached_attention(x, *weights, heads=4)[0],
    )


@points(0.25)
@hint("Side by side the heads do not know of each other. What mixes them, and how?")
def test_the_heads_are_mixed_by_w_o(submission, rng):
    x, identity, w_o = tensor(rng, 3, 1, 6), torch.eye(6), tensor(rng, 6, 6)
    # A token that is alone attends to itself, whatever its query and key.
    output, _ = submission.cached_attention(x, identity, identity, identity, w_o, heads=2)
    assert_close(output, x @ w_o.T)


@points(0.5)
@hint("Cut a sequence in two ways. At which token do the outputs part?")
@pytest.mark.parametrize(
    ("pieces", "kv_heads"),
    [((7,), 2), ((1,) * 7, 2), ((3, 4), 4), ((4, 1, 2), 1), ((1, 6), 2)],
    ids=str,
)
def test_a_sequence_in_pieces_equals_the_whole(submission, rng, pieces, kv_heads):
    x, weights = tensor(rng, 2, 7, 12), projections(rng, 12, 3 * kv_heads)
    whole, cache = cached_attention(x, *weights, heads=4)
    outputs, past = [], None
    for piece in x.split(pieces, dim=1):
        output, past = submission.cached_attention(piece, *weights, heads=4, past=past)
        outputs.append(output)
    assert_close(torch.cat(outputs, dim=1), whole)
    assert_close(past, cache)


@points(0.25)
@hint("What should be different between no past and a past of no tokens?")
def test_a_past_of_no_tokens_is_no_past(submission, rng):
    x, weights, past = tensor(rng, 2, 3, 8), projections(rng, 8, 4), earlier(rng, 2, 1, 0, 4)
    assert_close(
        submission.cached_attention(x, *weights, heads=2, past=past),
        cached_attention(x, *weights, heads=2),
    )


@points(0.25)
@hint("view wants its elements next to each other in memory. What does not?")
def test_arguments_need_not_be_contiguous(submission, rng):
    x = tensor(rng, 3, 2, 8).transpose(0, 1)
    weights = [weight.T for weight in (tensor(rng, 8, 8, scale=0.3) for _ in range(4))]
    past = tuple(part.transpose(1, 2) for part in earlier(rng, 2, 4, 2, 4))
    assert_close(
        submission.cached_attention(x, *weights, heads=2, past=past),
        cached_attention(x, *weights, heads=2, past=past),
    )


@points(0.25)
@hint("Does anything cut your results off from the arguments, such as detach() or no_grad()?")
def test_gradients_reach_x_the_weights_and_the_past(submission, rng):
    past = earlier(rng, 2, 2, 3, 2)
    arguments = tensor(rng, 2, 2, 8), *projections(rng, 8, 4), 4, past
    upstream = tensor(rng, 2, 2, 8), (tensor(rng, 2, 2, 5, 2), tensor(rng, 2, 2, 5, 2))
    wrt = (0, 1, 2, 3, 4, 6)
    assert_close(
        submission.gradients("cached_attention", *arguments, wrt=wrt, upstream=upstream),
        gradients(cached_attention, arguments, {}, wrt, upstream),
    )


@points(0.5)
@hint("Which sizes have to divide which, so that every query head has one kv head of its own size?")
@pytest.mark.parametrize(
    ("d_model", "heads", "rows"),
    [(10, 4, 8), (8, 16, 8), (8, 2, 6), (8, 2, 2), (8, 2, 16), (12, 6, 8)],
)
def test_sizes_that_do_not_divide_are_refused(submission, rng, d_model, heads, rows):
    x, weights = tensor(rng, 1, 2, d_model), projections(rng, d_model, rows)
    assert_raises(ValueError, submission.cached_attention, x, *weights, heads)
