"""Read the `available` and `expires` of a rule document."""

from typing import Final

from accrual.domain.document_reader import DocumentReader, join, said
from accrual.domain.validity import AfterDays, Available, CalendarYears, DayOfNextMonth, Days, Expires, Months, Never, OnDate, OnDay, OnEvent, SlidingMonths

YEARS_MAX: Final = 100
MONTHS_MAX: Final = 12 * YEARS_MAX
DAYS_MAX: Final = 366 * YEARS_MAX
AVAILABLE_DAYS_MAX: Final = 3_660
#: Characters of a behaviour's code (contracts.md section 2).
BEHAVIOUR_CODE_MAX: Final = 64


def read_available(value: object, path: str, reader: DocumentReader) -> Available:
    """Return from when points can be spent."""
    if value == "at_once":
        return AfterDays(0)
    if isinstance(value, str):
        reader.fault(path, f'{said(value)} is not known here; write "at_once" or {{"after_days": 1}}')
        return AfterDays(0)
    form = reader.one_key(value, path, ("after_days", "on_day", "day_of_next_month", "on_event"))
    if form is None:
        return AfterDays(0)
    parts = reader.mapping(value, path, needs=(form,))
    at = join(path, form)
    match form:
        case "after_days":
            return AfterDays(reader.integer(parts[form], at, low=0, high=AVAILABLE_DAYS_MAX))
        case "on_event":
            return OnEvent(reader.text(parts[form], at, length_max=BEHAVIOUR_CODE_MAX))
        case "on_day":
            return OnDay(reader.integer(parts[form], at, high=31))
        case _:
            return DayOfNextMonth(reader.integer(parts[form], at, high=31))


def read_expires(value: object, path: str, reader: DocumentReader) -> Expires:
    """Return until when points can be spent."""
    if value == "never":
        return Never()
    if isinstance(value, str):
        reader.fault(path, f'{said(value)} is not known here; write "never" or {{"calendar_years": 5}}')
        return Never()
    form = reader.one_key(value, path, ("end_of_year", "calendar_years", "days", "months", "sliding_months", "on"))
    if form is None:
        return Never()
    parts = reader.mapping(value, path, needs=(form,), takes=("to",) if form == "months" else ())
    at = join(path, form)
    match form:
        case "end_of_year":
            if parts[form] is not True:
                reader.fault(at, f"write true here, not {said(parts[form])}")
            return CalendarYears(1)
        case "calendar_years":
            return CalendarYears(reader.integer(parts[form], at, high=YEARS_MAX))
        case "days":
            return Days(reader.integer(parts[form], at, low=0, high=DAYS_MAX))
        case "months":
            to = parts.get("to", "day")
            if to not in ("day", "month_end"):
                reader.fault(join(path, "to"), f"{said(to)} is not known here; write 'day' or 'month_end'")
            return Months(reader.integer(parts[form], at, high=MONTHS_MAX), to_month_end=to == "month_end")
        case "sliding_months":
            return SlidingMonths(reader.integer(parts[form], at, high=MONTHS_MAX))
        case _:
            return OnDate(reader.day(parts[form], at))
