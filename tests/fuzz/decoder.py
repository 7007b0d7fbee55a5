"""The decoders under atheris: ``python tests/fuzz/decoder.py -runs=100000``.

Whatever comes in, the only way out is a value or a ProtocolError; and an event that was decoded
is the same after it was encoded and decoded again.
"""

import contextlib
import sys

import atheris

with atheris.instrument_imports(include=["ryx_dash.protocol"]):
    from ryx_dash.errors import ProtocolError
    from ryx_dash.protocol import codec, frames


def decode(data: bytes) -> None:
    """Give some bytes to each decoder, as bytes and as text."""
    for message in (data, data.decode(errors="surrogateescape")):
        for decoder in (codec.decode_command, frames.decode_envelope):
            with contextlib.suppress(ProtocolError):
                decoder(message)
        with contextlib.suppress(ProtocolError):
            _round_trip(codec.decode_event(message))


def _round_trip(event: codec.Decoded) -> None:
    if isinstance(event, codec.Skipped):
        return
    text = codec.encode(event)
    text.encode()  # nothing that UTF-8 cannot hold
    assert codec.decode_event(text) == event, text


if __name__ == "__main__":
    atheris.Setup(sys.argv, decode)
    atheris.Fuzz()
