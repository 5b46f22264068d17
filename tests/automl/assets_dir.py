"""Where the recorded runs are."""

from pathlib import Path

ASSETS = Path(__file__).parent / "assets"
