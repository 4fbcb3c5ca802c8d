"""Why a report is not given."""

from enum import StrEnum


class Refusal(StrEnum):
    """The closed list of refusals; the values are the stable codes."""

    REPORT_UNKNOWN = "report-unknown"
    DAY_NOT_COMPLETE = "day-not-complete"
    MART_DOES_NOT_TIE = "mart-does-not-tie"
    INSTITUTION_UNKNOWN = "institution-unknown"
    BEYOND_YOUR_SCOPE = "beyond-your-scope"
    REPORT_TOO_LARGE = "report-too-large"
    NOT_MADE = "report-not-made"
