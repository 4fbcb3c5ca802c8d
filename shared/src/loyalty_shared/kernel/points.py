"""Points: whole numbers, from 1 to 2**53 - 1 in any one request, so that every JSON reader keeps them exact."""

from typing import Final, NewType

Points = NewType("Points", int)

POINTS_MAX: Final = 2**53 - 1
