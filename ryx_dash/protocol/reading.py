"""JSON texts of strangers into objects: whatever comes, an object or a sentence about it."""

import json
import re
from math import inf
from typing import NoReturn

from pydantic import ValidationError

from ryx_dash.errors import ProtocolError
from ryx_dash.protocol.clean import LongNumber
from ryx_dash.protocol.events import JsonObject

_LONG = 600
"""Digits from which a number is not read as an integer: Python itself may refuse at 640."""


def read_object(text: str | bytes, *, lenient: bool = False) -> JsonObject:
    """The JSON object in ``text``; of a repeated key the last one counts, as in browsers.

    Strings may still hold lone surrogates. ``lenient`` takes NaN and infinities, which some
    programs write, and keeps overlong integers as :class:`clean.LongNumber`.
    Raises :class:`errors.ProtocolError` with code ``not_json`` or ``not_an_object``.
    """
    decoder = _LENIENT if lenient else _STRICT
    try:
        if isinstance(text, bytes):
            text = text.decode()
        value = decoder.decode(text.removeprefix("\ufeff"))
    except UnicodeDecodeError:
        raise ProtocolError("The message is not UTF-8 text.", code="not_json") from None
    except RecursionError:
        raise ProtocolError("The message is nested too deeply.", code="not_json") from None
    except json.JSONDecodeError as error:
        reason = f"{error.msg[0].lower()}{error.msg[1:]}, at character {error.pos + 1}"
        raise ProtocolError(f"The message is not JSON: {reason}.", code="not_json") from None
    except ValueError as error:
        raise ProtocolError(f"The message is not JSON: {error}.", code="not_json") from None
    if not isinstance(value, dict):
        raise ProtocolError("The message is not a JSON object.", code="not_an_object")
    return value


def sentence(error: ValidationError) -> str:
    """The first thing that is wrong, with its field: ``"seq" should be a valid integer.``"""
    first = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    if first["type"] == "missing":
        return f'"{field}" is missing.'
    reason = re.sub(r"^\w+ should", "should", first["msg"])
    return f'"{field}" {reason}.'


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _long_as_text(digits: str) -> int | LongNumber:
    return int(digits) if len(digits) < _LONG else LongNumber(digits)


def _long_as_infinity(digits: str) -> int | float:
    return int(digits) if len(digits) < _LONG else inf


_STRICT = json.JSONDecoder(parse_constant=_refuse, parse_int=_long_as_infinity)
_LENIENT = json.JSONDecoder(parse_int=_long_as_text)
