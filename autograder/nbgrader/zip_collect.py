"""`nbgrader zip_collect` that takes what Moodle and Canvas hand out, or a zip with a folder for each student."""

from __future__ import annotations

import shutil
from pathlib import Path

from nbgrader.plugins import ExtractorPlugin, FileNameCollectorPlugin

from autograder.errors import AutograderError, UsageError
from autograder.lms.archives import unpack, zips_in
from autograder.notebooks.choosing import choose
from autograder.notebooks.submission import Release
from autograder.reports import clean
from autograder.settings import Settings


class Extractor(ExtractorPlugin):
    """Unpacks archives into a folder for each student, with the notebook that counts by the rule of every door.

    The choice is made here, because the times of the files, which may decide it, are lost when nbgrader copies them.
    """

    def extract(self, archive_path: str, extracted_path: str) -> None:
        folder, into, asked = Path(archive_path), Path(extracted_path), self.parent.coursedir.assignment_id
        try:
            release = Release.of(Settings.from_environment())
            if asked != release.name:
                raise UsageError(f"This is {release.name}'s. For another assignment set AUTOGRADER_ASSIGNMENT={asked}.")
            for line in unpack([folder, *zips_in(folder)], into, release.name):
                self.log.warning(clean(line))
            for entry in sorted(into.iterdir()):
                if entry.is_dir():
                    self.keep_what_counts(entry, release)
                else:
                    self.log.warning("%s: nobody's: put it into a folder named after the student.", clean(entry.name))
                    entry.unlink()
        except AutograderError as error:
            self.parent.fail(str(error))

    def keep_what_counts(self, folder: Path, release: Release) -> None:
        """Leave a student's notebook under its released name; where there is none, all that lies there."""
        notebook, notes = choose(folder, release)
        for note in notes:
            self.log.warning("%s: %s", clean(folder.name), clean(note))
        if notebook:
            kept = notebook.rename(folder.with_name(f".{release.name}"))
            shutil.rmtree(folder)
            folder.mkdir()
            kept.rename(folder / f"{release.name}.ipynb")


class Collector(FileNameCollectorPlugin):
    """Takes every file of a student's from the folder that `Extractor` made for them."""

    def collect(self, submitted_file: str) -> dict[str, str]:
        extracted = self.parent._format_collect_path(
            self.parent.extracted_directory
        )  # nbgrader has no public name for it
        student, *inside = Path(submitted_file).relative_to(extracted).parts
        return {"student_id": student, "file_id": "/".join(inside)}
