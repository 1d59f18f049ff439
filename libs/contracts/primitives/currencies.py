"""Currencies and their minor units by ISO 4217: frozen data beneath `contracts.primitives.money`.

The tables are written out instead of read from a library at run time: stored amounts are whole minor units, so a new
release that changes a currency's minor unit would silently multiply what is stored. A unit test holds the table to a
package that ships ISO 4217's list one; when it fails, a person decides, and migrates.

CLDR is no source for this: its digits are for display, and it drops the minor unit of currencies such
as RSD, ALL and IQD.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

_CURRENT: Final = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: (
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE "
        "CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD "
        "HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK "
        "MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD "
        "RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH "
        "USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG"
    ),
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
"""Decimals of each current currency and funds code that has a minor unit: list one, published 2026-01-01."""

_WITHDRAWN: Final = {
    0: "BYR",
    2: "ANG BGN CUC EEK HRK LTL LVL MRO SLL STD VEF ZMK ZWL",
}
"""Currencies withdrawn since 2010, with the decimals that list one gave them last: older documents are in them."""

DECIMALS: Final = MappingProxyType(
    {code: decimals for table in (_CURRENT, _WITHDRAWN) for decimals, codes in table.items() for code in codes.split()}
)
"""Decimals of each known currency. Codes without a minor unit (gold, special drawing rights, tests) are not money."""

CURRENCIES: Final = frozenset(DECIMALS)
"""ISO 4217 codes of current currencies and funds, and of those withdrawn since 2010."""
