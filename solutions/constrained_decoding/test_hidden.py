"""The hidden suite of constrained_decoding."""

import re

import pytest
import torch

from autograder.checks import assert_dtype, assert_equal, assert_raises, assert_shape
from autograder.suite import hint, points
from solutions.constrained_decoding.constrained_decoding import (
    constrained_decode,
    forced_text,
    token_mask,
    tokens_to_accept,
)


def accepting(*texts):
    """Make an automaton that accepts these texts: a tree, numbered as the texts are read."""
    edges, accept, size = {}, [], 1
    for text in texts:
        state = 0
        for character in text:
            row = edges.setdefault(state, {})
            if character not in row:
                row[character] = size
                size += 1
            state = row[character]
        accept.append(state)
    return {"start": 0, "accept": accept, "edges": edges}


def drawn(rng, states=6, alphabet="abc"):
    """Draw an automaton with cycles and dead ends that accepts something, and a vocabulary."""
    while True:
        edges = {
            state: {c: int(rng.integers(0, states)) for c in alphabet if rng.random() < 0.5}
            for state in range(states)
            if rng.random() < 0.9
        }
        accept = [state for state in range(states) if rng.random() < 0.25]
        dfa = {"start": 0, "accept": accept, "edges": edges}
        sizes = rng.integers(1, 4, 7)
        texts = ["".join(alphabet[i] for i in rng.integers(0, 3, size)) for size in sizes]
        vocabulary = [*texts[:4], "", *texts[4:], ""]
        if 1 <= tokens_to_accept(dfa, vocabulary).get(0, 0) <= 3:
            return dfa, vocabulary


BOOLEAN = accepting('{"ok":true}', '{"ok":false}')
PIECES = ["{", '{"', "ok", '":', "tr", "ue", "true", "fal", "se", "}", "e}", "t", "f", "", "k", "o"]
NUMBER = {"start": 0, "accept": [1, 3], "edges": {
    0: {"1": 1, "2": 1}, 1: {"1": 1, "2": 1, ".": 2}, 2: {"1": 3, "2": 3}, 3: {"1": 3, "2": 3},
}}  # fmt: skip
DIGITS = ["1", "2", ".", "", "21", ".1"]

# ── tokens_to_accept ──────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("The model emits tokens. How many does it need, if one of them reads several characters?")
def test_the_distance_is_counted_in_tokens(submission):
    # 0 -a- 1 -b- 2 -c- 3 -d- 4
    result = submission.tokens_to_accept(accepting("abcd"), ["a", "b", "c", "d", "ab", "bcd", ""])
    assert_equal(result, {0: 2, 1: 1, 2: 2, 3: 1, 4: 0})


@points(0.75)
@hint("A character leads on, but no token holds it. Can the model take that way?")
def test_states_without_a_way_by_tokens_are_absent(submission):
    result = submission.tokens_to_accept(accepting("abcd"), ["a", "bc", "d", "xd", "cdx"])
    # From 2 only "cd", "c" would do.
    assert_equal(result, {0: 3, 1: 2, 3: 1, 4: 0})
    result = submission.tokens_to_accept(accepting("abcd"), ["ab", "c"])
    assert_equal(result, {4: 0})


@points(0.5)
@hint("The text may end here. Does it matter whether it may also go on?")
def test_accepting_states_are_at_zero(submission):
    result = submission.tokens_to_accept(accepting("a", "abc"), ["a", "bc", "c", ""])
    assert_equal(result, {0: 1, 1: 0, 2: 1, 3: 0})


@points(0.5)
@hint("Which states occur? Look at the start, the accepting ones, and both ends of each edge.")
def test_every_state_that_occurs_has_its_distance(submission):
    # Nothing leads to 7; 9 accepts and nothing leads there or on; 5 is inside of "xy".
    dfa = {"start": 3, "accept": [9, 4], "edges": {3: {"x": 5}, 5: {"y": 4}, 7: {"y": 5, "x": 8}}}
    result = submission.tokens_to_accept(dfa, ["xy", "y"])
    assert_equal(result, {3: 1, 4: 0, 5: 1, 7: 2, 9: 0})
    # 1 occurs as the start only.
    dfa = {"start": 1, "accept": [2], "edges": {0: {"a": 2}}}
    assert_equal(submission.tokens_to_accept(dfa, ["a"]), {0: 1, 2: 0})


