"""The embedded engine: the parts put together behind the :class:`Executor` interface."""

import hashlib
import os
from pathlib import Path

from anyio import to_thread

from ryx_dash.engine.catalogue import Catalogue
from ryx_dash.engine.context import Context, Parts
from ryx_dash.engine.driver import Driver
from ryx_dash.engine.examples import examples
from ryx_dash.engine.limits import Limits
from ryx_dash.engine.llm import Llm
from ryx_dash.engine.models import catalogue
from ryx_dash.engine.retrieval.index import Index
from ryx_dash.engine.retrieval.service import Retrieval
from ryx_dash.engine.steps import PLAN
from ryx_dash.engine.tools import toolbox
from ryx_dash.engine.workspace import Workspace
from ryx_dash.errors import WorkspaceError
from ryx_dash.protocol.executor import Emit, Model, Request
from ryx_dash.settings import Settings
from ryx_dash.web import Web


class Engine:
    """Runs workflows in this process, on the files of ``settings.workspace``.

    Raises :class:`errors.WorkspaceError` when that is no folder.
    """

    def __init__(self, settings: Settings, *, limits: Limits | None = None) -> None:
        self._workspace = workspace = Workspace(settings.workspace)
        self._examples: list[str] | None = None
        self._web = Web()
        self._parts = Parts(
            llm=Llm(settings.llm_url, settings.llm_key),
            catalogue=Catalogue(settings.llm_url, settings.llm_key, self._web),
            tools=toolbox(workspace, settings.search_url, self._web),
            retrieval=Retrieval(Index(workspace, _index_path(settings, workspace.root))),
            exists=lambda path: _is_file(workspace, path),
            limits=limits or Limits(),
        )

    async def execute(self, request: Request, emit: Emit) -> None:
        """Run the eight steps; see :class:`Executor`."""
        context = Context(request=request, parts=self._parts)
        await Driver(emit, self._parts.limits).drive(PLAN, context)

    async def models(self) -> list[Model]:
        """Installed models that can answer, then known ones that are not there."""
        return catalogue((await self._parts.catalogue.listing()).models)

    async def examples(self) -> list[str]:
        """Questions about what the workspace holds."""
        if self._examples is None:
            self._examples = await to_thread.run_sync(examples, self._workspace)
        return self._examples

    async def problem(self) -> str | None:
        """Why no run could succeed now: the workspace is gone or closed to us."""
        return await to_thread.run_sync(_unreadable, self._workspace.root)

    async def aclose(self) -> None:
        """Release clients and files."""
        await self._parts.llm.aclose()
        await self._web.aclose()
        await self._parts.retrieval.aclose()


def _index_path(settings: Settings, root: Path) -> Path:
    """One index for each workspace, beside the log."""
    name = hashlib.sha256(os.fsencode(root)).hexdigest()[:16]
    return settings.data_dir.expanduser() / "index" / f"{name}.db"


def _is_file(workspace: Workspace, path: str) -> bool:
    try:
        return workspace.resolve(path).is_file()
    except (WorkspaceError, OSError):
        return False


def _unreadable(root: Path) -> str | None:
    try:
        with os.scandir(root) as entries:
            next(entries, None)
    except OSError as error:
        reason = os.strerror(error.errno or 0).lower()
        return f"The workspace {root} cannot be read ({reason})."
    return None
