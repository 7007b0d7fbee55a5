"""Messages of the dashboard's own page (subprotocol ``ryx.dash.v1``): internal, not a contract.

The page sends envelopes ``{"c": "<counter>", "m": [message, …]}``; the counter only makes each
text unique, since dash-extensions drops a text that equals the last one.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ryx_dash.errors import ProtocolError
from ryx_dash.protocol.clean import clean
from ryx_dash.protocol.reading import read_object, sentence

SUBPROTOCOL = "ryx.dash.v1"

RunId = Annotated[str, Field(min_length=1, max_length=4096)]
"""As it stands in a URL that somebody typed: one that names no run is refused with a sentence."""
CommandId = Annotated[str, Field(min_length=1, max_length=128)]


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Shown(_Message):
    """Frame ``n`` is on the page, drawn up to ``seq``."""

    type: Literal["shown"] = "shown"
    n: Annotated[int, Field(ge=0)]
    run: RunId | None = None
    seq: Annotated[int, Field(ge=0)] = 0


class Again(_Message):
    """Frame ``n`` arrived, but nothing was drawn after it."""

    type: Literal["again"] = "again"
    n: Annotated[int, Field(ge=0)]


class Execute(_Message):
    """Start a run."""

    type: Literal["execute"] = "execute"
    command_id: CommandId
    input: str
    model: str | None = None


class Cancel(_Message):
    """End a run."""

    type: Literal["cancel"] = "cancel"
    command_id: CommandId
    run_id: RunId


class Watch(_Message):
    """Show another run; ``None``: whichever is the newest."""

    type: Literal["watch"] = "watch"
    run: RunId | None = None


class Ping(_Message):
    """Is somebody there? Answered by a frame."""

    type: Literal["ping"] = "ping"


PageMessage = Annotated[
    Shown | Again | Execute | Cancel | Watch | Ping, Field(discriminator="type")
]


class Envelope(_Message):
    """What the page sends: its messages since the last envelope, in order."""

    c: str = Field("", max_length=200)
    m: tuple[PageMessage, ...] = Field((), max_length=200)


def decode_envelope(text: str | bytes) -> tuple[PageMessage, ...]:
    """The messages of an envelope, half characters in them replaced.

    Raises :class:`errors.ProtocolError` with code ``not_json``, ``not_an_object`` or
    ``bad_field``.
    """
    payload, _ = clean(read_object(text))
    try:
        return Envelope.model_validate(payload).m
    except ValidationError as error:
        raise ProtocolError(sentence(error), code="bad_field") from None
