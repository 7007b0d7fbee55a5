"""The settings (contract, section 1): read once at start, from flags and the environment."""

import ipaddress
import re
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import SplitResult, unquote, urlsplit

from platformdirs import user_data_dir
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from ryx_dash.errors import SettingsError

PREFIX = "RYX_"
SECRETS = frozenset({"llm_key", "token", "ws_token"})

# Reasons are written to follow the setting's name: "RYX_PORT (abc) must be a whole number."


def _url(*schemes: str) -> AfterValidator:
    wanted = " or ".join(f"{scheme}://" for scheme in schemes)

    def check(value: str) -> str:
        if not value.startswith(tuple(f"{scheme}://" for scheme in schemes)):
            raise ValueError(f"must be a URL that begins with {wanted}")
        _parts(value)
        return value

    return AfterValidator(check)


def _parts(url: str) -> SplitResult:
    """The parts of an absolute URL. Raises ``ValueError`` if it names no host that could be."""
    if any(sign.isspace() for sign in url):
        raise ValueError("must not hold spaces")
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        raise ValueError("names no valid host and port") from None
    if not host:
        raise ValueError("names no host")
    if parts.fragment:
        raise ValueError("must not hold a #")
    return parts


def _origin(value: str) -> str:
    """The origin as browsers write it: lower case, without the scheme's own port."""
    shape = "must be origins like https://host or https://host:port, parted by commas"
    if not value.lower().startswith(("http://", "https://")):
        raise ValueError(shape)
    parts = _parts(value)
    if parts.path not in ("", "/") or parts.query or parts.username is not None:
        raise ValueError(shape)
    host = parts.netloc.lower()
    return f"{parts.scheme}://{host.removesuffix(':443' if parts.scheme == 'https' else ':80')}"


def _host(value: str) -> str:
    host = value.removeprefix("[").removesuffix("]")
    if not re.fullmatch(r"[\w.:%-]+", host) or (":" in host and not _is_ipv6(host)):
        raise ValueError("must be a host name or an address alone, without scheme and port")
    return host


def _is_ipv6(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).version == 6
    except ValueError:
        return False


def _log_url(value: str) -> str:
    if value != "memory://" and not value.startswith("sqlite:///"):
        raise ValueError("must be sqlite:///<path> or memory://")
    if value == "sqlite:///":
        raise ValueError("names no file after sqlite:///")
    _home(_log_file(value))
    return value


def _log_file(url: str) -> Path:
    return Path(unquote(url.removeprefix("sqlite:///")))


def _home(value: Path) -> Path:
    try:
        return value.expanduser()
    except RuntimeError:
        raise ValueError("begins with ~ and a user who has no home folder") from None


def _data_dir(value: Path) -> Path:
    path = _home(value)
    try:
        is_file = path.exists() and not path.is_dir()
    except OSError as error:
        raise ValueError(f"cannot be reached: {_why(error)}") from None
    if is_file:
        raise ValueError("is a file, but must be a folder")
    return path


def _workspace(value: Path) -> Path:
    try:
        path = _home(value).resolve()
        next(path.iterdir(), None)
    except (OSError, RuntimeError) as error:
        raise ValueError(f"must be a folder that can be read: {_why(error)}") from None
    return path


def _why(error: OSError | RuntimeError) -> str:
    # Before Python 3.13, links in a circle are a RuntimeError.
    reason = error.strerror if isinstance(error, OSError) else "too many levels of symbolic links"
    return str(reason).lower()


def _current_folder() -> Path:
    try:
        return Path.cwd()
    except OSError:
        raise SettingsError("The current folder is gone; set RYX_WORKSPACE to another.") from None


