"""The two indexes of words: of single events, which confirms, and of commits over all runs.

The index of events is one for the whole log, so each word in it has a scope before it: a stretch
of one run, its tokens apart. A search goes from the newest stretch back until it has enough; it
meets neither other runs nor more of its own, however long both are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ryx_dash.log.driver import Condition, Connection, query, select
from ryx_dash.log.schema import key
from ryx_dash.log.words import Phrase, event_words, words
from ryx_dash.protocol.events import Event, EventKind

SCOPE_BITS = 16
"""A stretch is 65,536 ``seq`` long: a word that is rare is looked for in each, one that is frequent
in all of one, so it is neither long nor short."""

TOGETHER = 16
"""Stretches that are looked through with one query at most."""

_STRETCH = 1 << SCOPE_BITS


def scoped(place: int, found: Sequence[str], *, token: bool) -> str:
    """The words of the event with the key ``place``, each with its scope before it."""
    scope = f"{place >> SCOPE_BITS:x}{'t' if token else ''}·"
    return " ".join(scope + word for word in found)


def match(places: Sequence[int], phrases: Sequence[Phrase], *, tokens: bool) -> str:
    """The phrases as a query to FTS5 for the stretches of ``places``.

    Words hold letters, digits and symbols, never a quote.
    """
    kinds = (False, True) if tokens else (False,)
    return " OR ".join(
        f"({' AND '.join(_phrase(place, phrase, token=kind) for phrase in phrases)})"
        for place in places
        for kind in kinds
    )


def newest_hits(
    db: Connection,
    bounds: tuple[int, int],
    phrases: Sequence[Phrase],
    *,
    tokens: bool,
    most: int,
    also: Condition | None = None,
    events: str = "events",
) -> list[int]:
    """Keys of one run's events that have all the phrases, the newest ``most``, newest first.

    ``bounds``: the key after which they lie, and the last one. ``also`` narrows the ``events``.
    """
    found: list[int] = []
    _, upto = bounds
    for stretches in _groups(list(_stretches(*bounds))):
        lasts = [last for _, last in stretches]
        if upto not in lasts and not _has_each(db, lasts, phrases, tokens=tokens):
            continue
        which = Condition("words MATCH ?", (match(lasts, phrases, tokens=tokens),))
        which &= Condition("words.rowid > ? AND words.rowid <= ?", (stretches[-1][0], lasts[0]))
        source = "words"
        if also is not None:
            # CROSS JOIN keeps the order: first the words, then their events.
            source, which = f"words CROSS JOIN {events} ON key = words.rowid", which & also
        then = f"ORDER BY words.rowid DESC LIMIT {most - len(found)}"
        found += [row[0] for row in select(db, "words.rowid", source, which, then)]
        if len(found) >= most:
            break
    return found


@dataclass(frozen=True, slots=True)
class EventWords:
    """The words of some events, each scoped, by the events' keys."""

    rows: Sequence[tuple[int, str]]

    @classmethod
    def of(cls, rid: int, events: Sequence[Event]) -> "EventWords":
        """Of events of the run with number ``rid``."""
        return cls.of_words(rid, [(event, event_words(event)) for event in events])

    @classmethod
    def of_words(cls, rid: int, found: Sequence[tuple[Event, Sequence[str]]]) -> "EventWords":
        """The same, the words being known."""
        return cls(
            [
                (place, scoped(place, words, token=event.event == EventKind.LLM_TOKEN))
                for event, words in found
                if words
                for place in (key(rid, event.seq),)
            ]
        )

    def save(self, db: Connection) -> None:
        """Put them into the index."""
        db.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", self.rows)

    def remove(self, db: Connection) -> None:
        """Take them out: the index keeps no texts, so it has to be told what it had been given."""
        unword = "INSERT INTO words (words, rowid, text) VALUES ('delete', ?, ?)"
        db.executemany(unword, self.rows)


@dataclass(frozen=True, slots=True)
class CommitWords:
    """The words of events that were committed together: what a search over all runs looks into."""

    place: int
    words: frozenset[str]

    @classmethod
    def of(cls, rid: int, found: Sequence[tuple[int, Sequence[str]]]) -> "CommitWords":
        """Of events by their ``seq``, in order."""
        last = found[-1][0] if found else 0
        return cls(key(rid, last), frozenset(word for _, words in found for word in words))

    @classmethod
    def of_events(cls, rid: int, events: Sequence[Event]) -> "CommitWords":
        """The same, worked out from the events."""
        return cls.of(rid, [(event.seq, event_words(event)) for event in events])

    @classmethod
    def of_input(cls, rid: int, text: str) -> "CommitWords":
        """Of a run's input, which is there before the first event."""
        return cls.of(rid, [(0, words(text))])

    def save(self, db: Connection) -> None:
        """Put them into the index, if there are any."""
        if self.words:
            text = " ".join(self.words)
            query(db, "INSERT INTO run_words (rowid, text) VALUES (?, ?)", self.place, text)


def match_any_run(phrases: Sequence[Phrase]) -> str:
    """The words of the phrases, in any order, as a query to the index of commits."""
    parts = ([*(f'"{word}"' for word in phrase[:-1]), f'"{phrase[-1]}"*'] for phrase in phrases)
    return " ".join(part for phrase in parts for part in phrase)


def has_each_word(db: Connection, phrases: Sequence[Phrase]) -> bool:
    """Whether every word of the phrases stands in some run: a superset, for microseconds."""
    return all(
        _stands(db, "run_words", [word], begun=begun) for word, begun in _words_apart(phrases)
    )


def _has_each(
    db: Connection, places: Sequence[int], phrases: Sequence[Phrase], *, tokens: bool
) -> bool:
    """The same for the stretches of ``places``."""
    kinds = (False, True) if tokens else (False,)
    return all(
        _stands(
            db,
            "words",
            [scoped(p, [word], token=kind) for p in places for kind in kinds],
            begun=begun,
        )
        for word, begun in _words_apart(phrases)
    )


def _words_apart(phrases: Sequence[Phrase]) -> list[tuple[str, bool]]:
    """The different words, and of each whether it may be a beginning; none if it is but one,
    which needs no look ahead. Long ones come first, since they are rather rare."""
    apart = {
        (word, place == len(phrase)) for phrase in phrases for place, word in enumerate(phrase, 1)
    }
    return sorted(apart, key=lambda one: len(one[0]), reverse=True) if len(apart) > 1 else []


def _stands(db: Connection, index: str, terms: Sequence[str], *, begun: bool) -> bool:
    """Whether one of the terms is in an index. As whole words first: of those it opens one list,
    for a beginning it merges the lists of all words that go on from it."""
    for end in ("", "*") if begun else ("",):
        which = Condition(f"{index} MATCH ?", (" OR ".join(f'"{term}"{end}' for term in terms),))
        if select(db, "1", index, which, "LIMIT 1"):
            return True
    return False


def _stretches(after: int, upto: int) -> Iterator[tuple[int, int]]:
    """``after < key <= upto`` in the parts that have one scope each, the newest first."""
    while upto > after:
        first = max(after, (upto >> SCOPE_BITS) * _STRETCH - 1)
        yield first, upto
        upto = first


def _groups(stretches: list[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    """The newest stretch, the one before, then twice as many at a time, up to :data:`TOGETHER`:
    what the newest have little of is rare, and is looked for in many with one query."""
    first = 0
    while first < len(stretches):
        size = min(max(first, 1), TOGETHER)
        yield stretches[first : first + size]
        first += size


def _phrase(place: int, phrase: Phrase, *, token: bool) -> str:
    return f'"{scoped(place, phrase, token=token)}"*'
