// A client and an issued invoice, with types made from openapi.json. It needs LEDGERWIRE_URL and LEDGERWIRE_TOKEN.
import createClient from 'openapi-fetch'
import type { paths } from './ledgerwire.js'

const api = createClient<paths>({
  baseUrl: process.env.LEDGERWIRE_URL,
  headers: { Authorization: `Bearer ${process.env.LEDGERWIRE_TOKEN}` },
})

const { data: client, error: refused } = await api.POST('/v1/clients', {
  params: { header: { 'Idempotency-Key': 'typescript-client-1' } },
  body: { name: 'Aya Ozola', email: 'aya@example.com' },
})
if (!client || !('id' in client)) throw new Error(refused?.detail ?? 'not decided yet')

const { data: sale, error } = await api.POST('/v1/sales', {
  params: { header: { 'Idempotency-Key': 'typescript-sale-1' } },
  body: {
    sale_type: 'sales_invoice',
    client_id: client.id,
    currency: 'EUR',
    issue: true,
    lines: [{ description: 'Consulting', quantity: '2', unit_price: '50.00', tax_rate: '21' }],
  },
})
if (!sale || !('number' in sale)) throw new Error(error?.detail ?? 'not decided yet')

console.log(sale.number, sale.total, sale.currency, sale.settlement)
