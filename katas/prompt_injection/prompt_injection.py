"""Finding prompt injections in untrusted text. The question is in README.md."""


def normalize(text: str, homoglyphs: dict[str, str]) -> tuple[str, list[int]]:
    """Fold a text for looking at, and say which original character each character came from.

    `homoglyphs` maps folded characters to what they look like.

    Returns:
        the folded text, and for each of its characters an index into `text`.
    """
    raise NotImplementedError


def decode_candidates(text: str, min_length: int = 16, depth: int = 2) -> list[dict]:
    """Find text in base64 or hex, and what is encoded again in the decoded text.

    Returns:
        a list of {"start", "end", "encoding": "base64" | "hex", "text", "depth": 1, 2, …}, by
        position, each find at once followed by those inside it, which carry its start and end.

    Raises:
        ValueError: if `min_length` or `depth` is less than 1.
    """
    raise NotImplementedError


def find_injections(
    text: str, patterns: list[tuple[str, str, float]], homoglyphs: dict[str, str]
) -> list[tuple[str, int, int]]:
    """Find each pattern in the folded text and in what the text hides by encoding.

    `patterns` are (name, regex, weight), written for folded text; names are unique, and no regex
    matches the empty text.

    Returns:
        a list of (name, start, end) with offsets of `text`, by (start, end, name), each once.
    """
    raise NotImplementedError


def scan_documents(
    documents: list[str],
    patterns: list[tuple[str, str, float]],
    homoglyphs: dict[str, str],
    threshold: float = 0.5,
) -> list[dict]:
    """Score each document, decide on it, and cut out what was found.

    Returns:
        for each document {"score", "blocked", "spans": list of (start, end), "clean": text}.

    Raises:
        ValueError: if a weight is not between 0 and 1.
    """
    raise NotImplementedError
