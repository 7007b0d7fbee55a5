"""A field for text that filters something: it is passed on when a person pauses, not at each key.

It is the one of Dash Bootstrap Components, because ``dcc.Input`` with a number for ``debounce``
puts the caret back a moment after each key: what is typed quickly comes out in another order.
"""

from typing import Any

import dash_bootstrap_components as dbc

PAUSE_MS = 250
"""How long nothing is typed before the text is passed on."""


def text_field(key: str, placeholder: str, longest: int, *, kind: Any = "text") -> Any:
    """A field for at most ``longest`` characters, with the id ``key``."""
    return dbc.Input(
        id=key,
        type=kind,
        value="",
        placeholder=placeholder,
        debounce=PAUSE_MS,
        maxLength=longest,
        autoComplete="off",
        class_name="field",
    )
