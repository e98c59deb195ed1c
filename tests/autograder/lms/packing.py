"""Archives as Moodle, Canvas and people make them, for tests."""

import zipfile
from pathlib import Path


def packed(path: Path, files: dict[str, bytes | str] | list[tuple[str, bytes | str]]) -> Path:
    """A zip of these files, in this order; a list may hold two of one name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in files.items() if isinstance(files, dict) else files:
            zipped.writestr(name, content)
    return path
