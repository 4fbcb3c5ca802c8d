"""What imports of existing points look like over HTTP."""

from datetime import date, datetime
from fractions import Fraction
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from loyalty_shared.kernel.money import Rounding
from loyalty_shared.web.models import Body, CodeField
from redemption.domain.controlled_file import LINES_MAX

#: A line of a full file has 160 characters on average then.
CONTENT_LENGTH_MAX: Final = LINES_MAX * 160


def _above_zero(ratio: str) -> str:
    if Fraction(ratio) == 0:
        raise ValueError("must be above 0: points here for one point of the old system")
    return ratio


class ImportBody(Body):
    """A file of points that customers had in another system, and how they are converted; its format is in the service's README."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "content": "H,1,001,OLD-20260301-1,2026-03-01\nD,C0000001,1001,2027-12-31\nD,C0000002,250,\nT,2,1251\n",
                    "source": "old-cards",
                    "ratio": "0.5",
                    "rounding": "down",
                    "trial": True,
                }
            ]
        }
    )

    content: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=CONTENT_LENGTH_MAX)]
    source: Annotated[CodeField, Field(description="The system that the points were in; entries name it in their cause")]
    ratio: Annotated[
        str,
        StringConstraints(strict=True, pattern=r"^[0-9]{1,6}(\.[0-9]{1,6})?$"),
        AfterValidator(_above_zero),
        Field(description="Points here for one point of the old system: a decimal number above 0, as text", examples=["0.5"]),
    ]
    rounding: Annotated[Rounding, Field(description="How what a line comes to is made a whole number of points")]
    point_type: CodeField = "base"
    trial: Annotated[bool, Field(strict=True, description="Only show what would come of it: no point is ever posted")] = False


class ImportListed(BaseModel):
    """An import as it is now. `lines`, `old_points`: the file's control totals."""

    import_id: str
    status: Literal["trial", "pending", "approved", "posted", "rejected"]
    source: str
    file_no: str
    made_on: date
    point_type: str
    ratio: str
    rounding: Rounding
    lines: int
    old_points: int
    made_by: str
    made_at: datetime
    checked_by: str | None
    checked_at: datetime | None
    ended_at: datetime | None


class ImportReportShown(BaseModel):
    """The reconciliation report. Lines and old points: all = posted + waiting + rejected. `converted_*`: of all lines that are not rejected.

    `converted_points` = `converted_exactly` + `rounding_difference` = posted + waiting. `ledger_*`: what the ledger's entries of this import come to, which
    is what was posted. `breaks` names what does not tie; nothing does not, unless rows were changed by another hand.
    """

    lines: int
    lines_posted: int
    lines_waiting: int
    lines_rejected: int
    old_points: int
    old_points_posted: int
    old_points_waiting: int
    old_points_rejected: int
    converted_old_points: int
    converted_exactly: Annotated[str, Field(examples=["625.5"])]
    rounding_difference: Annotated[str, Field(examples=["-0.5"])]
    converted_points: int
    points_posted: int
    points_waiting: int
    ledger_entries: int
    ledger_points: int
    ties: bool
    breaks: list[str]


class ImportShown(ImportListed):
    """An import with its reconciliation report."""

    report: ImportReportShown


class ImportsShown(BaseModel):
    items: list[ImportListed]
    next_cursor: str | None


class ImportRejectShown(BaseModel):
    """A line that is not posted: where in the file, why, in words, and as it was sent (null: it was good when it came)."""

    line_no: int
    customer_no: str
    old_points: int
    code: str
    fault: str
    line: str | None


class ImportRejectsShown(BaseModel):
    items: list[ImportRejectShown]
    next_cursor: str | None
