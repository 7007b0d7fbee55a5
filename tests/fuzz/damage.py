"""Ways to damage a message."""

from random import Random

INSERTS = (
    b"null", b"true", b"-1", b"1e999", b"NaN", b'"\\ud800"', b"\xff", b"\x00", b"[" * 500,
    b"9" * 5000, b'{"a":' * 200, b'"__proto__"', b"\xe2\x80\xae", b"\\u0000",
)  # fmt: skip


def damaged(message: bytes, random: Random) -> bytes:
    """The message after one to four accidents."""
    for _ in range(random.randint(1, 4)):
        message = _accident(message, random)
    return message


def _accident(message: bytes, random: Random) -> bytes:
    a, b = sorted(random.randrange(len(message) + 1) for _ in range(2))
    match random.randrange(6):
        case 0:
            return message[:a]
        case 1:
            return message[:a] + message[b:]
        case 2:
            return message[:a] + random.choice(INSERTS) + message[b:]
        case 3:
            return message[:b] + message[a:]
        case 4:
            return message[:a] + bytes([random.randrange(256)]) + message[a + 1 :]
        case _:
            return message[:a] + random.choice(INSERTS) + message[a:]