@points(0.25)
@hint("The longest token that fits leaves a rest that none reads. Is there another way?")
def test_the_shortest_way_need_not_begin_with_the_longest_token(submission):
    result = submission.tokens_to_accept(accepting("abcde"), ["abc", "ab", "cde", "d"])
    assert_equal(result, {0: 2, 2: 1, 5: 0})


@points(0.25)
@hint("An automaton may lead in circles. How often do you look at one state?")
def test_circles_end(submission):
    assert_equal(submission.tokens_to_accept(NUMBER, ["1", ".", ""]), {0: 1, 1: 0, 2: 1, 3: 0})
    dfa = {"start": 0, "accept": [2], "edges": {0: {"a": 1}, 1: {"a": 0, "b": 2}, 3: {"a": 3}}}
    assert_equal(submission.tokens_to_accept(dfa, ["aa", "b", "ab"]), {0: 1, 1: 1, 2: 0})


@points(0.25)
@hint("No state accepts, or there are no tokens. What is left?")
def test_without_acceptance_or_tokens_there_is_no_way(submission):
    nowhere = {"start": 0, "accept": [], "edges": {0: {"a": 1}}}
    assert_equal(submission.tokens_to_accept(nowhere, ["a", ""]), {})
    assert_equal(submission.tokens_to_accept(accepting("ab"), ["", ""]), {2: 0})
    assert_equal(submission.tokens_to_accept(accepting("ab"), []), {2: 0})
    assert_equal(submission.tokens_to_accept(accepting(""), ["a"]), {0: 0})


@points(0.75)
@hint("Go back from the accepting states: who reaches them with one token, who with two?")
def test_any_automaton_will_do(submission, rng):
    cases = [drawn(rng) for _ in range(5)]
    results = [submission.tokens_to_accept(*case) for case in cases]
    assert_equal(results, [tokens_to_accept(*case) for case in cases])


# ── token_mask ────────────────────────────────────────────────────────────────────────────────


def allowed(mask, vocabulary):
    """Return the texts of a mask, in order."""
    return [text for text, may in zip(vocabulary, mask.tolist(), strict=True) if may]


@points(0.5)
@hint("Read each token from this state, to its last character. Where do you stand then?")
def test_tokens_that_can_be_read_and_finished_are_allowed(submission):
    mask = submission.token_mask(BOOLEAN, PIECES, 6, 9, 13)
    # After {"ok": comes true or false. 'k', 'o', '}' and the like cannot be read.
    assert_equal(allowed(mask, PIECES), ["tr", "true", "fal"])


@points(0.5)
@hint("The first character fits. And the second?")
def test_a_token_is_read_to_its_last_character(submission):
    vocabulary = ["a", "ab", "ax", "abc", "abcx", "b", "bc", "c", ""]
    mask = submission.token_mask(accepting("abc"), vocabulary, 0, 5, 8)
    assert_equal(allowed(mask, vocabulary), ["a", "ab", "abc"])


@points(0.5)
@hint("The token can be read. Is there a token for what has to come after it?")
def test_tokens_into_dead_ends_are_not_allowed(submission):
    # From 2, after "ab", no token reads "c"; and "x" leads to where nothing is accepted.
    dfa = accepting("abcd")
    dfa["edges"][0]["x"] = 8
    vocabulary = ["a", "ab", "bcd", "abc", "d", "x", ""]
    mask = submission.token_mask(dfa, vocabulary, 0, 9, 6)
    assert_equal(allowed(mask, vocabulary), ["a", "abc"])


@points(0.5)
@hint("After this token so many more may come. Are they enough to finish?")
@pytest.mark.parametrize(
    ("budget", "texts"),
    [
        (1, ["abcde"]),
        (2, ["abcd", "abcde"]),
        (3, ["abc", "abcd", "abcde"]),
        (5, ["a", "ab", "abc", "abcd", "abcde"]),
    ],
)
def test_what_comes_after_a_token_has_to_fit_into_the_budget(submission, budget, texts):
    vocabulary = ["a", "b", "c", "d", "e", "ab", "abc", "abcd", "abcde", ""]
    mask = submission.token_mask(accepting("abcde"), vocabulary, 0, budget, 9)
    assert_equal(allowed(mask, vocabulary), texts)


