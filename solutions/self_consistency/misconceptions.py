"""The wrong turns of self-consistency."""

import re
from fractions import Fraction

from autograder.suite import misconception
from solutions.self_consistency.self_consistency import (
    AFTER,
    BEFORE,
    BOX,
    MARKER,
    NUMBER,
    QUANTITY,
    boxed,
    extract_answer,
    marked,
    normalise_answer,
    tally,
    vote,
)

# ── extract_answer ────────────────────────────────────────────────────────────────────────────


def last_of(*candidates):
    """Return the last of the first candidates that there are."""
    return next((found[-1] for found in candidates if found), None)


def boxes_by(pattern, text):
    """Return the contents of boxes as a pattern finds them."""
    contents = [content.strip() for content in re.findall(pattern, text)]
    return [content for content in contents if content]


@misconception(
    replaces="extract_answer",
    says="the first box, marker or number is taken, where the chain of thought still thinks, "
    "not the last",
    hint="Which does your search find when the model corrects itself?",
)
def first_match(text):
    candidates = (boxed(text), marked(text), NUMBER.findall(text))
    return next((found[0] for found in candidates if found), None)


@misconception(
    replaces="extract_answer",
    says="the boxed answer ends at its first closing brace, so nested braces are cut",
    hint=r"What do you get out of \boxed{\frac{1}{2}}?",
)
def boxed_to_first_brace(text):
    return last_of(boxes_by(r"\\boxed\{([^}]*)\}", text), marked(text), NUMBER.findall(text))


@misconception(
    replaces="extract_answer",
    says="the boxed answer reaches to the last closing brace of its line, past its own",
    hint=r"What do you get out of '\boxed{7} is in {a, b}'?",
)
def boxed_to_last_brace(text):
    return last_of(boxes_by(r"\\boxed\{(.*)\}", text), marked(text), NUMBER.findall(text))


@misconception(
    replaces="extract_answer",
    says="the last number of the text is taken even where the answer is marked",
    hint="The model says what its answer is and then where it got it from. What do you return?",
)
def last_number_always(text):
    return last_of(NUMBER.findall(text), boxed(text), marked(text))


@misconception(
    replaces="extract_answer",
    says="what follows 'the answer is' is taken even where there is a box",
    hint=r"What do you get out of 'the answer is $\boxed{7}$, as claimed'?",
)
def marker_before_box(text):
    return last_of(marked(text), boxed(text), NUMBER.findall(text))


@misconception(
    replaces="extract_answer",
    says="a marked answer ends at its first full stop, so decimals and initials are cut",
    hint="What do you get out of 'The answer is 3.5.'?",
)
def cut_at_a_full_stop(text):
    rests = [re.match(r"[^.\n]*", text[marker.end() :])[0] for marker in MARKER.finditer(text)]
    answers = [rest.strip() for rest in rests]
    answers = [answer for answer in answers if answer] or marked(text)
    return last_of(boxed(text), answers, NUMBER.findall(text))


@misconception(
    replaces="extract_answer",
    says="the full stop at the end of the sentence stays in a marked answer",
    hint="Is 'Lima.' the name of a city?",
)
def full_stop_kept(text):
    rests = [text[marker.end() :].split("\n", 1)[0] for marker in MARKER.finditer(text)]
    answers = [rest.strip() for rest in rests if rest.strip(" .\t\r")]
    return last_of(boxed(text), answers, NUMBER.findall(text))


@misconception(
    replaces="extract_answer",
    says="the content of the last box is taken although it is empty",
    hint="The model wrote an empty box at the end. Had it given an answer before?",
)
def empty_box_taken(text):
    contents = []
    for box in BOX.finditer(text):
        inside = boxed(text[box.start() :])
        closed = re.match(r"\s*\}", text[box.end() :])
        contents += [""] if closed else inside[:1]
    return last_of(contents, marked(text), NUMBER.findall(text))


# ── normalise_answer ──────────────────────────────────────────────────────────────────────────


def stripped(answer):
    """Return an answer before numbers are looked for."""
    return re.sub(r"\s+", " ", answer.lower()).lstrip(BEFORE).rstrip(AFTER)


@misconception(
    replaces="normalise_answer",
    says="numbers are compared as text, so 1,000 and 1000.0 are two answers",
    hint="How many votes does 1000 get, of '1,000', '1000' and '1000.0'?",
)
def numbers_as_text(answer):
    return stripped(answer)


@misconception(
    replaces="normalise_answer",
    says="fractions stay as they are written, so 2/4 and 0.5 are two answers",
    hint="Which of the three patterns has a slash in it?",
)
def fractions_not_reduced(answer):
    text = stripped(answer)
    return text if "/" in text else normalise_answer(answer)


@misconception(
    replaces="normalise_answer",
    says="numbers go through floats, so 0.1 is not a tenth any more",
    hint="Print Fraction(0.1) and Fraction('0.1').",
)
def through_floats(answer):
    text = stripped(answer)
    if not QUANTITY.fullmatch(text):
        return text
    above, _, below = text.replace(",", "").partition("/")
    return str(Fraction(float(above)) / Fraction(float(below or 1)))


@misconception(
    replaces="normalise_answer",
    says="all commas are dropped, so that the pair 1,2 becomes the number 12",
    hint="Which commas separate thousands, and which separate answers?",
)
def every_comma_dropped(answer):
    text = stripped(answer)
    joined = text.replace(",", "")
    return normalise_answer(joined) if QUANTITY.fullmatch(joined) else text


@misconception(
    replaces="normalise_answer",
    says="the per cent sign is dropped, so that 50% and 50 are one answer",
    hint="Which characters are in the list of those stripped from the right?",
)
def per_cent_dropped(answer):
    return normalise_answer(answer.rstrip(AFTER + "%"))


