"""HTML in which nothing that is not ours can be markup: text is escaped by being text."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Iterable
from functools import cache
from importlib import resources

VOID = ("meta", "link", "br", "col")
UNPRINTABLE = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\U0010ffff]")
"""Controls and lone surrogates, which HTML cannot hold."""


class Html(str):
    """What is markup already."""

    __slots__ = ()


Content = str | float | None | Iterable["Content"]


def tag(name: str, /, *content: Content, **attributes: str | float | bool | None) -> Html:
    """Return an element; what is no `Html` in its content and attributes is escaped.

    An attribute's `_` is a `-` and one at the end falls away (`class_`); None leaves it out, True
    has no value.
    """
    parts = [name]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        label = key.rstrip("_").replace("_", "-")
        parts.append(label if value is True else f'{label}="{text(value)}"')
    opening = f"<{' '.join(parts)}>"
    return Html(opening if name in VOID else f"{opening}{text(content)}</{name}>")


def text(content: Content) -> Html:
    """Return content as markup."""
    if content is None:
        return Html("")
    if isinstance(content, Html):
        return content
    if isinstance(content, str | int | float):
        return Html(html.escape(UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", str(content))))
    return Html("".join(map(text, content)))


def person(name: str) -> Html:
    """Return a foreign name: its direction of writing ends with it."""
    return tag("bdi", name)


def table(caption: str, head: Iterable[Html], rows: Iterable[Html], **attributes: str) -> Html:
    """Return a captioned table that scrolls by itself where the page is narrow."""
    inner = tag(
        "table",
        tag("caption", caption),
        tag("thead", tag("tr", *head)),
        tag("tbody", *rows),
        **attributes,
    )
    return tag("div", inner, class_="scroll", role="region", aria_label=caption, tabindex="0")


def column(*content: Content, **attributes: str | None) -> Html:
    """Return the heading of a column."""
    return tag("th", *content, scope="col", **attributes)


def page(title: str, *content: Content, script: bool = False) -> str:
    """Return a document that asks nothing of anybody: style and script are inside."""
    style, code = _file("page.css"), _file("page.js")
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag(
            "meta",
            http_equiv="Content-Security-Policy",
            content=policy + (f"; script-src 'sha256-{digest}'" if script else ""),
        ),
        tag("title", title),
        tag("style", Html(style)),
    )
    after = tag("script", Html(code)) if script else None
    return "<!doctype html>\n" + tag(
        "html", head, tag("body", tag("main", *content), after), lang="en"
    )


@cache
def _file(name: str) -> str:
    return resources.files("autograder.classroom").joinpath(name).read_text(encoding="utf-8")
