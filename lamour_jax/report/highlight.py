"""Python source as coloured HTML, with nothing but the standard library."""

import io
import keyword
import tokenize
from html import escape

_KINDS = {
    tokenize.COMMENT: "comment",
    tokenize.STRING: "string",
    tokenize.NUMBER: "number",
}


def highlight(source: str) -> str:
    """The source, escaped, with a <span class="..."> around keywords, names being defined,
    strings, numbers and comments. Text that is not Python comes back escaped and plain."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError):
        return escape(source)
    offsets = _line_offsets(source)
    parts, done, before = [], 0, ""
    for token in tokens:
        kind = _kind(token, before)
        before = token.string
        if kind is None:
            continue
        begin = offsets[token.start[0] - 1] + token.start[1]
        end = offsets[token.end[0] - 1] + token.end[1]
        parts += [
            escape(source[done:begin]),
            f'<span class="{kind}">{escape(source[begin:end])}</span>',
        ]
        done = end
    return "".join([*parts, escape(source[done:])])


def _kind(token: tokenize.TokenInfo, before: str) -> str | None:
    if token.type != tokenize.NAME:
        return _KINDS.get(token.type)
    if keyword.iskeyword(token.string):
        return "keyword"
    return "defined" if before in ("def", "class") else None


def _line_offsets(source: str) -> list[int]:
    """Where each line begins, counted in characters, lines as `tokenize` counts them."""
    offsets = [0]
    for line in io.StringIO(source):
        offsets.append(offsets[-1] + len(line))
    return offsets
