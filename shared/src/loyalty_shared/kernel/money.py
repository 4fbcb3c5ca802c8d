"""Money: minor units and an ISO 4217 code, never a float; and the one place where fractions of a point are rounded."""

from enum import StrEnum
from fractions import Fraction
from typing import Final, assert_never


class Rounding(StrEnum):
    """The rounding modes a rule may name (contracts.md section 4)."""

    DOWN = "down"
    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    UP = "up"


def divide_rounded(numerator: int | Fraction, denominator: int, mode: Rounding) -> int:
    """Return numerator / denominator as a whole number, exactly, for numerator >= 0 and denominator > 0."""
    quotient, rest = divmod(numerator, denominator)
    match mode:
        case Rounding.DOWN:
            return quotient
        case Rounding.UP:
            return quotient + (rest > 0)
        case Rounding.HALF_UP:
            return quotient + (2 * rest >= denominator)
        case Rounding.HALF_EVEN:
            return quotient + (2 * rest > denominator or (2 * rest == denominator and quotient % 2 == 1))
    assert_never(mode)


_CODES: Final = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP
CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD
IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR
MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP
SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XAG XAU
XCD XCG XOF XPD XPF XPT YER ZAR ZMW ZWG
"""
#: ISO 4217 codes in use (list one of the standard, funds and testing codes left out).
CURRENCIES: Final = frozenset(_CODES.split())

_WITHOUT_DECIMALS: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XAG XAU XOF XPF XPT"
_OF_THREE_DECIMALS: Final = "BHD IQD JOD KWD LYD OMR TND"
#: How many decimal places the minor unit stands at (ISO 4217), where it is not two. Metals have no minor unit: they are counted whole.
_EXPONENTS: Final = dict.fromkeys(_WITHOUT_DECIMALS.split(), 0) | dict.fromkeys(_OF_THREE_DECIMALS.split(), 3)
_EXPONENT_OF_MOST: Final = 2


def exponent_of(currency: str) -> int:
    """Return how many decimal places a currency's minor unit stands at: 2 for CNY (fen), 0 for JPY."""
    return _EXPONENTS.get(currency, _EXPONENT_OF_MOST)
