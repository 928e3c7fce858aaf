"""The wrong turns of product quantisation."""

import torch

from autograder.suite import misconception
from solutions.product_quantization.product_quantization import (
    asymmetric_distances,
    check_codes,
    decode,
    distance_tables,
    encode,
    split,
    train_codebooks,
)


def refuse_training(x, initial, iterations):
    """Raise what train_codebooks has to raise."""
    split(x, initial)
    if iterations < 0 or len(x) == 0:
        raise ValueError("nothing to train")


def lloyd(x, initial, iterations, empty):
    """Right but for a centroid without vectors, whose new place is given."""
    refuse_training(x, initial, iterations)
    subvectors, codebooks = split(x, initial), initial.clone()
    for _ in range(iterations):
        codes = encode(x, codebooks)
        for j, codebook in enumerate(codebooks):
            for index in range(len(codebook)):
                members = subvectors[codes[:, j] == index, j]
                codebook[index] = members.mean(dim=0) if len(members) else empty
    return codebooks


@misconception(
    replaces="train_codebooks",
    says="one codebook is trained on the subvectors of all subspaces, and used in every one",
    hint="What would the first block of components have to have in common with the last?",
)
def one_codebook_for_all(x, initial, iterations):
    refuse_training(x, initial, iterations)
    m, _, sub = initial.shape
    codebook = train_codebooks(x.reshape(-1, sub), initial[:1], iterations)
    return codebook.repeat(m, 1, 1)


@misconception(
    replaces="train_codebooks",
    says="a centroid without vectors moves to the origin",
    hint="Print the codebook before and after the round in which a centroid gets no vector.",
)
def empty_centroid_at_origin(x, initial, iterations):
    return lloyd(x, initial, iterations, 0.0)


@misconception(
    replaces="train_codebooks",
    says="a centroid without vectors becomes NaN, the mean of nothing",
    hint="What is 0 / 0? In which round does a centroid get no vector?",
)
def empty_centroid_nan(x, initial, iterations):
    return lloyd(x, initial, iterations, torch.nan)


@misconception(
    replaces="train_codebooks",
    says="all rounds assign by the initial centroids, so the second changes nothing",
    hint="Which centroids decide where a vector goes in the second round?",
)
def assigned_once(x, initial, iterations):
    refuse_training(x, initial, iterations)
    return train_codebooks(x, initial, min(iterations, 1))


@misconception(
    replaces="encode",
    says="components are dealt out to the subspaces in turn, not in contiguous blocks",
    hint="Number the components of one vector and print your first subvector.",
)
def interleaved_subspaces(x, codebooks):
    split(x, codebooks)
    m, _, sub = codebooks.shape
    in_turn = x.reshape(len(x), sub, m).transpose(1, 2)
    return encode(in_turn.flatten(start_dim=1), codebooks)


@misconception(
    replaces="encode",
    says="the centroid with the largest inner product is taken, not the nearest",
    hint="A centroid of twice the length has twice the products. Is it nearer?",
)
def largest_dot_product(x, codebooks):
    products = torch.einsum("nms,mks->nmk", split(x, codebooks), codebooks)
    return products.argmax(dim=-1).to(torch.uint8)


@misconception(
    replaces="encode",
    says="codes are returned as int64: eight bytes a subspace in place of one",
    hint="Multiply: how many bytes do the codes of a million vectors take with m = 96?",
)
def codes_not_bytes(x, codebooks):
    return distance_tables(x, codebooks).argmin(dim=-1)


@misconception(
    replaces="encode",
    says="the first codebook is used for every subspace",
    hint="The same block of numbers stands in two subspaces. Has it the same code?",
)
def encoded_by_the_first_codebook(x, codebooks):
    return encode(x, codebooks[:1].expand(codebooks.shape))


@misconception(
    replaces="decode",
    says="the first codebook is used for every subspace",
    hint="The same code stands in two columns. Does it name the same centroid?",
)
def first_codebook_only(codes, codebooks):
    return decode(codes, codebooks[:1].expand(codebooks.shape))


@misconception(
    replaces="decode",
    says="the components of the centroids are dealt out in turn, not put side by side",
    hint="Number the components of two centroids. In which order do they come back?",
)
def interleaved_components(codes, codebooks):
    blocks = decode(codes, codebooks).reshape(len(codes), *codebooks.shape[::2])
    return blocks.transpose(1, 2).flatten(start_dim=1)


@misconception(
    replaces="asymmetric_distances",
    says="the query is quantised as well, which adds its error: that is the symmetric distance",
    hint="What is the distance between a query and the centroids that it is nearest to?",
)
def query_quantised_too(queries, codes, codebooks):
    return asymmetric_distances(decode(encode(queries, codebooks), codebooks), codes, codebooks)


def look_up(codes, tables):
    """Add up the entries of the tables that the codes name."""
    subspaces = torch.arange(tables.shape[1])
    return tables[:, subspaces, codes.long()].sum(dim=-1)


@misconception(
    replaces="asymmetric_distances",
    says="the distances of the subspaces are rooted before they are summed",
    hint="Take the 3–4–5 triangle, one side a subspace. What do your sides add up to?",
)
def roots_summed(queries, codes, codebooks):
    check_codes(codes, codebooks)
    return look_up(codes, distance_tables(queries, codebooks).clamp(min=0.0).sqrt())


@misconception(
    replaces="asymmetric_distances",
    says="the root of the summed distances is taken, but l2 is the squared distance here",
    hint="Does a root change the order of the results? And what does it cost?",
)
def root_of_the_sum(queries, codes, codebooks):
    return asymmetric_distances(queries, codes, codebooks).clamp(min=0.0).sqrt()


@misconception(
    replaces="asymmetric_distances",
    says="the cross term is lost: the table holds ‖q‖² + ‖c‖²",
    hint="Expand ‖q − c‖². How many terms are there, and which of them knows the angle?",
)
def difference_of_norms(queries, codes, codebooks):
    check_codes(codes, codebooks)
    norms = split(queries, codebooks).square().sum(dim=-1, keepdim=True)
    return look_up(codes, norms + codebooks.square().sum(dim=-1))


@misconception(
    replaces="asymmetric_distances",
    says="the table holds −2 q·c + ‖c‖²: the order is right, but ‖q‖² is missing",
    hint="What is the distance of a query to its own decoded vector, if nothing was lost?",
)
def query_norm_missing(queries, codes, codebooks):
    check_codes(codes, codebooks)
    norms = split(queries, codebooks).square().sum(dim=-1, keepdim=True)
    return look_up(codes, distance_tables(queries, codebooks) - norms)
