"""Every setting, and the sentence that each bad value ends in."""

from argparse import ArgumentParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryx_dash.errors import SettingsError
from ryx_dash.settings import Settings, add_flags, assets_dir, load

SECRET = "hunter2-do-not-show"
NOT_A_HEADER = "RYX_LLM_KEY must be ASCII without spaces, as HTTP headers are."


def flags(*arguments: str) -> object:
    parser = ArgumentParser(allow_abbrev=False)
    add_flags(parser)
    return parser.parse_args(arguments)


def refusal(variable: str, value: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load({variable: value})
    message = caught.value.message
    assert variable in message
    assert "\n" not in message
    assert message.endswith((".", "?"))
    return message


def complaint(environ: dict[str, str]) -> str:
    """Why this environment is refused; empty if it is not."""
    try:
        load(environ)
    except SettingsError as error:
        return error.message
    return ""


def test_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    chosen = load({})
    assert (chosen.host, chosen.port, chosen.loopback) == ("127.0.0.1", 8050, True)
    assert chosen.workspace == tmp_path
    assert chosen.llm_url == "http://localhost:11434/v1"
    assert (chosen.ws_url, chosen.llm_key, chosen.search_url, chosen.token) == (None,) * 4
    assert chosen.allowed_origins == ()
    assert chosen.max_runs == 4
    assert (chosen.max_connections, chosen.keep_days, chosen.keep_runs) == (2_000, None, None)
    assert chosen.log_path == chosen.data_dir / "runs.db"
    assert chosen.data_dir.name == "ryx-dash"


def test_every_setting_from_the_environment(tmp_path: Path) -> None:
    chosen = load(
        {
            "RYX_HOST": "::1",
            "RYX_PORT": "9000",
            "RYX_WS_URL": "ws://localhost:8000/api/workflow/stream",
            "RYX_WS_TOKEN": "bearer",
            "RYX_SILENCE": "2.5",
            "RYX_DATA_DIR": str(tmp_path / "new"),
            "RYX_LOG_URL": f"sqlite:///{tmp_path}/a%20b.db",
            "RYX_WORKSPACE": str(tmp_path),
            "RYX_LLM_URL": "https://example.org/v1",
            "RYX_LLM_KEY": "sk-1",
            "RYX_SEARCH_URL": "http://[::1]:8888",
            "RYX_TOKEN": "geheim-ü",
            "RYX_ALLOWED_ORIGINS": "https://A.example:443, http://b:8080/,",
            "RYX_MAX_RUNS": "64",
            "RYX_MAX_CONNECTIONS": "50",
            "RYX_KEEP_DAYS": "30",
            "RYX_KEEP_RUNS": "1000",
            "PATH": "/bin",
        }
    )
    assert (chosen.host, chosen.port, chosen.max_runs) == ("::1", 9000, 64)
    assert (chosen.max_connections, chosen.keep_days, chosen.keep_runs) == (50, 30, 1_000)
    assert chosen.ws_url == "ws://localhost:8000/api/workflow/stream"
    assert chosen.silence == 2.5
    assert chosen.ws_token is not None
    assert chosen.ws_token.get_secret_value() == "bearer"
    assert chosen.data_dir == tmp_path / "new"
    assert chosen.log_path == tmp_path / "a b.db"
    assert chosen.workspace == tmp_path
    assert (chosen.llm_url, chosen.search_url) == ("https://example.org/v1", "http://[::1]:8888")
    assert chosen.llm_key is not None
    assert chosen.llm_key.get_secret_value() == "sk-1"
    assert chosen.token is not None
    assert chosen.token.get_secret_value() == "geheim-ü"
    assert chosen.allowed_origins == ("https://a.example", "http://b:8080")


def test_flags_go_before_the_environment() -> None:
    environ = {"RYX_PORT": "1", "RYX_MAX_RUNS": "2", "RYX_WS_URL": "ws://localhost"}
    chosen = load(environ, flags("--port", "3", "--ws-url", ""))  # type: ignore[arg-type]
    assert (chosen.port, chosen.max_runs, chosen.ws_url) == (3, 2, None)
    chosen = load({}, flags("--allowed-origins", "http://a,http://b"))  # type: ignore[arg-type]
    assert chosen.allowed_origins == ("http://a", "http://b")


def test_a_bad_flag_is_named_as_it_was_given() -> None:
    with pytest.raises(SettingsError, match=r"^--max-runs \(many\) must be a whole number\.$"):
        load({"RYX_MAX_RUNS": "3"}, flags("--max-runs", "many"))  # type: ignore[arg-type]


def test_there_is_a_flag_for_each_setting() -> None:
    assert set(vars(flags())) == set(Settings.model_fields)  # type: ignore[call-overload]


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_an_empty_variable_is_as_good_as_none(name: str) -> None:
    assert load({f"RYX_{name.upper()}": ""}) == load({})


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("RYX_PORT", "abc", "RYX_PORT (abc) must be a whole number."),
        ("RYX_PORT", "80.5", "RYX_PORT (80.5) must be a whole number."),
        ("RYX_PORT", "-1", "RYX_PORT (-1) must be at least 0."),
        ("RYX_PORT", "65536", "RYX_PORT (65536) must be at most 65535."),
        ("RYX_PORT", "9" * 5000, f"RYX_PORT ({'9' * 120}) must be a whole number."),
        ("RYX_MAX_RUNS", "0", "RYX_MAX_RUNS (0) must be at least 1."),
        ("RYX_MAX_RUNS", "65", "RYX_MAX_RUNS (65) must be at most 64."),
        ("RYX_MAX_CONNECTIONS", "0", "RYX_MAX_CONNECTIONS (0) must be at least 1."),
        ("RYX_SILENCE", "soon", "RYX_SILENCE (soon) must be a number."),
        ("RYX_SILENCE", "0", "RYX_SILENCE (0) must be more than 0."),
        ("RYX_SILENCE", "1e9", "RYX_SILENCE (1e9) must be at most 86400."),
        ("RYX_SILENCE", "nan", "RYX_SILENCE (nan) must be a finite number."),
        (
            "RYX_WS_TOKEN",
            f"{SECRET} ",
            "RYX_WS_TOKEN must be ASCII without spaces, as HTTP headers are.",
        ),
        ("RYX_KEEP_DAYS", "0", "RYX_KEEP_DAYS (0) must be at least 1."),
        ("RYX_KEEP_DAYS", "1.5", "RYX_KEEP_DAYS (1.5) must be a whole number."),
        ("RYX_KEEP_RUNS", "0", "RYX_KEEP_RUNS (0) must be at least 1."),
        (
            "RYX_HOST",
            "localhost:8050",
            "RYX_HOST (localhost:8050) must be a host name or an address alone, "
            "without scheme and port.",
        ),
        (
            "RYX_HOST",
            "http://a\nb",
            "RYX_HOST (http://a\ufffdb) must be a host name or an address alone, "
            "without scheme and port.",
        ),
        (
            "RYX_WS_URL",
            "http://localhost",
            "RYX_WS_URL (http://localhost) must be a URL that begins with ws:// or wss://.",
        ),
        ("RYX_WS_URL", "ws://", "RYX_WS_URL (ws://) names no host."),
        ("RYX_WS_URL", "ws://a/#b", "RYX_WS_URL (ws://a/#b) must not hold a #."),
        ("RYX_WS_URL", "ws://a:b", "RYX_WS_URL (ws://a:b) names no valid host and port."),
        ("RYX_LLM_URL", "http://[::1", "RYX_LLM_URL (http://[::1) names no valid host and port."),
        (
            "RYX_LLM_URL",
            "http://a:70000",
            "RYX_LLM_URL (http://a:70000) names no valid host and port.",
        ),
        ("RYX_LLM_URL", "http://a b", "RYX_LLM_URL (http://a b) must not hold spaces."),
        (
            "RYX_SEARCH_URL",
            "localhost:8888",
            "RYX_SEARCH_URL (localhost:8888) must be a URL that begins with http:// or https://.",
        ),
        (
            "RYX_LOG_URL",
            "redis://localhost",
            "RYX_LOG_URL (redis://localhost) must be sqlite:///<path> or memory://.",
        ),
        ("RYX_LOG_URL", "sqlite:///", "RYX_LOG_URL (sqlite:///) names no file after sqlite:///."),
        (
            "RYX_LOG_URL",
            "sqlite:///~nobody-here/x.db",
            "RYX_LOG_URL (sqlite:///~nobody-here/x.db) begins with ~ and a user who has no "
            "home folder.",
        ),
        (
            "RYX_DATA_DIR",
            "~nobody-here",
            "RYX_DATA_DIR (~nobody-here) begins with ~ and a user who has no home folder.",
        ),
        (
            "RYX_WORKSPACE",
            "~nobody-here",
            "RYX_WORKSPACE (~nobody-here) begins with ~ and a user who has no home folder.",
        ),
        (
            "RYX_WORKSPACE",
            "/no/such/place",
            "RYX_WORKSPACE (/no/such/place) must be a folder that can be read: "
            "no such file or directory.",
        ),
        ("RYX_LLM_KEY", f"{SECRET} ", NOT_A_HEADER),
        ("RYX_LLM_KEY", f"{SECRET}é", NOT_A_HEADER),
        ("RYX_TOKEN", f"{SECRET}\n", "RYX_TOKEN must not hold spaces or control characters."),
        ("RYX_TOKEN", "a b", "RYX_TOKEN must not hold spaces or control characters."),
    ],
)  # fmt: skip
def test_bad_values(variable: str, value: str, sentence: str) -> None:
    assert refusal(variable, value) == sentence


