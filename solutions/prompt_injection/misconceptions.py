"""The wrong turns of finding prompt injections."""

import base64
import math
import re
import unicodedata

from autograder.suite import misconception
from solutions.prompt_injection.prompt_injection import (
    HEX,
    RUN,
    decode,
    decode_candidates,
    find_injections,
    merged,
    normalize,
    readable,
    scan_documents,
    without,
)

# ── normalize ─────────────────────────────────────────────────────────────────────────────────


def folded(
    text,
    homoglyphs,
    *,
    dropped=("Cc", "Cf", "Mn", "Me"),
    form="NFKD",
    tags=True,
    space_first=True,
    collapse=True,
    look_alikes_last=True,
):
    """Fold a text, right but for what is given."""
    pieces, origins = [], []
    for place, character in enumerate(text):
        if tags and 0xE0020 <= ord(character) <= 0xE007E:
            character = chr(ord(character) - 0xE0000)
        seen = ""
        for part in unicodedata.normalize(form, character):
            gone = unicodedata.category(part) in dropped
            if part.isspace() and (space_first or not gone):
                seen += " "
            elif not gone:
                seen += part
        if look_alikes_last:
            shown = "".join(homoglyphs.get(part, part) for part in seen.casefold())
        else:
            shown = "".join(homoglyphs.get(part, part) for part in seen).casefold()
        for piece in shown:
            if not (collapse and piece == " " and pieces[-1:] == [" "]):
                pieces.append(piece)
                origins.append(place)
    return "".join(pieces), origins


@misconception(
    replaces="normalize",
    says="zero-width characters stay in the text, so that they split words",
    hint="Print ascii() of your folded text. Which characters are in it that you do not see?",
)
def format_characters_kept(text, homoglyphs):
    return folded(text, homoglyphs, dropped=("Cc", "Mn", "Me"))


@misconception(
    replaces="normalize",
    says="tag characters are dropped as invisible, although a model reads the ASCII "
    "that they spell",
    hint="Invisible to whom?",
)
def tags_dropped(text, homoglyphs):
    return folded(text, homoglyphs, tags=False)


@misconception(
    replaces="normalize",
    says="the origins count positions in the folded text, not in the original",
    hint="Cut the original at one of your origins. Is that the character?",
)
def origins_in_output(text, homoglyphs):
    shown, _ = normalize(text, homoglyphs)
    return shown, list(range(len(shown)))


@misconception(
    replaces="normalize",
    says="look-alikes are replaced before case folding, so capital ones escape",
    hint="Look a capital Cyrillic А up in the table of small letters.",
)
def homoglyphs_before_casefold(text, homoglyphs):
    return folded(text, homoglyphs, look_alikes_last=False)


@misconception(
    replaces="normalize",
    says="accented letters keep their accents: NFKC puts together what NFKD takes apart",
    hint="How many characters is 'é' after your normal form?",
)
def accents_kept(text, homoglyphs):
    return folded(text, homoglyphs, form="NFKC")


@misconception(
    replaces="normalize",
    says="line breaks and tabs are dropped as control characters, so that words grow together",
    hint="'ignore' and 'all' stand on two lines. What stands between them in your folded text?",
)
def line_breaks_dropped(text, homoglyphs):
    return folded(text, homoglyphs, space_first=False)


@misconception(
    replaces="normalize",
    says="runs of white space stay as long as they are, so that two spaces hide a phrase",
    hint="Would your pattern find 'ignore  all'?",
)
def spaces_not_collapsed(text, homoglyphs):
    return folded(text, homoglyphs, collapse=False)


# ── decode_candidates ─────────────────────────────────────────────────────────────────────────


