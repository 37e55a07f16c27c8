"""Makes OpenDocument sheets for tests, in the shape that LibreOffice writes."""

from __future__ import annotations

from tests.catalogue.workbooks import picture, zipped

_SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{space}:1.0"'
    for name, space in {
        "office": "office",
        "table": "table",
        "text": "text",
        "style": "style",
        "number": "datastyle",
        "draw": "drawing",
    }.items()
)
_HEADER = "".join(
    f'<table:table-cell office:value-type="string"><text:p>{name}</text:p></table:table-cell>'
    for name in ("sku", "title", "image")
)
ODS_CODE = (
    '<table:table-cell table:style-name="c1" office:value-type="float" office:value="{}" {}>'
    "<text:p>0</text:p></table:table-cell>"
)
ODS_TEXT = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'


def ods(*rows: str) -> bytes:
    """Write an OpenDocument sheet in the shape of LibreOffice; cells of the style c1 show 00000."""
    lines = "".join(f"<table:table-row>{row}</table:table-row>" for row in (_HEADER, *rows))
    content = f"""<?xml version="1.0" encoding="UTF-8"?><office:document-content {_SPACES}
xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:calcext="urn:calcext">
<office:automatic-styles><number:number-style style:name="N1">
<number:number number:decimal-places="0" number:min-integer-digits="5"/></number:number-style>
<style:style style:name="c1" style:family="table-cell" style:data-style-name="N1"/>
</office:automatic-styles><office:body><office:spreadsheet><table:table table:name="One">
<table:table-column table:number-columns-repeated="3"/>{lines}
<table:table-row table:number-rows-repeated="1048000"><table:table-cell
table:number-columns-repeated="16384"/></table:table-row>
</table:table></office:spreadsheet></office:body></office:document-content>"""
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "META-INF/manifest.xml": '<m:manifest xmlns:m="urn:manifest"/>',
            "content.xml": content,
            "Pictures/1.png": picture(),
        }
    )
