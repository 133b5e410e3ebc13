"""An XForm in; what ODK Validate, JavaRosa's own checker, says against it, out. Needs Java."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from pyxform.validators.error_cleaner import ErrorCleaner
from pyxform.validators.odk_validate import ODK_VALIDATE_PATH

MOST_SECONDS = 120


def java_is_there() -> bool:
    return shutil.which("java") is not None and Path(ODK_VALIDATE_PATH).exists()


def objections(xml: bytes) -> str:
    """What ODK Validate says against the form, or "" when it accepts it."""
    with tempfile.TemporaryDirectory(prefix="khula-validate-") as folder:
        path = Path(folder) / "form.xml"
        path.write_bytes(xml)
        done = subprocess.run(
            ["java", "-Djava.awt.headless=true", "-jar", ODK_VALIDATE_PATH, str(path)],
            capture_output=True,
            text=True,
            timeout=MOST_SECONDS,
            check=False,
        )
    if done.returncode == 0:
        return ""
    said = ErrorCleaner.odk_validate(done.stderr).partition("The following files failed validation")[0]
    return " ".join(said.replace(">>", "").split()) or f"exit code {done.returncode}"