@misconception(
    replaces="normalise_answer",
    says="upper and lower case are told apart, so (B) and b are two answers",
    hint="What do 'Lima' and 'lima' become?",
)
def case_kept(answer):
    text = re.sub(r"\s+", " ", answer).lstrip(BEFORE).rstrip(AFTER)
    return normalise_answer(text) if QUANTITY.fullmatch(text) else text


# ── vote ──────────────────────────────────────────────────────────────────────────────────────


def counted(answers, weights, choose, *, none=False):
    """Vote with another choice of the winner, perhaps with None as an answer."""
    vote(answers, weights)  # raises what has to be raised
    weights = [1.0] * len(answers) if weights is None else weights
    groups = {}
    for answer, weight in zip(answers, weights, strict=True):
        group = normalise_answer(answer or "") or None
        if group or none:
            groups.setdefault(group, []).append(weight)
    if not groups:
        return None, 0.0
    winner = choose(groups)
    total = sum(map(sum, groups.values()))
    return winner, sum(groups[winner]) / total if total else 0.0


@misconception(
    replaces="vote",
    says="replies without an answer vote together, so that None can win and counts in the share",
    hint="Three of five chains end without an answer, two agree. What is your result?",
)
def none_votes(answers, weights=None):
    return counted(
        answers, weights, lambda groups: max(groups, key=lambda g: sum(groups[g])), none=True
    )


@misconception(
    replaces="vote",
    says="the share is that of all replies, those without an answer among them",
    hint="Who had a vote? Add up the shares of all answers.",
)
def share_of_all_replies(answers, weights=None):
    winner, share = vote(answers, weights)
    weights = [1.0] * len(answers) if weights is None else weights
    votes = sum(tally(answers, weights).values())
    return winner, share * votes / sum(weights) if sum(weights) else 0.0


@misconception(
    replaces="vote",
    says="the answer with the highest mean weight wins, not the one with the highest sum",
    hint="One lucky chain of weight 3, against three of weight 2. Who wins, and who should?",
)
def mean_weight(answers, weights=None):
    return counted(
        answers,
        weights,
        lambda groups: max(groups, key=lambda group: sum(groups[group]) / len(groups[group])),
    )


@misconception(
    replaces="vote",
    says="the weights are ignored: the most frequent answer wins",
    hint="Which of the arguments does your result not depend on?",
)
def weights_ignored(answers, weights=None):
    vote(answers, weights)
    return vote(answers)


@misconception(
    replaces="vote",
    says="ties go to the answer that came last",
    hint="Which of equal ones does your maximum keep?",
)
def ties_to_last(answers, weights=None):
    return counted(
        answers,
        weights,
        lambda groups: max(reversed(groups), key=lambda group: sum(groups[group])),
    )


@misconception(
    replaces="vote",
    says="answers are grouped as they are written, and only the winner is normalised",
    hint="How many votes does 1000 get, of '1,000', '1000' and '1000.0'?",
)
def grouped_as_written(answers, weights=None):
    vote(answers, weights)
    weights = [1.0] * len(answers) if weights is None else weights
    groups = {}
    for answer, weight in zip(answers, weights, strict=True):
        if answer and normalise_answer(answer):
            groups[answer] = groups.get(answer, 0.0) + weight
    if not groups:
        return None, 0.0
    winner = max(groups, key=lambda group: groups[group])
    total = sum(groups.values())
    return normalise_answer(winner), groups[winner] / total if total else 0.0


# ── sample_until_decided ──────────────────────────────────────────────────────────────────────


def sampled(model, prompt, max_samples, stop):
    """Sample with another rule to stop: of the first and second count, samples left and all."""
    if max_samples < 1:
        raise ValueError("max_samples is less than 1")
    answers = []
    for left in reversed(range(max_samples)):
        answers.append(extract_answer(model(prompt)))
        *_, second, first = sorted([0, 0, *tally(answers).values()])
        if stop(first, second, left, max_samples):
            break
    return vote(answers)[0], len(answers)


@misconception(
    replaces="sample_until_decided",
    says="it stops as soon as two samples agree, though the rest could still outvote them",
    hint="Two of five agree at once. What could the other three say?",
)
def stops_at_first_agreement(model, prompt, max_samples):
    return sampled(model, prompt, max_samples, lambda first, second, left, total: first >= 2)


@misconception(
    replaces="sample_until_decided",
    says="it stops only once an answer has more than half of max_samples, though split votes "
    "decide earlier",
    hint="Four answers with one vote each, and one with three: two samples are left. Who can win?",
)
def waits_for_half(model, prompt, max_samples):
    return sampled(model, prompt, max_samples, lambda first, second, left, total: first > total / 2)


@misconception(
    replaces="sample_until_decided",
    says="it stops when the leader is ahead by as many as are left, though the second could still "
    "draw level",
    hint="The leader is ahead by two and two are left. How might it end, and who came first?",
)
def stops_before_a_tie(model, prompt, max_samples):
    return sampled(
        model,
        prompt,
        max_samples,
        lambda first, second, left, total: first > 0 and first - second >= left,
    )


@misconception(
    replaces="sample_until_decided",
    says="the leader's votes are compared with the samples left, without those that the second "
    "already has",
    hint="Four to three and three are left. Is it decided?",
)
def runner_up_forgotten(model, prompt, max_samples):
    return sampled(model, prompt, max_samples, lambda first, second, left, total: first > left)


@misconception(
    replaces="sample_until_decided",
    says="all samples are drawn although the vote is decided before",
    hint="Seven of nine agree. What can the last two change, and what do they cost?",
)
def never_stops_early(model, prompt, max_samples):
    return sampled(model, prompt, max_samples, lambda first, second, left, total: False)
