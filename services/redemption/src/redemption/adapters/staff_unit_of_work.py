"""One transaction of what staff do, over psycopg2."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from psycopg2.extensions import cursor as Cursor

from loyalty_shared.kernel.points import POINTS_MAX
from redemption.adapters.adjustment_files import SqlAdjustmentFiles
from redemption.adapters.adjustments import SqlAdjustments
from redemption.adapters.arrears import SqlWriteOffs, list_age_bands, list_arrears
from redemption.adapters.customers import find_institution
from redemption.adapters.freezes import SqlFreezes
from redemption.adapters.imports import SqlImports
from redemption.adapters.merges import SqlMerges
from redemption.adapters.online_holds import SqlHolds
from redemption.adapters.parameters import find_parameter
from redemption.adapters.point_types import find_point_types
from redemption.adapters.pools import SqlPools
from redemption.adapters.unit_of_work import SqlLedgerWork
from redemption.application.staff_ports import ArrearsWanted
from redemption.domain.point_types import PointType
from redemption.domain.writing_off import AgeBand, Owed

ADJUSTMENT_POINTS_MAX: Final = "adjustment-points-max"


class SqlStaffWork(SqlLedgerWork):
    """What a call by staff works with, beside the ledger."""

    def __init__(self, cursor: Cursor) -> None:
        super().__init__(cursor)
        self.holds = SqlHolds(cursor, self.accounts)
        self.freezes = SqlFreezes(cursor)
        self.merges = SqlMerges(cursor)
        self.adjustments = SqlAdjustments(cursor)
        self.files = SqlAdjustmentFiles(cursor)
        self.imports = SqlImports(cursor)
        self.write_offs = SqlWriteOffs(cursor)
        self.pools = SqlPools(cursor)

    def list_arrears(self, legal_entity: str, wanted: ArrearsWanted, limit: int) -> Sequence[Owed]:
        """Return what customers owe, oldest first."""
        return list_arrears(self.cursor, legal_entity, wanted, limit)

    def list_age_bands(self, legal_entity: str, on: date) -> Sequence[AgeBand]:
        """Return what is owed on a business date by type and age."""
        return list_age_bands(self.cursor, legal_entity, on)

    def find_point_types(self, legal_entity: str, on: date) -> Mapping[str, PointType]:
        """Return an entity's point types on a business date, by code."""
        return find_point_types(self.cursor, legal_entity, on)

    def find_adjustment_points_max(self, legal_entity: str, on: date) -> int:
        """Return the most points that one adjustment may give or take on a business date."""
        value = find_parameter(self.cursor, legal_entity, ADJUSTMENT_POINTS_MAX, on)
        return POINTS_MAX if value is None else int(value)

    def find_institution(self, legal_entity: str, customer_no: str) -> str | None:
        """Return whose the customer is; None for one never announced, or announced without an institution."""
        return find_institution(self.cursor, legal_entity, customer_no)
