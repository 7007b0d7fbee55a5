"""The tables of a SQLite log, as the first version made them and as later versions changed them."""

APPLICATION_ID = 0x52797844
"""Stands in the file's header: ``RyxD``."""

MODEL = "coalesce(model_used, model)"
"""The model of a run: the one in use, else the one asked for."""

ANSWERED_BY = "coalesce(nullif(measures.model, ''), answering.model_used, answering.model, '')"
"""The model of an answer, of the measure of it and its run ``answering``; empty if unknown."""

QUESTION = "substr(input, 1, 100)"
"""The beginning of a run's input: an index of whole ones would be as large as they are."""

RARE = ("error", "warning")
"""Levels that few events have, of which an index knows each."""

IS_RARE = f"level IN {RARE}"
"""A query says it as the index does, or SQLite does not see that they belong together."""

TABLES = f"""
PRAGMA application_id = {APPLICATION_ID};
CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE runs (
    rid INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    head INTEGER NOT NULL,
    fence INTEGER NOT NULL,
    lease_until REAL NOT NULL,
    cancel_requested INTEGER NOT NULL,
    owner TEXT,
    created TEXT NOT NULL,
    started TEXT,
    ended TEXT,
    model TEXT,
    input TEXT NOT NULL,
    crc INTEGER
) STRICT;
CREATE INDEX runs_by_status ON runs (status, rid);
CREATE TABLE commands (
    command_id TEXT PRIMARY KEY,
    run_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE events (
    key INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    step TEXT NOT NULL,
    level TEXT NOT NULL,
    call_id TEXT,
    latency REAL,
    ts TEXT NOT NULL,
    node TEXT NOT NULL,
    message TEXT NOT NULL,
    data TEXT NOT NULL,
    crc INTEGER
) STRICT;
CREATE INDEX events_by_call ON events (call_id) WHERE call_id IS NOT NULL;
CREATE TABLE tallies (
    block INTEGER,
    step TEXT,
    level TEXT,
    token INTEGER,
    events INTEGER NOT NULL,
    PRIMARY KEY (block, step, level, token)
) STRICT, WITHOUT ROWID;
CREATE TABLE forgotten (
    rid INTEGER PRIMARY KEY
) STRICT;
CREATE VIRTUAL TABLE words USING fts5 (
    text, content = '', columnsize = 0, tokenize = 'ascii'
);
"""
SINCE_1 = """
PRAGMA user_version = 2;
ALTER TABLE runs ADD COLUMN crc INTEGER;
ALTER TABLE events ADD COLUMN crc INTEGER;
CREATE TABLE forgotten (rid INTEGER PRIMARY KEY) STRICT;
"""

LISTING = """
PRAGMA user_version = 3;
ALTER TABLE runs ADD COLUMN intent TEXT;
ALTER TABLE runs ADD COLUMN model_used TEXT;
ALTER TABLE runs ADD COLUMN step TEXT;
ALTER TABLE runs ADD COLUMN calls INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN tools TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN latency REAL;
ALTER TABLE runs ADD COLUMN imported INTEGER NOT NULL DEFAULT 0;
CREATE INDEX runs_by_age ON runs (created, rid);
CREATE INDEX runs_by_status_and_age ON runs (status, created, rid);
CREATE INDEX own_runs ON runs (rid) WHERE NOT imported;
CREATE INDEX commands_by_run ON commands (run_id);
CREATE VIRTUAL TABLE run_words USING fts5 (
    text, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii'
);
"""
MEASURES = """
PRAGMA user_version = 4;
CREATE TABLE measures (
    key INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    call_id TEXT,
    begun TEXT NOT NULL,
    open INTEGER NOT NULL,
    first TEXT,
    ok INTEGER,
    latency REAL,
    model TEXT,
    waited REAL,
    speed REAL
) STRICT;
CREATE INDEX open_measures ON measures (kind, key) WHERE open;
CREATE INDEX measures_by_name ON measures (kind, name, key, ok, latency) WHERE ok IS NOT NULL;
CREATE INDEX answers ON measures (key, model, waited, speed) WHERE model IS NOT NULL;
"""
SNAPSHOTS = """
PRAGMA user_version = 5;
CREATE TABLE snapshots (
    key INTEGER PRIMARY KEY,
    format INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    state BLOB NOT NULL
) STRICT;
DROP TABLE words;
CREATE VIRTUAL TABLE words USING fts5 (
    text, content = '', columnsize = 0, tokenize = 'ascii'
);
"""
FLAT = f"""
PRAGMA user_version = 6;
CREATE TABLE run_tools (
    tool TEXT,
    rid INTEGER,
    PRIMARY KEY (tool, rid)
) STRICT, WITHOUT ROWID;
CREATE INDEX runs_by_model ON runs ({MODEL}, created, rid);
CREATE INDEX runs_by_intent ON runs (intent, created, rid);
CREATE INDEX runs_by_latency ON runs (latency) WHERE latency IS NOT NULL;
CREATE TABLE spans (
    span INTEGER,
    step TEXT,
    level TEXT,
    token INTEGER,
    events INTEGER NOT NULL,
    PRIMARY KEY (span, step, level, token)
) STRICT, WITHOUT ROWID;
CREATE INDEX events_by_shape ON events (key, kind, step, level);
CREATE INDEX events_by_latency ON events (key >> 32, latency)
    WHERE latency IS NOT NULL AND kind <> 'llm_token';
CREATE INDEX events_by_message ON events (key >> 32, message) WHERE kind <> 'llm_token';
"""
LEVELS = f"""
PRAGMA user_version = 7;
CREATE INDEX events_by_level ON events (level, key, kind, step) WHERE {IS_RARE};
"""
COUNT = """
PRAGMA user_version = 8;
INSERT INTO meta SELECT 'runs', count(*) FROM runs;
CREATE TRIGGER run_added AFTER INSERT ON runs BEGIN
    UPDATE meta SET value = value + 1 WHERE name = 'runs';
END;
CREATE TRIGGER run_removed AFTER DELETE ON runs BEGIN
    UPDATE meta SET value = value - 1 WHERE name = 'runs';
END;
"""
ASKED = f"""
PRAGMA user_version = 9;
CREATE INDEX runs_by_question ON runs ({QUESTION}, created, rid);
"""
# What version 9 adds: which runs were asked the same, told by how their input begins.
#
# What version 8 adds: how many runs there are, which SQLite would count one by one.
#
# What version 7 adds: where in a run something went wrong, without a look at all that went well.
#
# What version 6 adds: what it takes to answer in the same time however many events or runs there
# are. `run_tools` has a row for each name in `tools`; `spans` sums up `tallies`; `events_by_shape`
# is what filters look at, without the payloads between. `words` is made anew: its stretches were
# shorter.
#
# What version 5 adds: what a run looked like at some of its events, which is made again when it is
# missing; and `words` is cut into stretches of a run, so that a search need not look at all of it.
#
# What version 4 adds: how long each step and call of a run took; see `log.measures`.
#
# What version 3 adds: all that a list of runs is filtered by. `tools` are names between newlines.
# `run_words` has the words of a run's input at `seq` 0, and those of each commit at its last
# event; it knows no order of words, so what it finds is looked at again in `words`.
#
# `words` holds no copy of the text, only which event has which words. They are cut and folded by
# `log.words`; the tokenizer `ascii` takes what it gets apart at spaces and changes nothing more.