def _key(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("must be ASCII without spaces, as HTTP headers are")
    return value


def _token(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not text.isprintable() or any(sign.isspace() for sign in text):
        raise ValueError("must not hold spaces or control characters")
    return value


HttpUrl = Annotated[str, _url("http", "https")]
WsUrl = Annotated[str, _url("ws", "wss")]


class Settings(BaseModel):
    """All settings, checked. Build it with :func:`load`; tests build it directly."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    host: Annotated[str, AfterValidator(_host)] = Field(
        "127.0.0.1", description="address to listen on"
    )
    port: int = Field(8050, ge=0, le=65535, description="port for page, REST and WebSocket")
    ws_url: WsUrl | None = Field(
        None, description="WebSocket URL of a Ryx backend; unset: the embedded engine"
    )
    ws_token: Annotated[SecretStr, AfterValidator(_key)] | None = Field(
        None, description="bearer token of that backend"
    )
    silence: float = Field(
        120.0,
        gt=0,
        le=86_400,
        allow_inf_nan=False,
        description="seconds without a sign of that backend after which a run is interrupted",
    )
    data_dir: Annotated[Path, AfterValidator(_data_dir)] = Field(
        default_factory=lambda: Path(user_data_dir("ryx-dash", appauthor=False)),
        description="folder of the event log",
    )
    log_url: Annotated[str, AfterValidator(_log_url)] | None = Field(
        None, description="the event log: sqlite:///<path> or memory://"
    )
    workspace: Annotated[Path, AfterValidator(_workspace)] = Field(
        default_factory=_current_folder,
        description="the only folder that tools and retrieval may see",
    )
    llm_url: HttpUrl = Field("http://localhost:11434/v1", description="an OpenAI-compatible server")
    llm_key: Annotated[SecretStr, AfterValidator(_key)] | None = Field(
        None, description="key of that server"
    )
    search_url: HttpUrl | None = Field(None, description="a SearXNG instance for search_web")
    token: Annotated[SecretStr, AfterValidator(_token)] | None = Field(
        None, description="secret asked for by page, REST and WebSocket"
    )
    allowed_origins: tuple[Annotated[str, AfterValidator(_origin)], ...] = Field(
        (), description="further origins that may open the WebSocket, comma-separated"
    )
    max_runs: int = Field(4, ge=1, le=64, description="runs at once; further ones wait in line")
    max_connections: int = Field(
        2_000, ge=1, le=60_000, description="viewers at once for each process; more are refused"
    )
    keep_days: int | None = Field(
        None, ge=1, le=36_500, description="days after which a run is forgotten; unset: never"
    )
    keep_runs: int | None = Field(
        None, ge=1, description="runs that are kept, the newest; unset: all"
    )

    @property
    def log_path(self) -> Path | None:
        """The SQLite file of the log; ``None`` for a log in memory."""
        if self.log_url is None:
            return self.data_dir / "runs.db"
        if self.log_url == "memory://":
            return None
        return _home(_log_file(self.log_url))

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the dashboard."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def add_flags(parser: ArgumentParser) -> None:
    """Add ``--<name>`` for every setting. A secret on a command line is seen in ``ps``."""
    for name, field in Settings.model_fields.items():
        parser.add_argument(_flag(name), default=None, metavar="…", help=field.description)


def load(environ: Mapping[str, str], flags: Namespace | None = None) -> Settings:
    """Settings out of the environment, flags going first; an empty text is as good as none.

    Raises :class:`errors.SettingsError` with one sentence that names the setting as it was given.
    """
    given: dict[str, tuple[str, str]] = {}
    for variable, value in environ.items():
        if variable.startswith(PREFIX):
            given[_setting(variable)] = (variable, value)
    for name in Settings.model_fields:
        flag = getattr(flags, name, None)
        if flag is not None:
            given[name] = (_flag(name), flag)
    values = {name: _split(name, value) for name, (_, value) in given.items() if value != ""}
    try:
        return Settings(**values)
    except ValidationError as error:
        raise SettingsError(_sentence(error, given)) from None


def assets_dir() -> Path:
    """The folder of styles and client-side scripts: in the package or, in a checkout, above it."""
    inside = Path(__file__).parent / "assets"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "assets"


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _setting(variable: str) -> str:
    """The setting that a variable sets. Raises :class:`errors.SettingsError` if there is none."""
    known = {name.upper(): name for name in Settings.model_fields}
    wanted = variable.removeprefix(PREFIX)
    if wanted in known:
        return known[wanted]
    close = get_close_matches(wanted.upper(), known, n=1)
    names = ", ".join(PREFIX + name for name in known)
    hint = f"did you mean {PREFIX}{close[0]}?" if close else f"known are {names}."
    raise SettingsError(f"{variable} is not a setting; {hint}")


def _split(name: str, value: str) -> Any:
    if name == "allowed_origins":
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _sentence(error: ValidationError, given: Mapping[str, tuple[str, str]]) -> str:
    """``RYX_PORT (abc) must be a whole number.``"""
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0])
    label = given[name][0] if name in given else PREFIX + name.upper()
    shown = "" if name in SECRETS else f" ({_public(str(first['input']))})"
    return f"{label}{shown} {_reason(first)}."


def _reason(error: ErrorDetails) -> str:
    kind, limits = error["type"], error.get("ctx", {})
    if kind.startswith("int_"):
        return "must be a whole number"
    if kind == "float_parsing":
        return "must be a number"
    if kind == "greater_than":
        return f"must be more than {limits['gt']:g}"
    if kind == "greater_than_equal":
        return f"must be at least {limits['ge']}"
    if kind == "less_than_equal":
        return f"must be at most {limits['le']:g}"
    message = error["msg"].removeprefix("Value error, ")
    return re.sub(r"^\w+ should", "must", message)


def _public(text: str) -> str:
    """The value without what may be a secret in a URL, and not longer than a line."""
    safe = re.sub(r"//[^/?#]*@", "//…@", text.partition("?")[0])
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in safe[:120])
