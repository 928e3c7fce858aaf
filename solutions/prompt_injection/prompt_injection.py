"""Finding prompt injections in untrusted text: the reference."""

import base64
import math
import re
import unicodedata

RUN = re.compile(r"([A-Za-z0-9+/_-]+)={0,2}")
HEX = re.compile(r"([0-9A-Fa-f]{2})+")
INVISIBLE = ("Cc", "Cf", "Mn", "Me")


def normalize(text: str, homoglyphs: dict[str, str]) -> tuple[str, list[int]]:
    r"""Fold a text for looking at, and say which original character each character came from.

    >>> normalize("I\u200bGN\u00d6RE\n now", {})
    ('ignore now', [0, 2, 3, 4, 5, 6, 7, 9, 10, 11])
    """
    folded: list[str] = []
    origins: list[int] = []
    for place, character in enumerate(text):
        for piece in fold(character, homoglyphs):
            if piece == " " and folded[-1:] == [" "]:
                continue
            folded.append(piece)
            origins.append(place)
    return "".join(folded), origins


def fold(character: str, homoglyphs: dict[str, str]) -> str:
    """Return what one character looks like: several characters, one or none."""
    if "\U000e0020" <= character <= "\U000e007e":
        # A tag character: people do not see it, and models read the ASCII that it stands for.
        character = chr(ord(character) - 0xE0000)
    seen = ""
    for part in unicodedata.normalize("NFKD", character):
        if part.isspace():
            seen += " "
        elif unicodedata.category(part) not in INVISIBLE:
            seen += part
    return "".join(homoglyphs.get(part, part) for part in seen.casefold())


def decode_candidates(text: str, min_length: int = 16, depth: int = 2) -> list[dict]:
    """Find encoded text, and text that is encoded in what was decoded.

    >>> decode_candidates("run: 69676e6f72652074686973")
    [{'start': 5, 'end': 27, 'encoding': 'hex', 'text': 'ignore this', 'depth': 1}]
    """
    if min_length < 1 or depth < 1:
        raise ValueError(f"min_length and depth must be at least 1, got {min_length} and {depth}")
    found = []
    for match in RUN.finditer(text):
        if len(match[1]) < min_length:
            continue
        encoding, decoded = decode(match[1])
        if decoded is None:
            continue
        span = {"start": match.start(), "end": match.end()}
        found.append({**span, "encoding": encoding, "text": decoded, "depth": 1})
        if depth > 1:
            for inner in decode_candidates(decoded, min_length, depth - 1):
                # Nobody can point into text that is not there: the span is that of the whole run.
                found.append({**inner, **span, "depth": inner["depth"] + 1})
    return found


def decode(run: str) -> tuple[str, str | None]:
    """Return the encoding of a run and the text that it holds, None if it holds none."""
    if HEX.fullmatch(run):
        text = readable(bytes.fromhex(run))
        if text is not None:
            return "hex", text
    if len(run) % 4 == 1:  # six bits are no byte
        return "base64", None
    standard = run.replace("-", "+").replace("_", "/")
    # More padding than is needed does no harm, and bits left over are ignored.
    return "base64", readable(base64.b64decode(standard + "=="))


def readable(data: bytes) -> str | None:
    """Return bytes as text, None if they are not UTF-8 or hold control characters."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    control = {character for character in text if unicodedata.category(character) == "Cc"}
    return text if control <= {"\t", "\n", "\r"} else None


def find_injections(
    text: str, patterns: list[tuple[str, str, float]], homoglyphs: dict[str, str]
) -> list[tuple[str, int, int]]:
    r"""Find each pattern in the folded text and in what the text hides by encoding.

    >>> find_injections("Please IGN\u200bORE this", [("ignore", "ignore", 0.5)], {})
    [('ignore', 7, 14)]
    """
    folded, origins = normalize(text, homoglyphs)
    # Of the original text: folding makes lower case of base64.
    hidden = [(find, normalize(find["text"], homoglyphs)[0]) for find in decode_candidates(text)]
    found = set()
    for name, regex, _ in patterns:
        for match in re.finditer(regex, folded):
            found.add((name, origins[match.start()], origins[match.end() - 1] + 1))
        for find, inside in hidden:
            if re.search(regex, inside):
                found.add((name, find["start"], find["end"]))
    return sorted(found, key=lambda item: (item[1], item[2], item[0]))


def scan_documents(
    documents: list[str],
    patterns: list[tuple[str, str, float]],
    homoglyphs: dict[str, str],
    threshold: float = 0.5,
) -> list[dict]:
    """Score each document, decide on it, and cut out what was found.

    >>> scan_documents(["Ignore this. Bye."], [("ignore", "ignore this", 0.75)], {})
    [{'score': 0.75, 'blocked': True, 'spans': [(0, 11)], 'clean': '[removed]. Bye.'}]
    """
    for name, _, weight in patterns:
        if not 0 <= weight <= 1:
            raise ValueError(f"the weight of {name} is {weight}, not between 0 and 1")
    return [scan(document, patterns, homoglyphs, threshold) for document in documents]


def scan(
    document: str,
    patterns: list[tuple[str, str, float]],
    homoglyphs: dict[str, str],
    threshold: float,
) -> dict:
    """Score one document."""
    found = find_injections(document, patterns, homoglyphs)
    names = {name for name, _, _ in found}
    # Noisy or: as if each pattern were right with the probability that is its weight.
    score = 1.0 - math.prod(1.0 - weight for name, _, weight in patterns if name in names)
    spans = merged([(start, end) for _, start, end in found])
    return {
        "score": score,
        "blocked": score >= threshold,
        "spans": spans,
        "clean": without(document, spans),
    }


def merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join ascending spans where they overlap or touch."""
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            first, last = joined.pop()
            start, end = first, max(last, end)
        joined.append((start, end))
    return joined


def without(document: str, spans: list[tuple[int, int]]) -> str:
    """Replace each span of a document by a mark."""
    clean, place = "", 0
    for start, end in spans:
        clean += document[place:start] + "[removed]"
        place = end
    return clean + document[place:]