@pytest.mark.parametrize(
    "value",
    ["*", "null", "example.org", "https://a/path", "https://a?q", "https://u@a", "http://a,b"],
)
def test_bad_origins(value: str) -> None:
    assert "must be origins like https://host or https://host:port" in refusal(
        "RYX_ALLOWED_ORIGINS", value
    )


def test_a_data_folder_that_is_a_file(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert refusal("RYX_DATA_DIR", str(file)).endswith("is a file, but must be a folder.")
    assert "cannot be reached" in refusal("RYX_DATA_DIR", str(tmp_path / ("x" * 300)))


def test_a_workspace_that_is_no_folder(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert refusal("RYX_WORKSPACE", str(file)).endswith("can be read: not a directory.")
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert refusal("RYX_WORKSPACE", str(loop)).endswith("too many levels of symbolic links.")


def test_a_workspace_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert load({"RYX_WORKSPACE": str(tmp_path / "link")}).workspace == tmp_path / "real"


def test_a_current_folder_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    with pytest.raises(SettingsError, match="The current folder is gone; set RYX_WORKSPACE"):
        load({})


@pytest.mark.parametrize(
    ("variable", "hint"),
    [
        ("RYX_PROT", "did you mean RYX_PORT?"),
        ("RYX_port", "did you mean RYX_PORT?"),
        ("RYX_", "known are RYX_HOST, RYX_PORT,"),
        ("RYX_QQQQQQQQ", "known are RYX_HOST, RYX_PORT,"),
    ],
)
def test_an_unknown_name(variable: str, hint: str) -> None:
    message = refusal(variable, SECRET)
    assert message.startswith(f"{variable} is not a setting; {hint}")
    assert SECRET not in message


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("RYX_TOKEN", f"{SECRET} x"),
        ("RYX_LLM_KEY", f"{SECRET} x"),
        ("RYX_LLM_URL", f"ftp://user:{SECRET}@host"),
        ("RYX_WS_URL", f"http://host/?token={SECRET}"),
        ("RYX_SEARCH_URL", f"http://u:{SECRET}@host:x?key={SECRET}"),
    ],
)
def test_secrets_never_show(variable: str, value: str) -> None:
    assert SECRET not in refusal(variable, value)
    assert SECRET not in repr(load({"RYX_TOKEN": SECRET, "RYX_LLM_KEY": SECRET}))


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.5", False),
        ("example.org", False),
    ],
)
def test_who_can_reach_the_dashboard(host: str, loopback: bool) -> None:
    assert load({"RYX_HOST": host}).loopback is loopback


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("memory://", None),
        ("sqlite:////var/x.db", Path("/var/x.db")),
        ("sqlite:///x.db", Path("x.db")),
        ("sqlite:///~/x.db", Path.home() / "x.db"),
    ],
)
def test_where_the_log_lies(url: str, path: Path | None) -> None:
    assert load({"RYX_LOG_URL": url}).log_path == path


def test_the_home_folder_is_meant_by_a_tilde() -> None:
    assert load({"RYX_DATA_DIR": "~/ryx"}).data_dir == Path.home() / "ryx"


def test_the_assets_are_there() -> None:
    assert assets_dir().is_dir()


@given(
    st.sampled_from([name.upper() for name in Settings.model_fields]),
    st.text(st.characters(exclude_characters="\0"), max_size=30),
)
def test_any_text_is_a_setting_or_a_sentence(name: str, value: str) -> None:
    sentence = complaint({f"RYX_{name}": value})
    assert sentence == "" or sentence.startswith(f"RYX_{name} ")
    assert sentence == "" or sentence.isprintable()
