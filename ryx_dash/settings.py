"""The settings (contract, section 1): read once at start, from flags and the environment."""

import ipaddress
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote, urlsplit

from platformdirs import user_data_dir
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from ryx_dash.errors import SettingsError

PREFIX = "RYX_"


def _url(*schemes: str) -> AfterValidator:
    def check(value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in schemes or not parts.hostname:
            wanted = " or ".join(f"{scheme}://" for scheme in schemes)
            raise ValueError(f"must be a URL that begins with {wanted}")
        _ = parts.port  # raises ValueError when it is no port
        return value

    return AfterValidator(check)


def _origin(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path not in ("", "/"):
        raise ValueError("each origin looks like https://host or https://host:port")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _log_url(value: str) -> str:
    if value != "memory://" and not value.startswith("sqlite:///"):
        raise ValueError("must be sqlite:///<path> or memory://")
    if value == "sqlite:///":
        raise ValueError("names no file after sqlite:///")
    return value


def _folder(value: Path) -> Path:
    path = value.expanduser().resolve()
    if not path.is_dir():
        raise ValueError("is not a folder")
    return path


HttpUrl = Annotated[str, _url("http", "https")]
WsUrl = Annotated[str, _url("ws", "wss")]


class Settings(BaseModel):
    """All settings, checked. Build it with :func:`load`; tests build it directly."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    host: str = Field("127.0.0.1", min_length=1, description="address to listen on")
    port: int = Field(8050, ge=0, le=65535, description="port for page, REST and WebSocket")
    ws_url: WsUrl | None = Field(
        None, description="WebSocket URL of a Ryx backend; unset: the embedded engine"
    )
    data_dir: Path = Field(
        default_factory=lambda: Path(user_data_dir("ryx-dash", appauthor=False)),
        description="folder of the event log",
    )
    log_url: Annotated[str, AfterValidator(_log_url)] | None = Field(
        None, description="the event log: sqlite:///<path> or memory://"
    )
    workspace: Annotated[Path, AfterValidator(_folder)] = Field(
        default_factory=Path.cwd, description="the only folder that tools and retrieval may see"
    )
    llm_url: HttpUrl = Field("http://localhost:11434/v1", description="an OpenAI-compatible server")
    llm_key: SecretStr | None = Field(None, description="key of that server")
    search_url: HttpUrl | None = Field(None, description="a SearXNG instance for search_web")
    token: SecretStr | None = Field(
        None, description="secret asked for by page, REST and WebSocket"
    )
    allowed_origins: tuple[Annotated[str, AfterValidator(_origin)], ...] = Field(
        (), description="further origins that may open the WebSocket, comma-separated"
    )
    max_runs: int = Field(4, ge=1, le=64, description="runs at once; further ones wait in line")

    @property
    def log_path(self) -> Path | None:
        """The SQLite file of the log; ``None`` for a log in memory."""
        if self.log_url is None:
            return self.data_dir.expanduser() / "runs.db"
        if self.log_url == "memory://":
            return None
        return Path(unquote(self.log_url.removeprefix("sqlite:///"))).expanduser()

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
        parser.add_argument(
            "--" + name.replace("_", "-"), default=None, metavar="…", help=field.description
        )


def load(environ: Mapping[str, str], flags: Namespace | None = None) -> Settings:
    """Settings out of the environment, flags going first.

    Raises :class:`errors.SettingsError` with one sentence that names the setting.
    """
    values: dict[str, Any] = {}
    for variable, value in environ.items():
        if not variable.startswith(PREFIX):
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name not in Settings.model_fields or variable != variable.upper():
            raise SettingsError(
                f"{variable} is not a setting; known are {', '.join(_variables())}."
            )
        if value != "":
            values[name] = _split(name, value)
    for name in Settings.model_fields:
        flag = getattr(flags, name, None)
        if flag is not None:
            values[name] = _split(name, flag)
    try:
        return Settings(**values)
    except ValidationError as error:
        raise SettingsError(_sentence(error)) from None


def assets_dir() -> Path:
    """The folder of styles and client-side scripts: in the package or, in a checkout, above it."""
    inside = Path(__file__).parent / "assets"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "assets"


def _variables() -> Sequence[str]:
    return [PREFIX + name.upper() for name in Settings.model_fields]


def _split(name: str, value: str) -> Any:
    if name == "allowed_origins":
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0])
    reason = first["msg"].removeprefix("Value error, ")
    secret = name in ("token", "llm_key")
    shown = "" if secret else f" ({first['input']!s:.120})"
    return f"{PREFIX}{name.upper()}{shown}: {reason[0].lower()}{reason[1:]}."
