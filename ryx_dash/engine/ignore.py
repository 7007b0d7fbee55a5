"""The rules of ``.gitignore`` files, as git applies them to one entry of a folder."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: GitIgnoreSpecPattern
    folders_only: bool


class IgnoreRules:
    """The rules of one ``.gitignore``. Lines that git would not understand are left out.

    pathspec's own ``GitIgnoreSpec`` answers for whole trees and so takes a folder's rule as one
    for everything in it; then ``*``, ``!*/``, ``!*.md`` hides all folders, which git enters.
    A walk asks for a folder before its content, so here a rule answers for the entry alone.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self._rules = [rule for line in lines if (rule := _parse(line))]
        self._rules.reverse()  # the last rule that matches decides

    def verdict(self, path: str, *, is_folder: bool) -> bool | None:
        """Whether ``path`` (relative to the rules' folder) is ignored; ``None``: no rule says."""
        path = path.replace("\n", " ")  # pathspec's "any folder" stops at a line's end
        for rule in self._rules:
            if rule.folders_only and not is_folder:
                continue
            found = rule.pattern.match_file(path)
            # pathspec names a group where only a folder above the entry matched.
            if found is not None and found.match.lastgroup is None:
                return rule.pattern.include
        return None


def _parse(line: str) -> _Rule | None:
    line = line.rstrip("\r\n")
    if not line.endswith("\\ "):
        line = line.rstrip(" \t")
    try:
        pattern = GitIgnoreSpecPattern(line.removesuffix("/"))
    except (ValueError, re.error):
        return None
    if pattern.include is None:
        return None
    return _Rule(pattern, line.endswith("/"))
