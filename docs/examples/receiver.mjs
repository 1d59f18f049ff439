// Receive hooks, check their signatures, print the events. Node 18 or newer, no packages.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'

const key = Buffer.from(process.env.HOOK_SECRET.replace(/^whsec_/, ''), 'base64')

// Standard Webhooks v1: HMAC-SHA256 of "id.timestamp.body", not older than five minutes.
function isSigned(headers, body) {
  const id = headers['webhook-id'] ?? ''
  const timestamp = headers['webhook-timestamp'] ?? ''
  if (!/^\d+$/.test(timestamp) || Math.abs(Date.now() / 1000 - Number(timestamp)) > 300) return false
  const mac = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')
  const expected = Buffer.from(`v1,${mac}`)
  return (headers['webhook-signature'] ?? '').split(' ').some((one) => {
    const given = Buffer.from(one)
    return given.length === expected.length && timingSafeEqual(given, expected)
  })
}

createServer(async (request, response) => {
  const parts = []
  for await (const part of request) parts.push(part)
  const body = Buffer.concat(parts)
  const signed = isSigned(request.headers, body)
  if (signed) {
    const event = JSON.parse(body)
    console.log(event.type, event.data.number ?? '', 'webhook-id', event.id)
  }
  response.writeHead(signed ? 204 : 401).end()
}).listen(9000, '127.0.0.1')