@points(0.25)
@hint("Nothing may be emitted any more. What may still come?")
def test_without_a_budget_only_the_end_is_left(submission):
    dfa = accepting("a", "ab")
    for state, may in ((0, False), (1, True), (2, True)):
        mask = submission.token_mask(dfa, ["a", "", "b"], state, 0, 1)
        assert_equal(mask, torch.tensor([False, may, False]))


@points(0.5)
@hint("In which states is the text complete?")
def test_the_end_is_allowed_where_the_text_is_complete(submission):
    vocabulary = ["a", "b", "c", ""]
    ends = [
        submission.token_mask(accepting("a", "abc"), vocabulary, state, 5, 3).tolist()
        for state in range(4)
    ]
    assert_equal(ends, [
        [True, False, False, False],
        [False, True, False, True],
        [False, False, True, False],
        [False, False, False, True],
    ])  # fmt: skip


@points(0.25)
@hint("Some tokens have no text. When may they come?")
def test_special_tokens_are_never_text(submission):
    vocabulary = ["", "a", "", "b", ""]
    masks = [submission.token_mask(accepting("ab", "a"), vocabulary, s, 4, 2) for s in range(3)]
    expected = [[0, 1, 0, 0, 0], [0, 0, 1, 1, 0], [0, 0, 1, 0, 0]]
    assert_equal([mask.int().tolist() for mask in masks], expected)


@points(0.25)
@hint("What may come in a state that the automaton does not know, or that leads nowhere?")
@pytest.mark.parametrize("state", [99, -1, 3])
def test_a_state_without_a_way_out_allows_nothing(submission, state):
    dfa = {"start": 0, "accept": [1], "edges": {0: {"a": 1}, 3: {"a": 4}}}
    mask = submission.token_mask(dfa, ["a", ""], state, 3, 1)
    assert_equal(mask, torch.tensor([False, False]))


@points(0.25)
@hint("What do you return: a tensor of which dtype, and how long?")
def test_the_mask_holds_a_bool_for_each_token(submission):
    for size in (1, 7):
        vocabulary = ["", *["a"] * (size - 1)]
        mask = submission.token_mask(accepting("a"), vocabulary, 0, 1, 0)
        assert_shape(mask, (size,))
        assert_dtype(mask, torch.bool)


@points(0.25)
@hint("Try all sequences of tokens up to the budget. Which tokens begin one that is accepted?")
def test_any_automaton_is_followed(submission, rng):
    # Of the drawn ones most are finished soon; the last one takes its time.
    long = accepting("abcabc"), ["a", "b", "c", "ca", "", "bc"]
    cases = [
        (dfa, vocabulary, state, budget, 4)
        for dfa, vocabulary in (drawn(rng), drawn(rng), long)
        for state in range(6)
        for budget in (1, 2, 4)
    ]
    masks = [submission.token_mask(*case) for case in cases]
    assert_equal(masks, [token_mask(*case) for case in cases])


@points(0.25)
@hint("Which budgets and ends have no meaning? Python reads a negative index, too.")
def test_impossible_budgets_and_ends_are_refused(submission):
    dfa, vocabulary = accepting("ab"), ["a", "b", ""]
    for budget, eos in ((-1, 2), (-5, 2), (3, 3), (3, 99), (3, -1)):
        assert_raises(ValueError, submission.token_mask, dfa, vocabulary, 0, budget, eos)
    assert_raises(ValueError, submission.token_mask, dfa, [], 0, 3, 0)


# ── constrained_decode ────────────────────────────────────────────────────────────────────────


