"""The tools of the embedded engine."""

from ryx_dash.engine.tools.base import Tool
from ryx_dash.engine.tools.read_file import ReadFile
from ryx_dash.engine.tools.search_local import SearchLocal
from ryx_dash.engine.tools.search_web import SearchWeb
from ryx_dash.engine.workspace import Workspace
from ryx_dash.web import Web


def toolbox(workspace: Workspace, search_url: str | None, web: Web) -> dict[str, Tool]:
    """The tools by name; ``search_web`` only when there is a SearXNG to ask."""
    tools: list[Tool] = [SearchLocal(workspace), ReadFile(workspace)]
    if search_url is not None:
        tools.append(SearchWeb(search_url, web))
    return {tool.spec.name: tool for tool in tools}