def decoded(text, min_length, depth, decode_run=decode, *, own_spans=False):
    """Find encoded text, right but for what is given."""
    if min_length < 1 or depth < 1:
        raise ValueError("min_length and depth must be at least 1")
    found = []
    for match in RUN.finditer(text):
        encoding, inside = decode_run(match[1]) if len(match[1]) >= min_length else ("", None)
        if inside is None:
            continue
        span = {"start": match.start(), "end": match.end()}
        found.append({**span, "encoding": encoding, "text": inside, "depth": 1})
        if depth > 1:
            for inner in decoded(inside, min_length, depth - 1, decode_run, own_spans=own_spans):
                place = {} if own_spans else span
                found.append({**inner, **place, "depth": inner["depth"] + 1})
    return found


@misconception(
    replaces="decode_candidates",
    says="the URL-safe alphabet of base64, with - and _, is not recognised",
    hint="Encode '???>>>' in both ways. What differs?",
)
def standard_alphabet_only(text, min_length=16, depth=2):
    # Such characters end a run.
    return decoded(re.sub("[-_]", ".", text), min_length, depth)


@misconception(
    replaces="decode_candidates",
    says="only the outer encoding is removed, so text encoded twice stays hidden",
    hint="Encode a phrase twice, and look at what you find.",
)
def one_layer(text, min_length=16, depth=2):
    decoded("", min_length, depth)
    return decoded(text, min_length, 1)


@misconception(
    replaces="decode_candidates",
    says="base64 without its padding is not recognised",
    hint="What can the number of = be worked out from?",
)
def padding_required(text, min_length=16, depth=2):
    right = decoded(text, min_length, depth)

    def padded(find):
        run = RUN.fullmatch(text, find["start"], find["end"])
        return find["encoding"] == "hex" or len(run[0]) % 4 == 0

    return [find for find in right if find["depth"] > 1 or padded(find)]


@misconception(
    replaces="decode_candidates",
    says="what is found inside a decoded text carries its place there, "
    "not that of the outermost run",
    hint="Cut the original at the offsets of an inner find. What is there?",
)
def inner_spans(text, min_length=16, depth=2):
    return decoded(text, min_length, depth, own_spans=True)


@misconception(
    replaces="decode_candidates",
    says="any valid UTF-8 counts as text, control characters included, "
    "so that keys and hashes are decoded",
    hint="Which characters would no writer of a text have typed?",
)
def control_characters_readable(text, min_length=16, depth=2):
    def utf8(data):
        try:
            return data.decode()
        except UnicodeDecodeError:
            return None

    def decode_run(run):
        if HEX.fullmatch(run) and utf8(bytes.fromhex(run)) is not None:
            return "hex", utf8(bytes.fromhex(run))
        if len(run) % 4 == 1:
            return "base64", None
        return "base64", utf8(base64.b64decode(run.replace("-", "+").replace("_", "/") + "=="))

    return decoded(text, min_length, depth, decode_run)


@misconception(
    replaces="decode_candidates",
    says="base64 is tried before hex, so hex digits that are readable both ways are read as base64",
    hint="Which of the two alphabets says more, when a run has only characters of both?",
)
def base64_first(text, min_length=16, depth=2):
    def decode_run(run):
        if len(run) % 4 != 1:
            plain = base64.b64decode(run.replace("-", "+").replace("_", "/") + "==")
            if readable(plain) is not None:
                return "base64", readable(plain)
        return decode(run)

    return decoded(text, min_length, depth, decode_run)


# ── find_injections ───────────────────────────────────────────────────────────────────────────


def found_in(text, patterns, homoglyphs, finds, fold_hidden):
    """Find patterns, right but for the finds and whether they are folded."""
    shown, origins = normalize(text, homoglyphs)
    found = set()
    for name, regex, _ in patterns:
        for match in re.finditer(regex, shown):
            found.add((name, origins[match.start()], origins[match.end() - 1] + 1))
        for find in finds:
            if re.search(regex, fold_hidden(find["text"])):
                found.add((name, find["start"], find["end"]))
    return sorted(found, key=lambda item: (item[1], item[2], item[0]))