class Model:
    """Gives each token the logit of its text: the same at each step, or by the ids so far."""

    __name__ = "next_logits"

    def __init__(self, vocabulary, *preferences, default=0, ends=0, eos=None):
        self.vocabulary, self.preferences, self.default = vocabulary, preferences, default
        self.ends, self.eos = ends, eos
        self.seen = []

    def __call__(self, ids):
        """Note the ids, and prefer the texts in order."""
        self.seen.append(list(ids))
        ranks = {text: len(self.preferences) - i for i, text in enumerate(self.preferences)}
        logits = [float(ranks.get(text, self.default)) for text in self.vocabulary]
        if self.eos is not None:
            logits[self.eos] = float(self.ends)
        return logits


class Hashed:
    """Gives logits that look drawn, but depend on nothing but the ids so far."""

    __name__ = "next_logits"

    def __init__(self, size, seed):
        self.size, self.seed = size, seed

    def __call__(self, ids):
        """Mix the ids into each logit; few values, so that there are ties."""
        mixed = self.seed
        for token in ids:
            mixed = (mixed * 31 + token + 7) % 10_007
        return [(mixed * (t + 3) + t * t) % 101 % 13 - 6.0 for t in range(self.size)]


def text_of(ids, vocabulary):
    """Join the texts of ids."""
    return "".join(vocabulary[token] for token in ids)


@points(0.75)
@hint("The model's favourite is not allowed. Which of the allowed tokens does it like most?")
def test_the_most_likely_token_that_is_allowed_is_taken(submission):
    model = Model(PIECES, "}", "true", "se", "fal", "tr", "ok", ":", '":', "{")
    ids = submission.constrained_decode(model, BOOLEAN, PIECES, 13, 10)
    # '{' leads to a quote that no token reads alone.
    assert_equal([PIECES[token] for token in ids], ['{"', "ok", '":', "true", "}"])


@points(0.75)
@hint("'1' is a number, and so is '121'. Who decides?")
def test_the_model_may_go_on_after_a_complete_text(submission):
    wanted = [0, 1, 0, 3]  # 1, 12, 121, and then the end

    def next_logits(ids):
        return [5.0 if token == wanted[min(len(ids), 3)] else 0.0 for token in range(6)]

    ids = submission.constrained_decode(next_logits, NUMBER, DIGITS, 3, 9)
    assert_equal(ids, [0, 1, 0])


@points(0.75)
@hint("Two tokens are left. Which may come now, so that the last one completes the text?")
def test_the_text_is_complete_within_the_budget(submission):
    vocabulary = ["a", "b", "c", "d", "e", "abcd", "abcde", "de", ""]
    model = Model(vocabulary, "a", "b", "c", "d", "e")
    for budget, texts in (
        (2, ["abcd", "e"]),
        (1, ["abcde"]),
        (3, ["abcd", "e"]),
        (4, ["a", "b", "c", "de"]),
        (5, ["a", "b", "c", "d", "e"]),
        (9, ["a", "b", "c", "d", "e"]),
    ):
        ids = submission.constrained_decode(model, accepting("abcde"), vocabulary, 8, budget)
        assert_equal([vocabulary[token] for token in ids], texts, name=f"the texts of {budget}")


@points(0.5)
@hint("Nothing but the end may come. Does it matter how little the model likes it?")
def test_decoding_ends_where_only_the_end_is_left(submission):
    vocabulary = ["", "a", "b"]
    model = Model(vocabulary, "a", "b", ends=-50, eos=0)
    assert_equal(submission.constrained_decode(model, accepting("ab"), vocabulary, 0, 9), [1, 2])
    dfa = {"start": 40, "accept": [7], "edges": {40: {"a": 7}}}
    assert_equal(submission.constrained_decode(model, dfa, vocabulary, 0, 9), [1])


@points(0.25)
@hint("Two tokens are as likely. Which one is taken?")
def test_ties_go_to_the_lower_id(submission):
    model = Model(DIGITS)
    assert_equal(submission.constrained_decode(model, NUMBER, DIGITS, 3, 3), [0, 0, 0])
    vocabulary = ["1", "", "2"]
    model = Model(vocabulary, "2", default=-1, ends=1, eos=1)
    assert_equal(submission.constrained_decode(model, NUMBER, vocabulary, 1, 5), [2])


