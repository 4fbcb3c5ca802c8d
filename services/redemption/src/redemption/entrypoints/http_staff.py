"""All that staff do to accounts over HTTP."""

from fastapi import APIRouter

from loyalty_shared.kernel.clock import Clock
from redemption.application.online_ports import NewId
from redemption.application.staff_ports import BeginStaffWork
from redemption.entrypoints.http_adjustment_files import adjustment_files_router
from redemption.entrypoints.http_adjustments import adjustments_router
from redemption.entrypoints.http_arrears import arrears_router
from redemption.entrypoints.http_freezes import freezes_router
from redemption.entrypoints.http_imports import imports_router
from redemption.entrypoints.http_merges import merges_router
from redemption.entrypoints.http_pools import pools_router


def staff_routers(begin: BeginStaffWork, clock: Clock, new_id: NewId) -> list[APIRouter]:
    """Return the routes of freezes, adjustments, arrears, merges, family pools and imports."""
    makers = (freezes_router, adjustments_router, adjustment_files_router, arrears_router, merges_router, pools_router, imports_router)
    return [make(begin, clock, new_id) for make in makers]
