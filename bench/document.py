"""What was measured, put into the document that tells of it."""

from pathlib import Path

BEGIN, END = "<!-- measured -->", "<!-- /measured -->"


def put_into(document: Path, text: str) -> None:
    """Replace what stands between the marks of a document."""
    before, _, rest = document.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    document.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")
