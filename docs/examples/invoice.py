"""A client and an issued invoice, by a client made from openapi.json; LEDGERWIRE_URL and _TOKEN say where."""

import os

from ledgerwire_client import AuthenticatedClient
from ledgerwire_client.api.clients import create_client
from ledgerwire_client.api.sales import create_sale
from ledgerwire_client.models import Client, ClientInput, Sale, SaleInput, SaleInputSaleType, SaleLineInput

api = AuthenticatedClient(base_url=os.environ["LEDGERWIRE_URL"], token=os.environ["LEDGERWIRE_TOKEN"])

aya = ClientInput(name="Aya Ozola", email="aya@example.com")
client = create_client.sync(client=api, body=aya, idempotency_key="python-client-1")
if not isinstance(client, Client):
    raise SystemExit(f"refused: {client}")

line = SaleLineInput(description="Consulting", quantity="2", unit_price="50.00", tax_rate="21")
order = SaleInput(
    sale_type=SaleInputSaleType.SALES_INVOICE, client_id=client.id, currency="EUR", issue=True, lines=[line]
)
sale = create_sale.sync(client=api, body=order, idempotency_key="python-sale-1")
if not isinstance(sale, Sale):
    raise SystemExit(f"refused: {sale}")

print(sale.number, sale.total, sale.currency, sale.settlement)