@misconception(
    replaces="find_injections",
    says="encoded text is looked for after case folding, which destroys base64",
    hint="Decode 'aGVsbG8=' and 'agvsbg8='.",
)
def decodes_folded_text(text, patterns, homoglyphs):
    shown, _ = normalize(text, homoglyphs)
    finds = decode_candidates(shown)
    return found_in(
        text, patterns, homoglyphs, finds, lambda inside: normalize(inside, homoglyphs)[0]
    )


@misconception(
    replaces="find_injections",
    says="what was decoded is searched as it is, so capitals or look-alikes inside it escape",
    hint="Encode a phrase in capitals. Do your patterns, written for folded text, match it?",
)
def decoded_text_not_folded(text, patterns, homoglyphs):
    return found_in(text, patterns, homoglyphs, decode_candidates(text), lambda inside: inside)


# ── scan_documents ────────────────────────────────────────────────────────────────────────────


def scanned(documents, patterns, homoglyphs, threshold, *, score_of=None, touching=True):
    """Scan documents, right but for what is given."""
    results = scan_documents(documents, patterns, homoglyphs, threshold)
    for document, result in zip(documents, results, strict=True):
        found = find_injections(document, patterns, homoglyphs)
        if score_of:
            result["score"] = score_of([name for name, _, _ in found])
            result["blocked"] = result["score"] >= threshold
        if not touching:
            spans = []
            for start, end in [(start, end) for _, start, end in found]:
                if spans and start < spans[-1][1]:
                    spans[-1] = spans[-1][0], max(end, spans[-1][1])
                else:
                    spans.append((start, end))
            assert merged(spans) == result["spans"]
            result["spans"], result["clean"] = spans, without(document, spans)
    return results


@misconception(
    replaces="scan_documents",
    says="the weights are added up (cut at 1) instead of combined as 1 − ∏(1 − w)",
    hint="Two signs of weight 0.5 each: is the document an attack beyond doubt?",
)
def weights_added(documents, patterns, homoglyphs, threshold=0.5):
    weights = {name: weight for name, _, weight in patterns}

    def score_of(names):
        return min(1.0, sum(weights[name] for name in set(names)))

    return scanned(documents, patterns, homoglyphs, threshold, score_of=score_of)


@misconception(
    replaces="scan_documents",
    says="every match counts, so repeating one phrase raises the score",
    hint="A long article on this subject has the phrase ten times. How suspicious is it?",
)
def repeats_counted(documents, patterns, homoglyphs, threshold=0.5):
    weights = {name: weight for name, _, weight in patterns}

    def score_of(names):
        return 1.0 - math.prod(1.0 - weights[name] for name in names)

    return scanned(documents, patterns, homoglyphs, threshold, score_of=score_of)


@misconception(
    replaces="scan_documents",
    says="the largest weight is the score, so that several signs say no more than one",
    hint="Two independent signs were found. Is your doubt the same as after one?",
)
def largest_weight_only(documents, patterns, homoglyphs, threshold=0.5):
    weights = {name: weight for name, _, weight in patterns}

    def score_of(names):
        return max((weights[name] for name in names), default=0.0)

    return scanned(documents, patterns, homoglyphs, threshold, score_of=score_of)


@misconception(
    replaces="scan_documents",
    says="spans that touch are left apart",
    hint="One span ends at 3 and the next begins at 3. How many characters are between them?",
)
def touching_spans_apart(documents, patterns, homoglyphs, threshold=0.5):
    return scanned(documents, patterns, homoglyphs, threshold, touching=False)


@misconception(
    replaces="scan_documents",
    says="a score that is just the threshold is not blocked",
    hint="How do you read 'score ≥ threshold' when they are equal?",
)
def blocked_above_threshold_only(documents, patterns, homoglyphs, threshold=0.5):
    results = scan_documents(documents, patterns, homoglyphs, threshold)
    return [{**result, "blocked": result["score"] > threshold} for result in results]