@points(0.25)
@hint("The budget is spent and the text may go on. What then?")
def test_a_spent_budget_ends(submission):
    model = Model(DIGITS, "2", "1")
    for budget in (1, 2, 4):
        ids = submission.constrained_decode(model, NUMBER, DIGITS, 3, budget)
        assert_equal(ids, [1] * budget)


@points(0.25)
@hint("Is the end a part of the text?")
def test_the_end_is_not_returned(submission):
    model = Model(DIGITS, "21", default=-9, ends=0, eos=3)

    def next_logits(ids):
        return model(ids) if not ids else [-9.0, -9.0, -9.0, 0.0, -9.0, -9.0]

    assert_equal(submission.constrained_decode(next_logits, NUMBER, DIGITS, 3, 9), [4])


@points(0.5)
@hint("What does a model need to see to say what comes next?")
def test_the_model_sees_all_ids_so_far(submission):
    def next_logits(ids):
        # As many 2 as 1 at the start: the last token alone does not tell.
        ones, twos = ids.count(0), ids.count(1)
        return [9.0 * (ones < 2), 8.0 * (twos < ones), 0.0, 1.0, 0.0, 0.0]

    seen = []

    def noted(ids):
        seen.append(list(ids))
        return next_logits(ids)

    ids = submission.constrained_decode(noted, NUMBER, DIGITS, 3, 9)
    assert_equal(ids, [0, 0, 1, 1])
    prefixes = [ids[:n] for n in range(5)]
    others = [given for given in seen if given not in prefixes]
    assert_equal(others, [], name="ids that the model was given and that were not emitted")


@points(0.5)
@hint("Whatever the model wants: which texts does the expression match?")
def test_the_text_is_always_accepted(submission, rng):
    for dfa, vocabulary, eos, pattern in (
        (BOOLEAN, PIECES, 13, r'\{"ok":(true|false)\}'),
        (NUMBER, DIGITS, 3, r"[12]+(\.[12]+)?"),
    ):
        least = tokens_to_accept(dfa, vocabulary)[0]
        for budget in (least, least + 1, least + 4):
            model = Hashed(len(vocabulary), int(rng.integers(1, 10_000)))
            ids = submission.constrained_decode(model, dfa, vocabulary, eos, budget)
            text = text_of(ids, vocabulary)
            matched = bool(re.fullmatch(pattern, text))
            assert_equal(matched, True, name=f"whether {pattern} matches {text!r}")
            assert_equal(len(ids) <= budget, True, name=f"whether {len(ids)} tokens fit {budget}")


@points(0.25)
@hint("The start accepts. Which text is complete before it begins?")
def test_the_text_may_be_empty(submission):
    dfa, vocabulary = accepting("", "ab"), ["ab", ""]
    wants, refuses = Model(vocabulary, "ab"), Model(vocabulary, default=-1, ends=3, eos=1)
    assert_equal(list(submission.constrained_decode(wants, dfa, vocabulary, 1, 0)), [])
    assert_equal(list(submission.constrained_decode(refuses, dfa, vocabulary, 1, 4)), [])
    assert_equal(list(submission.constrained_decode(wants, dfa, vocabulary, 1, 4)), [0])


@points(0.5)
@hint("Follow the ids step by step: the state, the budget that is left, the mask, the choice.")
def test_any_automaton_is_decoded(submission, rng):
    for _ in range(4):
        dfa, vocabulary = drawn(rng)
        least = tokens_to_accept(dfa, vocabulary)[0]
        model = Hashed(len(vocabulary), int(rng.integers(1, 10_000)))
        for budget in (least, least + 2):
            ids = submission.constrained_decode(model, dfa, vocabulary, 4, budget)
            assert_equal(ids, constrained_decode(model, dfa, vocabulary, 4, budget))


@points(0.25)
@hint("All logits are below 0, so what is forbidden must be lower still.")
def test_logits_may_all_be_negative(submission):
    model = Model(PIECES, default=-1000)
    ids = submission.constrained_decode(
        lambda ids: [logit - 2000 for logit in model(ids)], BOOLEAN, PIECES, 13, 20
    )
    assert_equal([PIECES[token] for token in ids], ['{"', "ok", '":', "tr", "ue", "}"])


