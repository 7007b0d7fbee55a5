"""The words of a question that are worth looking for. Pure."""

import re
import unicodedata

MAX_TERMS = 12

_WORD = re.compile(r"\w+")

_STOP_WORDS = """
a about after all also am an and any are as at be because been before being but by can could
did do does doing for from get give had has have he her here him his how i if in into is it
its just know let like list look make me more most my no not of on once one only or our out
over please say says search she should show so some something such tell than that the their
them then there these they this those to up us use used using very want was we were what when
where which while who whom whose why will with would you your find describe explain summarize
summarise contain contains file files
das dem den der des die dies ein eine einem einen einer es für im in ist mit und von was wer
wie wo welche welcher welches wann warum zu
de des du est et la le les où pour quand que quel quelle quels qui quoi un une
como cual cuando del donde el en es las los para por quien una y
"""


def fold(text: str) -> str:
    """``text`` without case, accents and compatibility forms, so that words compare equal.

    >>> fold("Çafé")
    'cafe'
    """
    return text.lower() if text.isascii() else _bare(_bare(text).casefold())


def _bare(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def words(text: str) -> list[str]:
    """The folded words of ``text`` in order."""
    return _WORD.findall(fold(text))


def telling_words(text: str, *, any_words: bool = True) -> tuple[str, ...]:
    """The distinct words worth looking for, as written, in order, at most :data:`MAX_TERMS`.

    Words that say nothing are left out, unless there are no others and ``any_words`` allows them.

    >>> telling_words("What is the launch code of project Zephyr?")
    ('launch', 'code', 'project', 'Zephyr')
    """
    found = {fold(word): word for word in reversed(_WORD.findall(text))}
    found = dict(reversed(found.items()))
    telling = [
        word for term, word in found.items() if term not in _FOLDED_STOP_WORDS and len(term) > 1
    ]
    if not telling and any_words:
        telling = list(found.values())
    return tuple(telling[:MAX_TERMS])


_FOLDED_STOP_WORDS = frozenset(map(fold, _STOP_WORDS.split()))


def matches(term: str, word: str) -> bool:
    """Whether a folded word of a text answers a term: equal but for its ending.

    >>> matches("code", "codes"), matches("codes", "code"), matches("cat", "category")
    (True, True, False)
    """
    if term == word:
        return True
    short, long = sorted((term, word), key=len)
    return len(short) >= 4 and len(long) - len(short) <= 3 and long.startswith(short)
