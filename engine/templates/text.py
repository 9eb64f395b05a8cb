"""Splits text into what is literal and what stands between `{{` and `}}`."""

from collections.abc import Iterator

from engine.templates.expression import Expression, ExpressionSyntaxError, compile_expression

_OPENING, _CLOSING = "{{", "}}"
_QUOTES = "\"'"


def parse_text(text: str) -> tuple[str | Expression, ...]:
    """The parts of a text in order; empty literals are left out.

    Quotes and inner braces are respected: `{{ {"a": 1}["a"] }}` and `{{ "}}" }}` are each one.

    Raises:
        ExpressionSyntaxError: A placeholder is not closed or holds no valid expression.
    """
    return tuple(_parts(text))


def _parts(text: str) -> Iterator[str | Expression]:
    at = 0
    while (start := text.find(_OPENING, at)) >= 0:
        if start > at:
            yield text[at:start]
        end = _end_of_expression(text, start + len(_OPENING))
        source = text[start + len(_OPENING) : end]
        try:
            yield compile_expression(source)
        except ExpressionSyntaxError as error:
            raise ExpressionSyntaxError(f"{{{{ {source.strip()[:80]} }}}}: {error}") from error
        at = end + len(_CLOSING)
    if at < len(text):
        yield text[at:]


def _end_of_expression(text: str, start: int) -> int:
    depth, quote, at = 0, "", start
    while at < len(text):
        char = text[at]
        if quote:
            at += char == "\\"
            quote = "" if char == quote else quote
        elif char in _QUOTES:
            quote = char
        elif char == "{":
            depth += 1
        elif char == "}" and depth:
            depth -= 1
        elif text.startswith(_CLOSING, at):
            return at
        at += 1
    raise ExpressionSyntaxError(f"{{{{{text[start : start + 40]}… is not closed by }}}}")
