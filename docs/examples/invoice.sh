#!/bin/sh
# A client, an issued invoice and its PDF, with curl. It needs LEDGERWIRE_URL and LEDGERWIRE_TOKEN.
set -eu

lw() {
    path=$1
    shift
    curl -sS --fail-with-body -H "Authorization: Bearer $LEDGERWIRE_TOKEN" -H 'Content-Type: application/json' \
        "$LEDGERWIRE_URL$path" "$@"
}

field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }

client=$(lw /v1/clients -H "Idempotency-Key: curl-client-1" -d '{"name": "Aya Ozola", "email": "aya@example.com"}' | field id)
sale=$(lw /v1/sales -H "Idempotency-Key: curl-sale-1" -d '{
  "sale_type": "sales_invoice", "client_id": "'"$client"'", "currency": "EUR", "issue": true,
  "lines": [{"description": "Consulting", "quantity": "2", "unit_price": "50.00", "tax_rate": "21"}]}' | field id)

invoice=$(lw "/v1/sales/$sale")
number=$(echo "$invoice" | field number)
lw "/v1/sales/$sale/pdf" -o "$number.pdf"
echo "$number $(echo "$invoice" | field total) $(echo "$invoice" | field currency) $(echo "$invoice" | field settlement)"
