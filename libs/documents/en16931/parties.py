"""Both parties of a document as EN 16931 needs them, and what they lack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from contracts.primitives.problem import FieldError
from documents.en16931 import codes
from documents.en16931.model import BankAccount, Delivery, Party, Profile

_NEEDED_BY_ALL: Final = ("address.country",)
_NEEDED: Final[dict[Profile, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "peppol": ((), ()),
    "facturx": ((), ()),
    # BR-DE-2 to BR-DE-9: the seller's contact, and the place of both
    "xrechnung": (("email", "phone", "address.city", "address.postal_code"), ("address.city", "address.postal_code")),
}
_BY_TAX: Final = frozenset({"S", "Z", "E", "AE", "K", "G", "L", "M"})
_BUYER_BY_TAX: Final = frozenset({"AE", "K"})


def party_of(given: Mapping[str, Any], *, with_vat: bool) -> Party:
    """A party of a client's snapshot or an account's profile; without a VAT number where no tax is levied at all."""
    address = given.get("address") or {}
    country = address.get("country")
    vat_number = codes.vat_number_of(given.get("vat_number"), country)
    return Party(
        name=given["name"],
        street=address.get("street"),
        city=address.get("city"),
        postal_code=address.get("postal_code"),
        region=address.get("region"),
        country=country or "",
        vat_number=vat_number if with_vat else None,
        reg_number=given.get("reg_number"),
        email=given.get("email"),
        phone=given.get("phone"),
        endpoint=codes.endpoint_of(given.get("endpoint_id"), vat_number, given.get("email")),
    )


def missing(
    seller: Mapping[str, Any], client: Mapping[str, Any], categories: Iterable[str], profile: Profile
) -> list[FieldError]:
    """Every field that the seller's profile and the client lack, by its path."""
    codes_used = frozenset(categories)
    needs_seller, needs_client = _NEEDED[profile]
    needs_seller, needs_client = (*_NEEDED_BY_ALL, *needs_seller), (*_NEEDED_BY_ALL, *needs_client)
    faults = [*_lacks("account", seller, needs_seller), *_lacks("client", client, needs_client)]
    if codes_used & _BY_TAX and not seller.get("vat_number"):
        faults.append(FieldError("account.vat_number", "is required where a document bears VAT or an exemption of it"))
    if codes.NOT_SUBJECT in codes_used and not seller.get("reg_number"):
        faults.append(FieldError("account.reg_number", "is required where no VAT number identifies the seller"))
    if codes_used & _BUYER_BY_TAX and not client.get("vat_number"):
        faults.append(FieldError("client.vat_number", "is required for reverse charge and intra-community supply"))
    if profile != "facturx":
        faults += [
            FieldError(f"{name}.{'endpoint_id' if name == 'account' else 'vat_number'}", _ADDRESSLESS)
            for name, party in (("account", seller), ("client", client))
            if not _has_endpoint(party)
        ]
    return faults


_ADDRESSLESS: Final = "is required: neither it nor an e-mail address gives an electronic address"


def _has_endpoint(party: Mapping[str, Any]) -> bool:
    country = (party.get("address") or {}).get("country")
    vat_number = codes.vat_number_of(party.get("vat_number"), country)
    return codes.endpoint_of(party.get("endpoint_id"), vat_number, party.get("email")) is not None


def _lacks(name: str, party: Mapping[str, Any], paths: Iterable[str]) -> list[FieldError]:
    def value(path: str) -> Any:
        outer, _, inner = path.partition(".")
        return (party.get(outer) or {}).get(inner) if inner else party.get(outer)

    return [FieldError(f"{name}.{path}", "is required by this format") for path in paths if not value(path)]


def accounts_of(seller: Mapping[str, Any]) -> tuple[BankAccount, ...]:
    """The seller's bank accounts."""
    kept = seller.get("bank_accounts") or ()
    return tuple(BankAccount(one["iban"], one.get("name"), one.get("bic")) for one in kept)


def delivery_of(client: Mapping[str, Any], day: str) -> Delivery | None:
    """Where goods go within the EU, which the country of delivery proves (BR-IC-11, BR-IC-12)."""
    address = client.get("shipping_address") or client.get("address") or {}
    if not address.get("country"):
        return None
    return Delivery(day, address.get("street"), address.get("city"), address.get("postal_code"), address["country"])
