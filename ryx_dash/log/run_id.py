"""Names for runs."""

import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH = 26
_RANDOM_BITS = 80


def new_run_id() -> str:
    """A name that no other run has: 26 characters ``[0-9a-z]``, fit for a URL.

    Names made later sort later, by the millisecond: 48 bits of time, then 80 bits of chance.
    """
    number = time.time_ns() // 1_000_000 << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(_LENGTH)))
