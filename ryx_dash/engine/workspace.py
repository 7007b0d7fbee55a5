"""The person's files: the only door to them, and it opens to nothing outside one folder."""

import errno
import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ryx_dash.engine.ignore import IgnoreRules
from ryx_dash.errors import WorkspaceError

SKIPPED = frozenset(
    {".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", ".tox", ".nox"}
    | {".cache", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".ipynb_checkpoints"}
)
"""Names that are never listed, whether ``.gitignore`` has them or not: history, caches and
installed packages, which would bury what the person wrote. They can still be read by path."""

_GITIGNORE_BYTES = 1 << 20
_PIECE = 1 << 16
_OPEN = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
# A link put in place of the file after it was resolved is refused, a pipe cannot hang the caller.
_OPEN |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)

_REASONS = {
    errno.ENOENT: ("missing", "does not exist in the workspace, or has just vanished"),
    errno.ENOTDIR: ("missing", "does not exist in the workspace: a part of it is no folder"),
    errno.EACCES: ("unreadable", "cannot be read (permission denied)"),
    errno.EPERM: ("unreadable", "cannot be read (permission denied)"),
    errno.ELOOP: ("unreadable", "is a link that leads back to itself"),
}


@dataclass(frozen=True, slots=True)
class File:
    """A listed file. ``path`` is relative with ``/``; ``size`` is bytes."""

    path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Text:
    """The text of a file, lines ended by ``\\n`` alone. ``size`` is the file's bytes."""

    path: str
    text: str
    size: int


@dataclass(frozen=True, slots=True)
class _Folder:
    path: str
    rules: tuple[tuple[int, IgnoreRules], ...]
    """Rules that hold here, outermost first, each with the length of its folder's prefix."""


