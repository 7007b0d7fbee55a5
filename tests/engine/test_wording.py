import pytest

from ryx_dash.engine.wording import count


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 files"), (1, "1 file"), (2, "2 files"), (48211, "48,211 files")]
)
def test_count(number: int, text: str) -> None:
    assert count(number, "file") == text
