"""Write a sales document as Factur-X: its PDF as PDF/A-3 (ISO 19005-3, level B) with its CII inside.

What makes it PDF/A is added to the rendered pages, whose fonts are embedded already: the colours' profile, metadata in
XMP that say so, and the invoice as an associated file. An equal document gives equal bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from hashlib import md5
from io import BytesIO
from typing import Any, Final
from xml.sax.saxutils import escape

from PIL import ImageCms
from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    ByteStringObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    StreamObject,
    TextStringObject,
)

from contracts.version import VERSION
from documents.cii_writer import cii_of
from documents.en16931.from_sale import invoice_of
from documents.pdf.render import render_sale
from documents.values import made_legal

NAME: Final = "factur-x.xml"
_SRGB: Final = "sRGB IEC61966-2.1"
_MADE_ON: Final = b"\x07\xea\x00\x01\x00\x01" + bytes(6)  # 1 January 2026: a profile's own date, else that of today
_PRODUCER: Final = f"Ledgerwire {VERSION}"


def write_facturx(sale: Mapping[str, Any], seller: Mapping[str, Any], *, locale: str) -> bytes:
    """Write a sale, as `GET /v1/sales/{id}` gives it, as a Factur-X PDF of the profile EN 16931.

    Raises:
        NotWritable: as `documents.en16931.from_sale.invoice_of`.
    """
    xml = cii_of(invoice_of(sale, seller, "facturx"))
    return embedded(render_sale(sale, seller, locale=locale), xml, dated=sale["document_date"])


def embedded(pdf: bytes, xml: bytes, *, dated: str) -> bytes:
    """Make PDF/A-3 of a rendered PDF, with the invoice inside; `dated` is YYYY-MM-DD."""
    writer = PdfWriter(clone_from=PdfReader(BytesIO(pdf)))
    writer.pdf_header = "%PDF-1.7"
    about: Mapping[str, Any] = writer.metadata or {}
    title, author = str(about.get("/Title") or ""), str(about.get("/Author") or "")
    writer.add_metadata({"/Producer": _PRODUCER})
    root = writer.root_object
    root[NameObject("/Metadata")] = writer._add_object(_metadata(title, author, dated))  # noqa: SLF001  no public way
    root[NameObject("/OutputIntents")] = ArrayObject([writer._add_object(_output_intent(writer))])  # noqa: SLF001
    specification = writer._add_object(_file(writer, xml, dated))  # noqa: SLF001
    names = DictionaryObject({NameObject("/Names"): ArrayObject([TextStringObject(NAME), specification])})
    root[NameObject("/Names")] = DictionaryObject({NameObject("/EmbeddedFiles"): names})
    root[NameObject("/AF")] = ArrayObject([specification])
    identifier = ByteStringObject(md5(pdf + xml, usedforsecurity=False).digest())
    writer._ID = ArrayObject([identifier, identifier])  # noqa: SLF001  else it is made up anew each time
    written = BytesIO()
    writer.write(written)
    return written.getvalue()


def _stream(content: bytes, entries: Mapping[str, Any]) -> StreamObject:
    stream = StreamObject()
    stream.set_data(content)
    stream.update({NameObject(name): value for name, value in entries.items()})
    return stream


def _file(writer: PdfWriter, xml: bytes, dated: str) -> DictionaryObject:
    """The invoice as an associated file: the same invoice as the pages, in another form."""
    facts = DictionaryObject(
        {NameObject("/ModDate"): TextStringObject(_pdf_date(dated)), NameObject("/Size"): NumberObject(len(xml))}
    )
    entries = {
        "/Type": NameObject("/EmbeddedFile"), "/Subtype": NameObject("/text/xml"), "/Params": facts,
    }  # fmt: skip
    content = writer._add_object(_stream(xml, entries).flate_encode())  # noqa: SLF001
    return DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Filespec"),
            NameObject("/F"): TextStringObject(NAME),
            NameObject("/UF"): TextStringObject(NAME),
            NameObject("/Desc"): TextStringObject("Factur-X invoice"),
            NameObject("/AFRelationship"): NameObject("/Alternative"),
            NameObject("/EF"): DictionaryObject({NameObject("/F"): content, NameObject("/UF"): content}),
        }
    )


def _output_intent(writer: PdfWriter) -> DictionaryObject:
    profile = _stream(_srgb(), {"/N": NumberObject(3)}).flate_encode()
    return DictionaryObject(
        {
            NameObject("/Type"): NameObject("/OutputIntent"),
            NameObject("/S"): NameObject("/GTS_PDFA1"),
            NameObject("/OutputConditionIdentifier"): TextStringObject(_SRGB),
            NameObject("/Info"): TextStringObject(_SRGB),
            NameObject("/DestOutputProfile"): writer._add_object(profile),  # noqa: SLF001
        }
    )


@cache
def _srgb() -> bytes:
    """The sRGB colour profile, with a constant date."""
    made = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return made[:24] + _MADE_ON + made[36:]


def _pdf_date(day: str) -> str:
    return f"D:{day.replace('-', '')}000000Z"


def _metadata(title: str, author: str, dated: str) -> StreamObject:
    """The XMP metadata: PDF/A-3 level B, and a Factur-X invoice."""
    xmp = _XMP.format(
        title=escape(made_legal(title)), author=escape(made_legal(author)), moment=f"{dated}T00:00:00Z", name=NAME,
        producer=escape(_PRODUCER), schema=_SCHEMA,
    )  # fmt: skip
    entries = {"/Type": NameObject("/Metadata"), "/Subtype": NameObject("/XML")}
    return _stream(xmp.encode(), entries)  # not compressed, so that simple readers find it


_PROPERTIES: Final = {
    "DocumentFileName": "name of the embedded XML invoice file",
    "DocumentType": "INVOICE",
    "Version": "The actual version of the Factur-X XML schema",
    "ConformanceLevel": "The conformance level of the embedded Factur-X data",
}
_SCHEMA: Final = "".join(
    f'<rdf:li rdf:parseType="Resource"><pdfaProperty:name>{name}</pdfaProperty:name>'
    "<pdfaProperty:valueType>Text</pdfaProperty:valueType><pdfaProperty:category>external</pdfaProperty:category>"
    f"<pdfaProperty:description>{what}</pdfaProperty:description></rdf:li>"
    for name, what in _PROPERTIES.items()
)
# Factur-X 1.0, chapter 6.2.2: the properties, and the description of their schema that PDF/A wants.
_XMP: Final = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">
<pdfaid:part>3</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance></rdf:Description>
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>{author}</rdf:li></rdf:Seq></dc:creator></rdf:Description>
<rdf:Description rdf:about="" xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:xmp="http://ns.adobe.com/xap/1.0/">
<pdf:Producer>{producer}</pdf:Producer><xmp:CreatorTool>{producer}</xmp:CreatorTool>
<xmp:CreateDate>{moment}</xmp:CreateDate><xmp:ModifyDate>{moment}</xmp:ModifyDate></rdf:Description>
<rdf:Description rdf:about="" xmlns:fx="urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#">
<fx:DocumentType>INVOICE</fx:DocumentType><fx:DocumentFileName>{name}</fx:DocumentFileName>
<fx:Version>1.0</fx:Version><fx:ConformanceLevel>EN 16931</fx:ConformanceLevel></rdf:Description>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>
<pdfaSchema:namespaceURI>urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>fx</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq>{schema}</rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>
</rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""