class Workspace:
    """One folder and what is in it.

    Paths that go out are relative, with ``/``, and valid text: a byte of a name that is not
    UTF-8 is written ``\\xe9``, which :meth:`resolve` understands. All methods block and may be
    called from any thread. Raises :class:`errors.WorkspaceError` when ``root`` is no folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.realpath(root))
        if not self.root.is_dir():
            raise WorkspaceError(f"The workspace {root} is not a folder.")

    def resolve(self, path: str) -> Path:
        """The real path, links followed, of a relative path or of an absolute one inside.

        It need not exist. Raises :class:`errors.WorkspaceError` (``code`` ``outside`` or
        ``unreadable``) when it leads out of the workspace, or to a device, pipe or socket.
        """
        real = self._real(path, path)
        if "\\x" in path and not os.path.lexists(real):
            real = self._real(_native(path), path)
        try:
            mode = os.lstat(real).st_mode
        except OSError:
            return real
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode)):
            raise _not_a_file(path)
        return real

    def relative(self, real: Path) -> str:
        """How a path that :meth:`resolve` gave is written for people and programs."""
        return _shown(real.relative_to(self.root).as_posix())

    def read_text(self, path: str, *, max_bytes: int) -> Text:
        """The whole text of a file in UTF-8, or in UTF-16 with a byte order mark.

        Raises :class:`errors.WorkspaceError` with one sentence; ``code`` is ``outside``,
        ``missing``, ``unreadable``, ``too_large`` or ``binary``.
        """
        real = self.resolve(path)
        shown = self.relative(real)
        data, size = _read(real, shown, max_bytes)
        return Text(shown, _decode(data, shown), size)

    def files(self, stopped: Callable[[], bool] = lambda: False) -> Iterator[File]:
        """Every file that is not ignored, sorted by name, folder by folder.

        Left out: what a ``.gitignore`` in the workspace says, the names in :data:`SKIPPED`,
        links (what they show inside the workspace is listed at its own place), anything that is
        no regular file, and folders that cannot be read. Ends early once ``stopped()`` is true.
        """
        waiting: list[File | _Folder] = [_Folder("", ())]
        while waiting and not stopped():
            item = waiting.pop()
            if isinstance(item, File):
                yield item
            else:
                waiting.extend(reversed(self._list(item, stopped)))

    def _list(self, folder: _Folder, stopped: Callable[[], bool]) -> list[File | _Folder]:
        try:
            with os.scandir(self.root / folder.path) as entries:
                listed = [entry for entry in entries if not stopped()]
        except OSError:
            return []
        listed.sort(key=lambda entry: entry.name)
        rules = folder.rules
        if any(entry.name == ".gitignore" for entry in listed):
            rules = (*rules, (len(folder.path), self._rules(folder.path)))
        items = (_item(entry, folder.path + entry.name, rules) for entry in listed)
        return [item for item in items if item is not None]

    def _rules(self, folder: str) -> IgnoreRules:
        try:
            real = self.root / folder / ".gitignore"
            data, _ = _read(real, folder, _GITIGNORE_BYTES)
        except WorkspaceError:
            data = b""
        return IgnoreRules(os.fsdecode(data.removeprefix(b"\xef\xbb\xbf")).split("\n"))

    def _real(self, path: str, asked: str) -> Path:
        try:
            real = Path(os.path.realpath(self.root / path))
            os.fsencode(real)
        except (OSError, ValueError):
            raise WorkspaceError(
                f"{_quoted(asked)} cannot be a path: it has characters that no name can have.",
                code="unreadable",
            ) from None
        if not real.is_relative_to(self.root):
            raise WorkspaceError(
                f"{_quoted(asked)} lies outside the workspace; only what is in it can be read.",
                code="outside",
            )
        return real


def _item(
    entry: os.DirEntry[str], path: str, rules: tuple[tuple[int, IgnoreRules], ...]
) -> File | _Folder | None:
    if entry.name in SKIPPED:
        return None
    try:
        is_folder = entry.is_dir(follow_symlinks=False)
        if not is_folder and not entry.is_file(follow_symlinks=False):
            return None
        if _ignored(path, rules, is_folder):
            return None
        if is_folder:
            return _Folder(path + "/", rules)
        status = entry.stat(follow_symlinks=False)
    except OSError:
        return None
    return File(_shown(path), status.st_size, status.st_mtime_ns)


def _ignored(path: str, rules: tuple[tuple[int, IgnoreRules], ...], is_folder: bool) -> bool:
    for start, rule in reversed(rules):
        verdict = rule.verdict(path[start:], is_folder=is_folder)
        if verdict is not None:
            return verdict
    return False


def _read(real: Path, shown: str, max_bytes: int) -> tuple[bytes, int]:
    try:
        descriptor = os.open(real, _OPEN)
        try:
            size = _size(descriptor, shown, max_bytes)
            data = os.read(descriptor, size)
            while more := os.read(descriptor, min(_PIECE, max_bytes + 1 - len(data))):
                data += more
        finally:
            os.close(descriptor)
    except OSError as error:
        raise _unreadable(shown, error) from None
    if len(data) > max_bytes:
        raise _too_large(shown, len(data), max_bytes)
    return data, len(data)


def _size(descriptor: int, shown: str, max_bytes: int) -> int:
    status = os.fstat(descriptor)
    if stat.S_ISDIR(status.st_mode):
        raise WorkspaceError(f"{_quoted(shown)} is a folder, not a file.", code="unreadable")
    if not stat.S_ISREG(status.st_mode):
        raise _not_a_file(shown)
    if status.st_size > max_bytes:
        raise _too_large(shown, status.st_size, max_bytes)
    return status.st_size


def _decode(data: bytes, shown: str) -> str:
    """Text with ``\\n`` ends. A NUL or what no encoding explains is taken for binary."""
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    if encoding == "utf-8-sig" and b"\0" in data:
        raise WorkspaceError(f"{_quoted(shown)} is binary, not text.", code="binary")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise WorkspaceError(
            f"{_quoted(shown)} is binary, or text in an encoding other than UTF-8 and UTF-16.",
            code="binary",
        ) from None
    if "\0" in text:
        raise WorkspaceError(f"{_quoted(shown)} is binary, not text.", code="binary")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _shown(native: str) -> str:
    return os.fsencode(native).decode("utf-8", "backslashreplace")


def _native(shown: str) -> str:
    data = shown.encode("utf-8", "surrogatepass")
    return os.fsdecode(
        re.sub(rb"\\x([89a-f][0-9a-f])", lambda found: bytes.fromhex(found[1].decode()), data)
    )


def _quoted(path: str) -> str:
    """A path fit for a sentence: on one line, printable, not endless."""
    text = path if path.isprintable() and path else ascii(path)
    return text if len(text) <= 200 else f"{text[:100]}…{text[-80:]}"


def _megabytes(size: int) -> str:
    tenths = -(-size * 10 // (1 << 20))  # rounded up: over a limit must also look so
    return f"{tenths / 10:g} MB"


def _not_a_file(path: str) -> WorkspaceError:
    return WorkspaceError(
        f"{_quoted(path)} is a device, pipe or socket, not a file.", code="unreadable"
    )


def _too_large(path: str, size: int, limit: int) -> WorkspaceError:
    return WorkspaceError(
        f"{_quoted(path)} is {_megabytes(size)}, over the limit of {_megabytes(limit)}.",
        code="too_large",
    )


def _unreadable(path: str, error: OSError) -> WorkspaceError:
    code, reason = _REASONS.get(
        error.errno or 0, ("unreadable", f"cannot be read ({os.strerror(error.errno or 0)})")
    )
    return WorkspaceError(f"{_quoted(path)} {reason}.", code=code)
