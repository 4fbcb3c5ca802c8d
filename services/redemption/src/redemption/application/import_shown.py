"""Imports as answers, lists and audit files show them."""

from collections.abc import Sequence
from typing import Final

from redemption.application.import_ports import AuditedLine, KeptImport
from redemption.domain.import_report import ImportReport, ImportSums, reconcile
from redemption.domain.importing import ImportLine

#: The columns of the audit file, for each line of the import.
AUDIT_COLUMNS: Final = (
    "line_no", "customer_no", "expires_on", "old_points", "ratio", "rounding", "converted_exactly", "new_points", "status", "code", "entry_id", "entry_points",
)  # fmt: skip


def shown_import(kept: KeptImport) -> dict[str, object]:
    """Return an import as lists show it."""
    return {
        "import_id": kept.import_id,
        "status": kept.status,
        "source": kept.source,
        "file_no": kept.file_no,
        "made_on": kept.made_on,
        "point_type": kept.point_type,
        "ratio": kept.conversion.ratio,
        "rounding": kept.conversion.rounding,
        "lines": kept.lines,
        "old_points": kept.old_points,
        "made_by": kept.made_by,
        "made_at": kept.made_at,
        "checked_by": kept.checked_by,
        "checked_at": kept.checked_at,
        "ended_at": kept.ended_at,
    }


def shown_with_report(kept: KeptImport, sums: ImportSums) -> dict[str, object]:
    """Return an import with its reconciliation report."""
    return {**shown_import(kept), "report": _shown_report(reconcile(kept.conversion, sums))}


def _shown_report(report: ImportReport) -> dict[str, object]:
    sums = report.sums
    return {
        "lines": sums.control.lines,
        "lines_posted": sums.posted.lines,
        "lines_waiting": sums.waiting.lines,
        "lines_rejected": sums.rejected.lines,
        "old_points": sums.control.old_points,
        "old_points_posted": sums.posted.old_points,
        "old_points_waiting": sums.waiting.old_points,
        "old_points_rejected": sums.rejected.old_points,
        "converted_old_points": report.converted_old_points,
        "converted_exactly": report.converted_exactly,
        "rounding_difference": report.rounding_difference,
        "converted_points": report.converted_points,
        "points_posted": sums.posted.new_points,
        "points_waiting": sums.waiting.new_points,
        "ledger_entries": sums.ledger_entries,
        "ledger_points": sums.ledger_points,
        "ties": not report.breaks,
        "breaks": list(report.breaks),
    }


def shown_reject(line: ImportLine) -> dict[str, object]:
    """Return a line that is not posted: where, why, in words, and as it was sent."""
    return {"line_no": line.line_no, "customer_no": line.customer_no, "old_points": line.old_points, "code": line.code, "fault": line.fault, "line": line.line}


def audit_row(kept: KeptImport, audited: AuditedLine, exactly: str) -> Sequence[object]:
    """Return a line's row of the audit file, in the order of AUDIT_COLUMNS. `exactly`: what its old points come to before they are rounded."""
    line, conversion = audited.line, kept.conversion
    return (
        line.line_no, line.customer_no, line.expires_on, line.old_points, conversion.ratio, conversion.rounding.value, exactly, line.new_points,
        line.status.value, line.code, audited.entry_id, audited.points,
    )  # fmt: skip
