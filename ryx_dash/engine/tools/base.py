"""What a tool is: a description for the model, and a call that never raises for bad input."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from ryx_dash.errors import WorkspaceError
from ryx_dash.protocol.events import JsonObject


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """How a tool is offered to a model. ``parameters`` is a JSON schema of an object."""

    name: str
    description: str
    parameters: JsonObject


@dataclass(frozen=True, slots=True)
class ToolOutcome:
    """What a call came to: ``output`` or, in one sentence, ``error``; never both.

    ``summary`` is a few words for the event's message, for example ``12 hits in 340 files``.
    """

    output: JsonObject | None = None
    error: str | None = None
    summary: str = ""

    @property
    def success(self) -> bool:
        """Whether the tool did what it was asked for."""
        return self.error is None


class Tool(Protocol):
    """Something that a step can call. Calls may run side by side."""

    @property
    def spec(self) -> ToolSpec:
        """How it is offered."""
        ...

    async def call(self, args: Mapping[str, Any]) -> ToolOutcome:
        """Do it. A fault of the input is an outcome with an error.

        Raises :class:`errors.Transient` when the same call may succeed later.
        Cancelling the caller's task ends it within 0.2 s.
        """
        ...


class Arguments(BaseModel):
    """Base of the arguments of the tools here; their fields make the JSON schema."""

    model_config = ConfigDict(extra="forbid", frozen=True)


A = TypeVar("A", bound=Arguments)


class CheckedTool(ABC, Generic[A]):
    """A tool whose arguments are a pydantic model and whose faults become sentences."""

    name: ClassVar[str]
    description: ClassVar[str]
    arguments: type[A]

    @property
    def spec(self) -> ToolSpec:
        """How it is offered, out of the class's own fields."""
        return ToolSpec(self.name, self.description, _schema(self.arguments))

    async def call(self, args: Mapping[str, Any]) -> ToolOutcome:
        """Check ``args``, then :meth:`run`."""
        try:
            checked = self.arguments.model_validate(dict(args))
        except ValidationError as error:
            return ToolOutcome(error=_sentence(self.name, error), summary="bad arguments")
        try:
            return await self.run(checked)
        except WorkspaceError as error:
            return ToolOutcome(error=error.message, summary=error.code.replace("_", " "))

    @abstractmethod
    async def run(self, args: A) -> ToolOutcome:
        """The work. :class:`errors.WorkspaceError` becomes an outcome."""


def _schema(arguments: type[Arguments]) -> JsonObject:
    """The model's JSON schema without the titles, which would only cost a model tokens."""
    schema = arguments.model_json_schema()
    fields = {
        name: {key: value for key, value in field.items() if key != "title"}
        for name, field in schema["properties"].items()
    }
    return {
        "type": "object",
        "properties": fields,
        "required": schema.get("required", []),
        "additionalProperties": False,
    }


def _sentence(tool: str, error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or "the arguments"
    reason = first["msg"].removeprefix("Value error, ")
    return f"{tool}: {field}: {reason[:1].lower()}{reason[1:]}."
