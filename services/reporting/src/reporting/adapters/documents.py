"""A report as a file: CSV for programs, XLSX and PDF for people, in Chinese and English."""

import csv
import io
from typing import Any, Final

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import LongTable, Paragraph, SimpleDocTemplate, Spacer, TableStyle
from xlsxwriter import Workbook

from reporting.domain.catalogue import DIMENSION_NAMES, MEASURE_NAMES, Dimension, Names
from reporting.domain.report import Report

#: A Chinese font that every PDF reader has: nothing is embedded, nothing is installed.
FONT: Final = "STSong-Light"
#: What a spreadsheet would take for a formula at the beginning of a text.
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
_TOTAL: Final = "合计 Total"
_NUMBER: Final = "#,##0"
#: A page laid out row by row costs a moment for each; a longer report is for a spreadsheet.
PDF_ROWS_MAX: Final = 5_000


def csv_of(report: Report) -> bytes:
    """Return the report as CSV: UTF-8 with a byte order mark (so that spreadsheets read Chinese), the columns' stable names, one line per row, no totals."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(report.columns)
    for row in report.rows:
        writer.writerow([_harmless(value) if isinstance(value, str) else value for value in row])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _harmless(value: str) -> str:
    return "'" + value if value.startswith(_FORMULA_STARTS) else value


def xlsx_of(report: Report) -> bytes:
    """Return the report as a workbook: title, period, columns in both languages, numbers as numbers, totals last."""
    asked = report.asked
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}) as workbook:
        sheet = workbook.add_worksheet(asked.definition.code.value)
        bold = workbook.add_format({"bold": True, "num_format": _NUMBER})
        heading = workbook.add_format({"bold": True, "text_wrap": True, "bottom": 1, "bg_color": "#E8EEF7"})
        number = workbook.add_format({"num_format": _NUMBER})
        sheet.write_string(0, 0, _title(report), bold)
        sheet.write_string(1, 0, _subtitle(report))
        for column, name in enumerate(report.columns):
            sheet.write_string(3, column, "\n".join(_names_of(name)), heading)
        for line, row in enumerate(report.rows, start=4):
            for column, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(line, column, value)
                elif value is not None:
                    sheet.write_number(line, column, value, number)
        for column, value in enumerate(_total_row(report)):
            sheet.write(4 + len(report.rows), column, value, bold)
        sheet.freeze_panes(4, len(asked.group_by))
        sheet.set_column(0, len(report.columns) - 1, 14)
    return file.getvalue()


def pdf_of(report: Report) -> bytes:
    """Return the report as PDF on A4, the columns' names on each page, totals last. At most PDF_ROWS_MAX rows are laid out; the caller sees to that."""
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    file = io.BytesIO()
    small = ParagraphStyle("small", fontName=FONT, fontSize=7, leading=9)
    head = ParagraphStyle("head", parent=small, alignment=1)
    document = SimpleDocTemplate(
        file, pagesize=landscape(A4), leftMargin=12 * mm, rightMargin=12 * mm, topMargin=12 * mm, bottomMargin=14 * mm, title=_title(report), author="Nanzhu"
    )
    headings = [Paragraph("<br/>".join(_names_of(name)), head) for name in report.columns]
    body = [[_printed(value) for value in row] for row in (*report.rows, _total_row(report))]
    table = LongTable([headings, *body], repeatRows=1, colWidths=[document.width / len(headings)] * len(headings))
    first_number = len(report.asked.group_by)
    table.setStyle(
        TableStyle(
            [
                ("FONT", (0, 0), (-1, -1), FONT, 7),
                ("ALIGN", (first_number, 1), (-1, -1), "RIGHT"),
                ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#E8EEF7")),
                ("LINEBELOW", (0, 0), (-1, 0), 0.5, colors.grey),
                ("LINEABOVE", (0, -1), (-1, -1), 0.5, colors.grey),
                ("ROWBACKGROUNDS", (0, 1), (-1, -2), (colors.white, colors.HexColor("#F7F9FC"))),
            ]
        )
    )
    title = ParagraphStyle("title", fontName=FONT, fontSize=14, leading=18)
    document.build(
        [Paragraph(_escaped(_title(report)), title), Paragraph(_escaped(_subtitle(report)), small), Spacer(1, 4 * mm), table],
        onFirstPage=_number_page,
        onLaterPages=_number_page,
    )
    return file.getvalue()


def _number_page(canvas: Canvas, document: Any) -> None:
    canvas.setFont(FONT, 7)
    canvas.drawRightString(document.pagesize[0] - 12 * mm, 8 * mm, f"第 {canvas.getPageNumber()} 页 Page {canvas.getPageNumber()}")


def _title(report: Report) -> str:
    names = report.asked.definition.names
    return f"{names.zh} {names.en}"


def _subtitle(report: Report) -> str:
    asked = report.asked
    institution = asked.institution or "全部 all"
    return (
        f"法人 Legal entity {asked.legal_entity} · 期间 Period {asked.period.start} (含 included) – {asked.period.end} (不含 not included)"
        f" · 机构 Institution {institution}"
    )


def _names_of(column: str) -> tuple[str, str]:
    names: Names = DIMENSION_NAMES[Dimension(column)] if column in set(Dimension) else MEASURE_NAMES[column]
    return names.zh, names.en


def _total_row(report: Report) -> list[str | int]:
    labels = [_TOTAL, *("" for _ in report.asked.group_by)][: len(report.asked.group_by)]
    return [*labels, *report.totals.values()]


def _printed(value: str | int | None) -> str:
    return "" if value is None else f"{value:,}" if isinstance(value, int) else value


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
