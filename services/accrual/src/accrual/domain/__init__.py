"""The accrual engine: what a transaction earns, and what its refund takes back. Pure: no I/O, no clock, no logging."""
