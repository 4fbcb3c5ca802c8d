"""Finds the bank's data: the whole set beside the project, otherwise the sample that the project keeps."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nanzhu_demo.pkdd99 import FILES

SAMPLE: Final = Path(__file__).parent / "sample"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the data are read from; `whole` is False for the sample."""

    directory: Path
    whole: bool

    def __str__(self) -> str:
        """Say which data these are, for the reader of the demo's output."""
        return f"all transactions of PKDD'99, {self.directory}" if self.whole else "the sample of PKDD'99 kept in the project (../shared/data/pkdd99 is absent)"


def find_source(project: Path) -> Source:
    """Return the data set in ../shared/data/pkdd99 beside `project` when it is there with all its files, otherwise the sample."""
    beside = project.parent / "shared" / "data" / "pkdd99"
    if all((beside / name).is_file() for name in FILES):
        return Source(directory=beside, whole=True)
    return Source(directory=SAMPLE, whole=False)
