"""The figures of docs/guarantees.md: taken from test reports, kept as JSON, shown as Markdown."""

import json
import platform
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import apsw

ROOT = Path(__file__).parent.parent.parent
GUARANTEES = ROOT / "docs" / "guarantees.md"
BEGIN, END = "<!-- figures of make soak -->", "<!-- end of the figures -->"
COUNTS = ("events", "lost", "doubled", "disordered", "tried")

Figures = dict[str, Any]
"""``versions``, and ``faults``: by name, what the newest run of each found."""


class Report(Protocol):
    """What is read of a test's report."""

    nodeid: str
    outcome: str
    duration: float
    user_properties: list[tuple[str, Any]]


def report(reports: Iterable[Report], *, keep: str | None) -> str:
    """The table of these reports, or no text without any.

    ``keep``: a JSON file in which each fault that was run takes the place of its older figures;
    the table in docs/guarantees.md is then made anew from all of them.
    """
    found = collect(reports)
    if found and keep:
        path = ROOT / keep
        old: Figures = json.loads(path.read_text()) if path.exists() else {"faults": {}}
        figures = {"versions": versions(), "faults": {**old["faults"], **stamped(found)}}
        path.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n")
        GUARANTEES.write_text(with_tables(GUARANTEES.read_text(), figures))
    return tables(found) if found else ""


def collect(reports: Iterable[Report]) -> dict[str, dict[str, Any]]:
    """What each fault's tests found; the fuzz tests of all routes, or messages, are one."""
    faults: dict[str, dict[str, Any]] = {}
    for one in reports:
        properties = dict(one.user_properties)
        if not any(properties.get("tally", {}).values()):
            continue
        fault = faults.setdefault(
            _name(one.nodeid),
            {"seeds": 0, "outcome": "passed", "duration": 0.0, **dict.fromkeys(COUNTS, 0)},
        )
        tally = properties["tally"]
        fault["seeds"] = max(fault["seeds"], tally["played"] or properties.get("seeds", 0))
        fault["duration"] = round(fault["duration"] + one.duration, 1)
        if one.outcome != "passed":
            fault["outcome"] = _failed(one.outcome, tally["failed"])
        for count in COUNTS:
            fault[count] += tally[count]
    return faults


def _failed(outcome: str, seeds: list[int]) -> str:
    """The outcome, with the seeds that repeat it where there are any."""
    return f"{outcome}: {', '.join(map(str, seeds))}" if seeds else outcome


def _name(nodeid: str) -> str:
    """``tests/faults/test_disk.py::test_log_gone[x]`` is ``disk: log gone, x``."""
    file, _, test = nodeid.partition("::")
    name, _, case = test.removeprefix("test_").partition("[")
    words = f"{Path(file).stem.removeprefix('test_')}: {name.replace('_', ' ')}"
    return words if "fuzz/" in file or not case else f"{words}, {case.removesuffix(']')}"


def stamped(faults: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Each with the day and the commit of now."""
    now = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "commit": _commit()}
    return {name: {**fault, **now} for name, fault in faults.items()}


@cache
def _commit() -> str:
    commit = _said("git", "rev-parse", "--short", "HEAD")
    changed = _said("git", "status", "--porcelain", "ryx_dash", "assets", "tests")
    return f"{commit} and changes" if changed else commit


@cache
def versions() -> dict[str, str]:
    """The programs that the faults are played with."""
    found = {"Python": platform.python_version(), "SQLite": apsw.sqlite_lib_version()}
    for name, command in (("Chromium", "chromium"), ("Node", "node"), ("nginx", "nginx")):
        path = shutil.which(command) or shutil.which(command, path="/usr/sbin")
        said = _said(path, "-v" if name == "nginx" else "--version") if path else ""
        number = re.search(r"\d+(\.\d+)+", said)
        found[name] = number[0] if number else "none"
    return {**found, "system": f"{platform.system()} {platform.release().partition('-')[0]}"}


def _said(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return (done.stdout + done.stderr).strip()


def with_tables(document: str, figures: Figures) -> str:
    """The document with these figures between its two marks."""
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    programs = ", ".join(f"{name} {number}" for name, number in sorted(figures["versions"].items()))
    parts = (BEGIN, tables(figures["faults"]), f"Played with {programs}.", END)
    return before + "\n\n".join(parts) + after


def tables(faults: Mapping[str, Mapping[str, Any]]) -> str:
    """Two tables: faults with the events that were compared, and checks of many inputs."""
    events = {name: fault for name, fault in faults.items() if fault["events"]}
    inputs = {name: fault for name, fault in faults.items() if not fault["events"]}
    parts = [
        _table(
            ("fault", "seeds", "events", "lost", "doubled", "out of order", "outcome", "time"),
            events,
            ("seeds", "events", "lost", "doubled", "disordered"),
        ),
        _table(("check", "inputs", "outcome", "time"), inputs, ("tried",)),
    ]
    return "\n\n".join(part for part in parts if part)


def _table(
    head: tuple[str, ...], rows: Mapping[str, Mapping[str, Any]], counts: tuple[str, ...]
) -> str:
    if not rows:
        return ""
    stamp = any("commit" in row for row in rows.values())
    lines = [_line((*head, "when")) if stamp else _line(head)]
    lines.append("|---|" + "---:|" * len(counts) + "---|---:|" + "---|" * stamp)
    for name, row in sorted(rows.items()):
        cells = [name, *(f"{row[count]:,}" for count in counts)]
        cells += [row["outcome"], f"{row['duration']:,.0f} s"]
        lines.append(_line([*cells, f"{row['date']}, {row['commit']}"] if stamp else cells))
    return "\n".join(lines)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
