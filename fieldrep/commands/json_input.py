"""The JSON a person hands to a command line: read strictly, with a sentence for everything that is none (S16).

Must not know any command; `registry.py` says which fields there are.
"""

from __future__ import annotations

import json
from typing import NoReturn

from fieldrep.contract.errors import Code, KnownError

MOST_INPUT = 64 * 1024 * 1024


def parse_json(text: str | bytes) -> object:
    """The value of a JSON text.

    Raises:
        KnownError: `wrong_usage` for what is no JSON, `invalid_value` or `too_large` for what cannot be taken.
    """
    if len(text) > MOST_INPUT:
        raise KnownError(Code.TOO_LARGE, f"The JSON is larger than {MOST_INPUT // 1024**2} MB.")
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise KnownError(Code.INVALID_VALUE, "The JSON is not UTF-8 text; save it as UTF-8.") from error
    except json.JSONDecodeError as error:
        sentence = f"This is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        raise KnownError(Code.WRONG_USAGE, f'{sentence} Write an object like {{"id": "…"}}.') from error
    except RecursionError as error:
        raise KnownError(Code.INVALID_VALUE, "The JSON is nested too deeply.") from error
    except ValueError as error:
        raise KnownError(Code.INVALID_VALUE, "The JSON holds a number that is out of range.") from error


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for name, _ in pairs if sum(name == other for other, _ in pairs) > 1)
        raise KnownError(Code.INVALID_VALUE, f"The JSON names “{twice[:60]}” twice; name it once.")
    return found


def _no_number(word: str) -> NoReturn:
    raise KnownError(Code.INVALID_VALUE, f"The JSON holds {word}, which is not a number.")
