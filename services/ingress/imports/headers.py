"""Find the columns of a table by their names, whatever their case, accents and punctuation, and by common synonyms."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from contracts.primitives.problem import FieldError
from contracts.resources.imports import ImportKind
from ingress.imports.cells import COLUMNS, KEPT

COLUMNS_MAX: Final = 200  # a table has about 30; comparing more costs time
FAULTS_MAX: Final = 50

_PARTY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "name": "client name, company, company name, customer, customer name, full name, nom, nom du client,"
        " raison sociale, société, entreprise, nombre, nombre del cliente, razón social, empresa, client, cliente",
        "type": "client type, customer type, tipo",
        "first_name": "given name, prénom, nombre de pila",
        "last_name": "surname, family name, nom de famille, apellido, apellidos",
        "email": "mail, email address, courriel, adresse e-mail, adresse mail, correo, correo electrónico",
        "phone": "telephone, tel, phone number, mobile, téléphone, teléfono, móvil",
        "reg_number": "registration number, registration no, company number, reg no, siren, siret,"
        " numéro d'immatriculation, número de registro",
        "vat_number": "vat, vat no, vat id, tax number, tax id, tva, numéro de tva, n° tva, nif, cif, nif/cif,"
        " número de iva",
        "address.street": "street, address, address line 1, address 1, rue, adresse, calle, dirección, domicilio",
        "address.city": "city, town, ville, ciudad, población, localidad",
        "address.postal_code": "postal code, postcode, zip, zip code, code postal, código postal, cp",
        "address.region": "region, state, province, county, région, provincia, región",
        "address.country": "country, country code, pays, país",
        "locale": "language, langue, idioma",
        "currency": "currency code, devise, monnaie, moneda, divisa",
        "pay_term.days": "payment days, pay term, payment term, due days, délai de paiement, plazo de pago",
        "external_id": "external reference, référence externe, id externo, identifiant externe",
        "comment": "comments, note, notes, remark, commentaire, remarque, comentario, observaciones",
    }
)
_PRODUCT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "code": "sku, item code, product code, article number, item number, ref, reference, référence,"
        " code article, code produit, código, código de producto, referencia",
        "name": "product, product name, item, item name, title, nom, désignation, libellé, article, produit,"
        " nom du produit, nombre, producto, artículo, nombre del producto",
        "type": "product type, tipo",
        "description": "details, descriptif, descripción",
        "barcode": "ean, gtin, upc, code-barres, código de barras",
        "unit": "unit of measure, uom, unité, unidad",
        "unit_price": "price, sale price, sales price, prix, prix unitaire, tarif, precio, precio unitario, pvp",
        "currency": "currency code, devise, monnaie, moneda, divisa",
        "tax_rate": "vat, vat rate, tax, tax percent, tva, taux de tva, taux tva, iva, tipo de iva, tasa de iva",
        "tax_category": "vat category, tax code, catégorie de tva, categoría de iva",
        "external_id": "external reference, référence externe, id externo, identifiant externe",
    }
)
_SYNONYMS: Final[Mapping[ImportKind, Mapping[str, str]]] = MappingProxyType({"clients": _PARTY, "products": _PRODUCT})
_REQUIRED: Final[Mapping[ImportKind, tuple[str, ...]]] = MappingProxyType(
    {"clients": ("name",), "products": ("code", "name")}
)


class Unreadable(ValueError):
    """The whole file cannot be imported; `faults` say why."""

    def __init__(self, faults: list[FieldError]) -> None:
        super().__init__("; ".join(f"{fault.path} {fault.message}" for fault in faults))
        self.faults = faults


def header_of(names: list[str], kind: ImportKind) -> list[str | None]:
    """The columns in the file's order, None for ignored ones.

    Raises:
        Unreadable: unknown, repeated and missing columns, all of them.
    """
    if len(names) > COLUMNS_MAX:
        raise Unreadable([FieldError("line 1", f"has {len(names)} columns: at most {COLUMNS_MAX} are read")])
    known, header, faults = _names_of(kind), list[str | None](), list[FieldError]()
    for name in names:
        column = known.get(_plain(name))
        if not name.strip():
            pass  # spreadsheets add such columns after the last
        elif column is None:
            faults.append(
                FieldError(name.strip()[:100], f"is no column of {kind}: they have {', '.join(COLUMNS[kind])}")
            )
        elif column in header:
            faults.append(FieldError(name.strip()[:100], f"is a second column for {column}: leave one of the two out"))
        header.append(column)
    faults += [FieldError(name, "is a required column") for name in _REQUIRED[kind] if name not in header]
    if faults:
        raise Unreadable(faults[:FAULTS_MAX])
    return [None if name in KEPT else name for name in header]


def _names_of(kind: ImportKind) -> dict[str, str]:
    synonyms = {
        _plain(synonym): column for column, several in _SYNONYMS[kind].items() for synonym in several.split(",")
    }
    return synonyms | {_plain(name): name for name in (*KEPT, *COLUMNS[kind])}


def _plain(name: str) -> str:
    """A name without case, accents, spaces and punctuation."""
    return "".join(char for char in unicodedata.normalize("NFKD", name[:200]).casefold() if char.isalnum())
