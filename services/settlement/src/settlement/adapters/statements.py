"""A batch's statement, for the party: as CSV, and as PDF. It names entries of the ledger, and no customer."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Final

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.platypus import Flowable, LongTable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from settlement.domain.batches import Batch, Direction, Line

#: Lines that a PDF lists; the CSV has all of them, and the PDF says so.
PDF_LINES_MAX: Final = 1_000
#: So that spreadsheet programs take the text for UTF-8.
_BOM: Final = "\ufeff"
#: One of the fonts that every PDF reader brings for Chinese: nothing to embed, nothing to fetch.
_FONT: Final = "STSong-Light"

registerFont(UnicodeCIDFont(_FONT))
_TITLE: Final = ParagraphStyle("title", fontName=_FONT, fontSize=15, leading=22)
_NOTE: Final = ParagraphStyle("note", fontName=_FONT, fontSize=8, leading=12)

_LINE_HEADS: Final = (
    "序号 No.",
    "分录 Entry",
    "类型 Kind",
    "应用 Application",
    "渠道 Channel",
    "原因 Cause",
    "积分 Points",
    "金额 Amount (minor)",
    "时间 Posted at",
)
_DIRECTIONS: Final = {Direction.PAYS: "应付 pays", Direction.RECEIVES: "应收 receives"}
#: A cell that begins like this is a formula to a spreadsheet program, and its text may come from a channel.
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def csv_statement(batch: Batch, lines: Iterable[Line]) -> Iterator[bytes]:
    """Yield a statement as CSV in UTF-8 with a byte order mark: the batch's figures, an empty row, the lines, and their total."""
    yield (_BOM + _csv_row("结算单 Settlement statement", batch.batch_id)).encode()
    for label, value in _figures(batch):
        yield _csv_row(label, value).encode()
    yield b"\r\n"
    yield _csv_row(*_LINE_HEADS).encode()
    for line in lines:
        yield _csv_row(*_line_cells(line)).encode()
    yield _csv_row("合计 Total", *[""] * 5, batch.points, batch.amount_minor, "").encode()


def pdf_statement(batch: Batch, lines: Iterable[Line]) -> bytes:
    """Return a statement as PDF, with at most PDF_LINES_MAX lines; the same bytes for the same batch."""
    out = io.BytesIO()
    title = "结算单 Settlement statement"
    document = SimpleDocTemplate(out, pagesize=landscape(A4), title=f"{title} {batch.batch_id}", leftMargin=12 * mm, rightMargin=12 * mm, invariant=1)
    rows = [list(map(str, _line_cells(line))) for line in lines]
    figures = Table([[label, str(value)] for label, value in _figures(batch)], hAlign="LEFT")
    figures.setStyle(TableStyle([("FONT", (0, 0), (-1, -1), _FONT, 9)]))
    table = LongTable([list(_LINE_HEADS), *rows, ["合计 Total", *[""] * 5, str(batch.points), str(batch.amount_minor), ""]], repeatRows=1, hAlign="LEFT")
    table.setStyle(
        TableStyle(
            [
                ("FONT", (0, 0), (-1, -1), _FONT, 7.5),
                ("LINEBELOW", (0, 0), (-1, 0), 0.6, colors.black),
                ("LINEABOVE", (0, -1), (-1, -1), 0.6, colors.black),
                ("ALIGN", (6, 0), (7, -1), "RIGHT"),
            ]
        )
    )
    story: list[Flowable] = [Paragraph(title, _TITLE), figures, Spacer(1, 5 * mm), table]
    if batch.lines > len(rows):
        story.append(Paragraph(f"此处列出 {batch.lines} 行中的 {len(rows)} 行，全部见 CSV。 {len(rows)} of {batch.lines} lines; the CSV has all.", _NOTE))
    document.build(story)
    return out.getvalue()


def _figures(batch: Batch) -> list[tuple[str, str | int]]:
    return [
        ("法人 Legal entity", batch.legal_entity),
        ("结算方 Party", batch.party),
        ("业务日期 Business date", batch.business_on.isoformat()),
        ("状态 Status", batch.status),
        ("方向 Direction", _DIRECTIONS[batch.direction]),
        ("积分单价（最小货币单位） Cost per point (minor units)", batch.cost.minor),
        ("币种 Currency", batch.cost.currency),
        ("行数 Lines", batch.lines),
        ("净用积分 Points used, net", batch.points),
        ("金额（最小货币单位） Amount (minor units)", batch.amount_minor),
        *((f"积分变动 Points: {kind}", points) for kind, points in sorted(batch.by_kind.items())),
    ]


def _line_cells(line: Line) -> tuple[str | int, ...]:
    spend = line.spend
    return (
        line.line_no, spend.entry_id, spend.kind, spend.application, spend.channel or "", f"{spend.cause_kind} {spend.cause_no}", line.points,
        line.amount_minor, spend.posted_at.isoformat(timespec="seconds"),
    )  # fmt: skip


def _csv_row(*cells: str | int) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) else cell for cell in cells])
    return out.getvalue()
