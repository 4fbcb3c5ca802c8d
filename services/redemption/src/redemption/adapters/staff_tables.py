"""The tables of what staff do to accounts: freezes, adjustments one by one and by file, the write-off of arrears, and imports. Keyed within an entity."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Index,
    LargeBinary,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSON

from redemption.adapters.tables import metadata

#: As in `tables`: compared by its bytes.
_KEY: Final = Text(collation="C")

#: `points` null: all; `until` null: until it is lifted. `status` frozen, lifted or ended (`until` has passed).
point_freeze = Table(
    "point_freeze",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("freeze_id", _KEY, nullable=False),
    Column("customer_no", _KEY, nullable=False),
    Column("points", BigInteger, nullable=True),
    Column("until", Date, nullable=True),
    Column("reason", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("frozen_by", Text, nullable=False),
    Column("frozen_at", DateTime(timezone=True), nullable=False),
    Column("ended_by", Text, nullable=True),
    Column("ended_at", DateTime(timezone=True), nullable=True),
    PrimaryKeyConstraint("legal_entity", "freeze_id"),
    Index("ix_point_freeze_of_customer", "legal_entity", "customer_no", "freeze_id"),
    Index("ix_point_freeze_until", "legal_entity", "until", postgresql_where=text("status = 'frozen'")),
)

#: Points that a maker asks to give (positive) or take. `status` pending, posted or rejected; `expires_on` null: what is given never expires.
adjustment = Table(
    "adjustment",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("adjustment_id", _KEY, nullable=False),
    Column("customer_no", _KEY, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("point_type", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("evidence", JSON, nullable=True),
    Column("expires_on", Date, nullable=True),
    Column("status", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("checked_by", Text, nullable=True),
    Column("checked_at", DateTime(timezone=True), nullable=True),
    PrimaryKeyConstraint("legal_entity", "adjustment_id"),
    Index("ix_adjustment_of_customer", "legal_entity", "customer_no", "adjustment_id"),
)

#: A file of adjustments. `lines`, `points_given`, `points_taken` of its good lines; `place_*`: the last line looked at, in the order of customer and line.
adjustment_file = Table(
    "adjustment_file",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("file_id", _KEY, nullable=False),
    Column("file_no", _KEY, nullable=False),
    Column("content_sha256", LargeBinary, nullable=False),
    Column("made_on", Date, nullable=False),
    Column("all_or_nothing", Boolean, nullable=False),
    Column("status", Text, nullable=False),
    Column("lines", BigInteger, nullable=False),
    Column("points_given", BigInteger, nullable=False),
    Column("points_taken", BigInteger, nullable=False),
    Column("lines_posted", BigInteger, nullable=False),
    Column("lines_rejected", BigInteger, nullable=False),
    Column("posted_given", BigInteger, nullable=False),
    Column("posted_taken", BigInteger, nullable=False),
    Column("place_customer_no", _KEY, nullable=True),
    Column("place_line_no", BigInteger, nullable=True),
    Column("made_by", Text, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("checked_by", Text, nullable=True),
    Column("checked_at", DateTime(timezone=True), nullable=True),
    Column("ended_at", DateTime(timezone=True), nullable=True),
    PrimaryKeyConstraint("legal_entity", "file_id"),
    UniqueConstraint("legal_entity", "content_sha256"),
    Index("uq_adjustment_file_no", "legal_entity", "file_no", unique=True, postgresql_where=text("status not in ('rejected', 'refused')")),
    Index("ix_adjustment_file_approved", "legal_entity", "file_id", postgresql_where=text("status = 'approved'")),
)

#: The good lines of a file, in the order in which they are posted; `line_no` counts from 1, the header's.
adjustment_line = Table(
    "adjustment_line",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("file_id", _KEY, nullable=False),
    Column("customer_no", _KEY, nullable=False),
    Column("line_no", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("point_type", Text, nullable=False),
    Column("expires_on", Date, nullable=True),
    Column("reason", Text, nullable=False),
    PrimaryKeyConstraint("legal_entity", "file_id", "customer_no", "line_no"),
)

#: The lines of a file that were not posted, and why.
adjustment_reject = Table(
    "adjustment_reject",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("file_id", _KEY, nullable=False),
    Column("line_no", BigInteger, nullable=False),
    Column("code", Text, nullable=False),
    Column("fault", Text, nullable=False),
    Column("line", Text, nullable=False),
    PrimaryKeyConstraint("legal_entity", "file_id", "line_no"),
)

#: What accounts owe, as they say themselves, and since which business date.
arrears = Table(
    "arrears",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("customer_no", _KEY, nullable=False),
    Column("point_type", _KEY, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("since_on", Date, nullable=False),
    PrimaryKeyConstraint("legal_entity", "customer_no", "point_type"),
    CheckConstraint("points > 0", name="points"),
    Index("ix_arrears_since_on", "legal_entity", "since_on", "customer_no", "point_type"),
)

#: Arrears that a maker asks the bank to give up. `points`: as asked for, and once it is posted what was written off. `status` pending, posted or rejected.
arrears_write_off = Table(
    "arrears_write_off",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("write_off_id", _KEY, nullable=False),
    Column("customer_no", _KEY, nullable=False),
    Column("point_type", Text, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("checked_by", Text, nullable=True),
    Column("checked_at", DateTime(timezone=True), nullable=True),
    PrimaryKeyConstraint("legal_entity", "write_off_id"),
    Index("ix_arrears_write_off_of_customer", "legal_entity", "customer_no", "write_off_id"),
)

#: Points that customers had in another system (`source`). `lines`, `old_points`: the file's control totals.
#: `status` trial, pending, approved, posted or rejected.
point_import = Table(
    "point_import",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("import_id", _KEY, nullable=False),
    Column("source", _KEY, nullable=False),
    Column("file_no", _KEY, nullable=False),
    Column("content_sha256", LargeBinary, nullable=False),
    Column("made_on", Date, nullable=False),
    Column("point_type", Text, nullable=False),
    Column("ratio", Text, nullable=False),
    Column("rounding", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("lines", BigInteger, nullable=False),
    Column("old_points", Numeric, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("checked_by", Text, nullable=True),
    Column("checked_at", DateTime(timezone=True), nullable=True),
    Column("ended_at", DateTime(timezone=True), nullable=True),
    PrimaryKeyConstraint("legal_entity", "import_id"),
    Index("uq_point_import_content", "legal_entity", "content_sha256", unique=True, postgresql_where=text("status not in ('trial', 'rejected')")),
    Index("uq_point_import_no", "legal_entity", "source", "file_no", unique=True, postgresql_where=text("status not in ('trial', 'rejected')")),
    Index("ix_point_import_approved", "legal_entity", "import_id", postgresql_where=text("status = 'approved'")),
)

#: The lines of an import, good and bad, what they are converted to, and the entry of each that is posted: `account_version` of `account_no`.
point_import_line = Table(
    "point_import_line",
    metadata,
    Column("legal_entity", _KEY, nullable=False),
    Column("import_id", _KEY, nullable=False),
    Column("line_no", BigInteger, nullable=False),
    Column("customer_no", _KEY, nullable=False),
    Column("old_points", BigInteger, nullable=False),
    Column("expires_on", Date, nullable=True),
    Column("new_points", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("code", Text, nullable=True),
    Column("fault", Text, nullable=True),
    Column("line", Text, nullable=True),
    Column("account_no", _KEY, nullable=True),
    Column("account_version", BigInteger, nullable=True),
    PrimaryKeyConstraint("legal_entity", "import_id", "line_no"),
    Index("ix_point_import_line_waiting", "legal_entity", "import_id", "customer_no", "line_no", postgresql_where=text("status = 'waiting'")),
)