@points(0.5)
@hint("Is there a text for this automaton and budget? When do you notice?")
def test_what_cannot_be_decoded_is_refused(submission):
    vocabulary = ["a", "b", "ab", ""]
    model = Model(vocabulary)
    for dfa, eos, budget in (
        (accepting("ab"), 3, 0),
        (accepting("abab"), 3, 1),
        (accepting("abc"), 3, 9),
        ({"start": 0, "accept": [], "edges": {0: {"a": 0}}}, 3, 9),
        ({"start": 5, "accept": [1], "edges": {0: {"a": 1}}}, 3, 9),
        (accepting("ab"), 3, -1),
        (accepting(""), 3, -1),
        (accepting("ab"), 4, 9),
        (accepting("ab"), -1, 9),
        (accepting(""), -1, 0),
    ):
        assert_raises(
            ValueError, submission.constrained_decode, model, dfa, vocabulary, eos, budget
        )


# ── forced_text ───────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("As long as only one character may come, nobody has to ask the model. How far is that?")
def test_text_without_a_choice_is_forced(submission):
    assert_equal(submission.forced_text(BOOLEAN, 0), '{"ok":')
    assert_equal(submission.forced_text(accepting("abc"), 0), "abc")


@points(0.5)
@hint("One of two characters leads to where no text is ever accepted. Is there a choice?")
def test_dead_ends_are_no_choices(submission):
    dfa = accepting("abcd")
    dfa["edges"][1]["x"] = 8
    dfa["edges"][8] = {"y": 9}
    dfa["edges"][2]["z"] = 10
    assert_equal(submission.forced_text(dfa, 0), "abcd")


@points(0.5)
@hint("The text may end here. Must every accepted text go on?")
def test_nothing_is_forced_past_an_accepting_state(submission):
    dfa = accepting("ab", "abcd")
    assert_equal(submission.forced_text(dfa, 0), "ab")
    assert_equal(submission.forced_text(dfa, 2), "")
    assert_equal(submission.forced_text(dfa, 3), "d")


@points(0.25)
@hint("Several characters may come. Which do all accepted texts share?")
def test_a_choice_ends_the_forced_text(submission):
    dfa = accepting("abcx", "abdx", "abdy")
    assert_equal(
        [submission.forced_text(dfa, state) for state in (0, 2, 3, 5)], ["ab", "", "x", ""]
    )


@points(0.25)
@hint("'a' and 'A' lead to the same place. Do you know which of them to write?")
def test_two_characters_to_one_state_are_a_choice(submission):
    dfa = {"start": 0, "accept": [3], "edges": {0: {"x": 1}, 1: {"a": 2, "A": 2}, 2: {"y": 3}}}
    assert_equal(submission.forced_text(dfa, 0), "x")
    assert_equal(submission.forced_text(dfa, 2), "y")


@points(0.25)
@hint("From here no text is ever accepted. What do all of none have in common?")
def test_a_dead_or_unknown_state_forces_nothing(submission):
    dfa = {"start": 0, "accept": [1], "edges": {0: {"a": 1}, 2: {"b": 3}, 3: {"c": 4, "d": 4}}}
    assert_equal([submission.forced_text(dfa, state) for state in (2, 3, 4, 77)], [""] * 4)


@points(0.25)
@hint("Does your code ask where the text so far has led, or begin at the start each time?")
def test_any_state_may_be_asked_about(submission):
    result = [submission.forced_text(BOOLEAN, state) for state in range(17)]
    assert_equal(result, [forced_text(BOOLEAN, state) for state in range(17)])


@points(0.5)
@hint("Write down all texts that are accepted from there. How do all of them begin?")
def test_what_all_accepted_texts_begin_with_is_forced(submission, rng):
    for _ in range(4):
        begin = "".join("ab"[i] for i in rng.integers(0, 2, 3))
        ends = ["".join("ab"[i] for i in rng.integers(0, 2, size)) for size in (3, 4, 6)]
        dfa = accepting(*(begin + end for end in ends))
        states = [0, 1, 2, *dfa["edges"]]
        results = [submission.forced_text(dfa, state) for state in states]
        assert_equal(results, [forced_text(dfa, state) for state in states])
