"""Reads the words and flags of a cURL command."""

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from engine.errors import BadRequestError

_SHELL_TOKEN = re.compile(
    r"""
    (?P<kept>'[^']*'|"(?:[^"\\]|\\.)*")
    |(?P<continued>[\\^`]\r?\n)
    |\$'(?P<ansi_c>(?:[^'\\]|\\.)*)'
    """,
    re.DOTALL | re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{1,4}|x[0-9A-Fa-f]{1,2}|.)", re.DOTALL)
_ESCAPED: Mapping[str, str] = {"n": "\n", "t": "\t", "r": "\r", "e": "\x1b", "0": "\0"}
_SET_BY_THE_ENGINE = frozenset({"content-length", "host", "connection", "accept-encoding"})


@dataclass(slots=True)
class CurlCommand:
    """What a cURL command says, before it becomes a spec."""

    urls: list[str] = field(default_factory=list)
    method: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    data: list[str] = field(default_factory=list)
    user: str | None = None
    is_get: bool = False
    is_json: bool = False
    warnings: list[str] = field(default_factory=list)


def read_command(text: str) -> CurlCommand:
    """Read a command.

    Raises:
        BadRequestError: No cURL command, a flag that is not known, or one that reads files.
    """
    command = CurlCommand()
    words: Sequence[str] = _words(text)
    while words:
        words = _rest_after_first(command, words)
    return command


def _words(text: str) -> list[str]:
    try:
        words = shlex.split(_SHELL_TOKEN.sub(_plain, text.strip()))
    except ValueError as error:
        raise BadRequestError(f"the cURL command cannot be read: {error}") from error
    if not words or words[0].rpartition("/")[2] not in {"curl", "curl.exe"}:
        raise BadRequestError("a cURL command begins with curl")
    return words[1:]


def _plain(found: re.Match[str]) -> str:
    """What `shlex` understands: a line that goes on is one line, `$'...'` an ordinary quote."""
    if found["kept"] is not None:
        return found["kept"]
    return " " if found["continued"] else shlex.quote(_unescaped(found["ansi_c"]))


def _unescaped(text: str) -> str:
    def character(found: re.Match[str]) -> str:
        code = found[1]
        if len(code) > 1:
            return chr(int(code[1:], 16))
        return _ESCAPED.get(code, code)

    return _ESCAPE.sub(character, text)


def _rest_after_first(command: CurlCommand, words: Sequence[str]) -> Sequence[str]:
    word, *rest = words
    if not word.startswith("-") or word == "-":
        command.urls.append(word)
        return rest
    name, value = (word, "") if word.startswith("--") else (word[:2], word[2:])
    if name in _SWITCHES:
        _SWITCHES[name](command)
        return [f"-{value}", *rest] if value else rest
    if name not in _OPTIONS:
        raise BadRequestError(f"the cURL flag {name} cannot be kept in a request")
    if not value and not rest:
        raise BadRequestError(f"the cURL flag {name} needs a value")
    _OPTIONS[name](command, value or rest[0])
    return rest if value else rest[1:]


def _set_method(command: CurlCommand, value: str) -> None:
    command.method = value.upper()


def _add_header(command: CurlCommand, value: str) -> None:
    _refuse_file(value)
    name, _, text = value.partition(":")
    if name.strip().lower() in _SET_BY_THE_ENGINE:
        command.warnings.append(f"{name.strip()} is set by the engine and was left out")
    else:
        command.headers[name.strip()] = text.strip()


def _add_data(command: CurlCommand, value: str) -> None:
    _refuse_file(value)
    command.data.append(value)


def _add_raw_data(command: CurlCommand, value: str) -> None:
    command.data.append(value)


def _add_encoded_data(command: CurlCommand, value: str) -> None:
    name, equals, text = value.partition("=")
    if "@" in name:
        raise _no_files()
    command.data.append(f"{name}={_quoted(text)}" if equals and name else _quoted(text or name))


def _add_json(command: CurlCommand, value: str) -> None:
    _add_data(command, value)
    command.is_json = True


def _set_user(command: CurlCommand, value: str) -> None:
    command.user = value


def _set_bearer(command: CurlCommand, value: str) -> None:
    command.headers["Authorization"] = f"Bearer {value}"


def _set_cookie(command: CurlCommand, value: str) -> None:
    if "=" not in value:
        raise _no_files()
    command.headers["Cookie"] = value


def _set_user_agent(command: CurlCommand, value: str) -> None:
    command.headers["User-Agent"] = value


def _set_referer(command: CurlCommand, value: str) -> None:
    command.headers["Referer"] = value


def _add_url(command: CurlCommand, value: str) -> None:
    command.urls.append(value)


def _refuse_form(_command: CurlCommand, _value: str) -> None:
    raise BadRequestError("multipart forms (-F) are not available; use -d with fields")


def _warn_of_time(command: CurlCommand, _value: str) -> None:
    command.warnings.append("the time limit was left out: set timeout_seconds in the policy")


def _warn_of_retries(command: CurlCommand, _value: str) -> None:
    command.warnings.append("retries were left out: set max_retries in the policy")


def _ignore_value(_command: CurlCommand, _value: str) -> None:
    """Options about the terminal, which a request does not have."""


def _set_get(command: CurlCommand) -> None:
    command.is_get = True


def _warn_of_insecure(command: CurlCommand) -> None:
    command.warnings.append("-k was left out: certificates are always checked")


def _ignore(_command: CurlCommand) -> None:
    """Switches that say what the engine does anyway."""


def _quoted(text: str) -> str:
    return quote(text, safe="{}")


def _refuse_file(value: str) -> None:
    if value.startswith("@"):
        raise _no_files()


def _no_files() -> BadRequestError:
    return BadRequestError("a cURL command that reads files cannot be kept; paste their content")


_SWITCHES: Mapping[str, Callable[[CurlCommand], None]] = {
    **dict.fromkeys(("-G", "--get"), _set_get),
    **dict.fromkeys(("-k", "--insecure"), _warn_of_insecure),
    **dict.fromkeys(
        (
            *("-L", "--location", "-s", "--silent", "-S", "--show-error", "-i", "--include", "-v"),
            *("--verbose", "--compressed", "-g", "--globoff", "-f", "--fail", "--http1.1"),
            *("--http2", "-#", "--progress-bar", "-N", "--no-buffer"),
        ),
        _ignore,
    ),
}
_OPTIONS: Mapping[str, Callable[[CurlCommand, str], None]] = {
    **dict.fromkeys(("-X", "--request"), _set_method),
    **dict.fromkeys(("-H", "--header"), _add_header),
    **dict.fromkeys(("-d", "--data", "--data-ascii", "--data-binary"), _add_data),
    "--data-raw": _add_raw_data,
    "--data-urlencode": _add_encoded_data,
    "--json": _add_json,
    **dict.fromkeys(("-u", "--user"), _set_user),
    "--oauth2-bearer": _set_bearer,
    **dict.fromkeys(("-F", "--form", "--form-string"), _refuse_form),
    **dict.fromkeys(("-b", "--cookie"), _set_cookie),
    **dict.fromkeys(("-A", "--user-agent"), _set_user_agent),
    **dict.fromkeys(("-e", "--referer"), _set_referer),
    "--url": _add_url,
    **dict.fromkeys(("-o", "--output", "-w", "--write-out"), _ignore_value),
    **dict.fromkeys(("-m", "--max-time", "--connect-timeout"), _warn_of_time),
    **dict.fromkeys(("--retry", "--retry-delay"), _warn_of_retries),
}
