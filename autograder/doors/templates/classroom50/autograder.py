"""Classroom 50 runs this for each submission, in the student's checkout: it writes result.json and release-body.md.

When nothing could be graded it ends with an error, which Classroom 50 shows as one, and gives no score.
"""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
APPARMOR = "kernel.apparmor_restrict_unprivileged_userns=0"  # lets bubblewrap work on Ubuntu 24.04
GRADE = '. ./settings.sh && exec venv/bin/python -m autograder.doors.classroom50 "$1"'

if os.environ.get("GITHUB_ACTIONS"):
    subprocess.run(["sudo", "-n", "sysctl", "-q", APPARMOR], check=False)
subprocess.run(["bash", "setup.sh"], cwd=HERE, check=True)
sys.exit(subprocess.run(["bash", "-c", GRADE, "grade", str(Path.cwd())], cwd=HERE).returncode)
