"""The wheel holds all that the page needs."""

import subprocess
import sys
import zipfile
from pathlib import Path

from tests.servers import ROOT


def test_the_wheel_finds_its_assets(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    installed = tmp_path / "installed"
    zipfile.ZipFile(wheel).extractall(installed)
    source = "from ryx_dash.settings import assets_dir; print(assets_dir())"
    found = subprocess.run(
        [sys.executable, "-c", source],
        cwd=tmp_path,
        env={"PYTHONPATH": str(installed)},
        check=True,
        capture_output=True,
        text=True,
    )
    assets = Path(found.stdout.strip())
    assert assets == installed / "ryx_dash" / "assets"
    ours = {path.relative_to(ROOT / "assets") for path in (ROOT / "assets").rglob("*.*")}
    assert {path.relative_to(assets) for path in assets.rglob("*.*")} == ours
