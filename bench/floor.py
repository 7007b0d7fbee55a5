"""FLOOR: the least that a live page can do. It writes the newest text once an animation frame."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

PAGE = """<!doctype html>
<title>FLOOR</title>
<p id="newest"></p>
<script>
const socket = new WebSocket(new URLSearchParams(location.search).get("source"));
const element = document.getElementById("newest");
let text = "", asked = false;
socket.onmessage = ({ data }) => {
  const event = JSON.parse(data);
  if (event.event !== "step_progress") return;
  text = event.message;
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => { asked = false; element.textContent = text; });
};
</script>
"""


async def page(_: Request) -> HTMLResponse:
    """The page; ``?source=`` is the WebSocket that it listens to."""
    return HTMLResponse(PAGE)


app = Starlette(routes=[Route("/", page)])
