"""What a person wants: a small, readable classifier. Pure.

Each signal is a pattern that speaks for one intent with some weight. The intent with the most
weight wins. Its confidence is its share of all weight, less the doubt that little evidence
leaves.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """The kinds of intent. Ties go to the one named first."""

    SEARCH = "search"
    CODE = "code"
    SHELL = "shell"
    CHAT = "chat"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Intent:
    """A kind, how sure that is (0 to 1), and the names of the signals that spoke for it."""

    intent: Kind
    confidence: float
    signals: tuple[str, ...] = ()

    @property
    def small_talk(self) -> bool:
        """Whether nothing can be looked up: a greeting, thanks, "how are you"."""
        return self.intent is Kind.CHAT and "creative request" not in self.signals


class Signal(NamedTuple):
    """A pattern (case ignored) and the weight that it gives to an intent."""

    name: str
    intent: Kind
    weight: float
    pattern: re.Pattern[str]


def _signal(name: str, intent: Kind, weight: float, pattern: str) -> Signal:
    return Signal(name, intent, weight, re.compile(pattern, re.IGNORECASE | re.VERBOSE))


_POLITE = r"^\W*(?:(?:please|can\ you|could\ you|would\ you|bitte)\s+)*"

SIGNALS: tuple[Signal, ...] = (
    # Whole-text patterns: a greeting before a question is politeness, not small talk.
    _signal(
        "greeting",
        Kind.CHAT,
        3.0,
        r"""^\W*(?:hi|hello|hey|yo|hiya|greetings|good\ (?:morning|afternoon|evening|night)
        |hallo|guten\ (?:tag|morgen|abend)|moin|servus|hola|buenos\ d[ií]as|bonjour|salut|ciao
        |ol[aá]|こんにちは|你好|привет)
        (?:\s+(?:there|all|again|everyone|team|ryx))?\W*$""",
    ),
    _signal(
        "thanks or farewell",
        Kind.CHAT,
        3.0,
        r"""^\W*(?:(?:ok(?:ay)?|great|cool|many)\W+)?
        (?:thanks|thank\ you|thx|cheers|bye|goodbye|see\ you|danke|merci|gracias|obrigado)
        (?:\s+(?:a\ lot|so\ much|very\ much|again|later|you))?\W*$""",
    ),
    _signal(
        "small talk",
        Kind.CHAT,
        4.0,
        r"""^\W*(?:(?:hi|hello|hey)\W+)?
        (?:how\ are\ (?:you|things)|how(?:'|’|\ i)s\ it\ going|what(?:'|’|\ i)s\ up|who\ are\ you
        |what\ can\ you\ do|are\ you\ (?:there|ok|an?\ (?:ai|bot|robot|human))|nice\ to\ meet\ you
        |wie\ geht(?:'|’|\ e)s(?:\ (?:dir|ihnen))?|[cç]a\ va|comment\ [cç]a\ va|qu[eé]\ tal)
        (?:\s+(?:doing|today|there|now))*\W*$""",
    ),
    _signal(
        "creative request",
        Kind.CHAT,
        3.0,
        _POLITE
        + r"""(?:write|tell|compose|sing|invent|make\ up|schreib|erz[aä]hl)\w*\s+
        (?:(?:me|us|mir|an?|the|some|short|little|funny|ein(?:e|en)?)\s+)*
        (?:poem|story|joke|song|haiku|limerick|tale|riddle|rhyme|gedicht|witz|geschichte)\b""",
    ),
    _signal(
        "question word",
        Kind.SEARCH,
        1.5,
        r"""^\W*(?:(?:hi|hello|hey|please)\W+)?
        (?:what|who|whom|whose|where|when|which|why|how|is|are|does|do|did|was|were|has|have
        |was|wer|wo|wann|warum|wie|welche[rsnm]?|wieviel|wessen
        |que|quoi|qui|o[uù]|quand|comment|pourquoi|quel(?:le)?s?|combien
        |qu[eé]|qui[eé]n|d[oó]nde|cu[aá]ndo|c[oó]mo|cu[aá]l(?:es)?
        |cosa|dove|quando|quale|onde|quem|что|где|когда|кто|как)\b""",
    ),
    _signal("question mark", Kind.SEARCH, 1.0, r"[?？؟]"),
    _signal(
        "asks to find",
        Kind.SEARCH,
        2.0,
        _POLITE
        + r"""(?:find|search|look\ (?:up|for|into)|locate|list|show|read|open|summari[sz]e|explain
        |describe|compare|tell\ (?:me|us)\ (?:about|what|where|who|when|which|how|why)
        |such|suche|finde|zeig|cherche|trouve|busca|encuentra)\b""",
    ),
    _signal(
        "names a file",
        Kind.SEARCH,
        1.0,
        r"(?<![\w@])(?:[\w.-]+/)+[\w.-]+|\b\w[\w-]*\.(?:md|txt|rst|pdf|csv|log|ya?ml|json|toml)\b",
    ),
    _signal(
        "speaks of files",
        Kind.SEARCH,
        1.0,
        r"\b(?:files?|folders?|notes?|docs?|document\w*)\b",
    ),
    _signal(
        "asks for code",
        Kind.CODE,
        3.0,
        _POLITE
        + r"""(?:write|implement|fix|refactor|debug|add|generate|create|optimi[sz]e|port|rewrite
        |simplify|review|schreib\w*)\b.{0,80}?
        \b(?:code|functions?|class(?:es)?|methods?|tests?|scripts?|bugs?|modules?|queries|regex
        |program|api|endpoint|decorator|algorithm|funktion|klasse|\w+\.(?:py|js|ts|go|rs|c|cpp|java))\b""",
    ),
    _signal(
        "speaks of code",
        Kind.CODE,
        1.5,
        r"""\b(?:functions?|methods?|refactor\w*|debug\w*|bugs?|traceback|stack\ ?trace|exceptions?
        |compil\w+|syntax|unit\ tests?|type\ hints?|async|regex|variables?|segfault)\b""",
    ),
    _signal(
        "code notation",
        Kind.CODE,
        2.0,
        r"```|\w\(\)|=>|::|\bdef\ \w+|\bclass\ \w+[:({]|\#include|\b\w+\ =\ \w+\(|;\s*$",
    ),
    _signal(
        "programming language",
        Kind.CODE,
        1.0,
        r"\b(?:python|javascript|typescript|rust|golang|java|kotlin|sql|c\+\+|bash\ script)\b",
    ),
    _signal(
        "command line",
        Kind.SHELL,
        4.0,
        r"""^\s*(?:\$\ |sudo\ |(?:ls|cd|git|docker|kubectl|pip|npm|apt|brew|systemctl|chmod|chown
        |mkdir|rm|cp|mv|grep|sed|awk|curl|wget|ssh|tar|ps|kill|cat|make)\s+[-./~\w])""",
    ),
    _signal(
        "asks to run",
        Kind.SHELL,
        3.0,
        _POLITE
        + r"""(?:run|execute|install|uninstall|kill|restart|start|stop|launch|open|starte)
        \s+(?:(?:the|a|an|my|this|all|den|die|das)\s+)*
        (?:command|server|service|process(?:es)?|program|app(?:lication)?|browser|terminal|editor
        |container|package|daemon|script|firefox|chrome|vim|nginx|docker|dienst)\b""",
    ),
    _signal(
        "speaks of the shell",
        Kind.SHELL,
        1.0,
        r"\b(?:shell|terminal|command\ line|bash|zsh|cron\w*|systemd|disk\ space|permissions?)\b",
    ),
)


def classify(text: str) -> Intent:
    """The intent of ``text``; ``unknown`` with confidence 0 when no signal speaks.

    >>> classify("What is the launch code of project Zephyr?").intent.value
    'search'
    """
    seen = [signal for signal in SIGNALS if signal.pattern.search(text)]
    if not seen:
        return Intent(Kind.UNKNOWN, 0.0)
    weights = {kind: sum(s.weight for s in seen if s.intent is kind) for kind in Kind}
    best = max(Kind, key=weights.__getitem__)
    weight = weights[best]
    confidence = weight / sum(weights.values()) * (weight / (weight + 0.5))
    return Intent(best, round(confidence, 2), tuple(s.name for s in seen if s.intent is best))
