"""Which currencies there are and how many decimals each has: frozen CLDR data beneath `contracts.money`.

The tables are written out instead of asked of CLDR at run time: stored amounts are whole minor units, so a new release
of CLDR that changes a currency's decimals (it did so for COP) would silently multiply what is in the books. A unit
test holds the tables to babel's; when it fails, somebody decides, and migrates.
"""

from __future__ import annotations

from typing import Final

DIGITS_USUAL: Final = 2

_TENDER: Final = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BYR BZD "
    "CAD CDF CHF CLP CNY COP CRC CUC CUP CVE CZK DJF DKK DOP DZD EEK EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP "
    "GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD "
    "KZT LAK LBP LKR LRD LSL LTL LVL LYD MAD MDL MGA MKD MMK MNT MOP MRO MRU MUR MVR MWK MXN MYR MZN NAD NGN "
    "NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL "
    "SOS SRD SSP STD STN SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VEF VES VND VUV WST "
    "XAF XCD XCG XOF XPF YER ZAR ZMK ZMW ZWG ZWL"
)
CURRENCIES: Final = frozenset(_TENDER.split())
"""ISO 4217 codes that are legal tender somewhere, or were at some time since 2010."""

_WITHOUT_DECIMALS: Final = (
    "AFN ALL BIF BYR CLP DJF GNF IQD IRR ISK JPY KMF KPW KRW LAK LBP MGA MMK MRO PYG RSD RWF SLL SOS STD SYP UGX "
    "VND VUV XAF XOF XPF YER ZMK"
)
_WITH_THREE: Final = "BHD JOD KWD LYD OMR TND"

DIGITS: Final = {
    **dict.fromkeys(CURRENCIES, DIGITS_USUAL),
    **dict.fromkeys(_WITHOUT_DECIMALS.split(), 0),
    **dict.fromkeys(_WITH_THREE.split(), 3),
}
"""Decimals of each currency as CLDR gives them (for some, such as RSD or IQD, fewer than ISO 4217 lists)."""
