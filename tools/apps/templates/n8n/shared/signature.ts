import { createHmac, timingSafeEqual } from 'crypto';

// Standard Webhooks 1.0.0: HMAC-SHA256 over `id.timestamp.body`, each signature as `v1,<base64>`.

const TOLERANCE_SECONDS = 300;

export interface Delivery {
  id: string;
  timestamp: string;
  signatures: string;
  body: Buffer;
}

// Why a delivery is refused; undefined if it is Ledgerwire's own and of now.
export function faultOf(delivery: Delivery, secret: string, nowSeconds: number): string | undefined {
  if (!delivery.id || !delivery.signatures || !/^\d{1,12}$/.test(delivery.timestamp)) {
    return 'the headers webhook-id, webhook-timestamp and webhook-signature are missing';
  }
  if (Math.abs(nowSeconds - Number(delivery.timestamp)) > TOLERANCE_SECONDS) {
    return `webhook-timestamp is more than ${TOLERANCE_SECONDS} s away from now`;
  }
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signed = Buffer.concat([Buffer.from(`${delivery.id}.${delivery.timestamp}.`), delivery.body]);
  const expected = createHmac('sha256', key).update(signed).digest();
  const matches = delivery.signatures.split(' ').some((one) => {
    const [version, value] = one.split(',');
    const given = Buffer.from(value ?? '', 'base64');
    return version === 'v1' && given.length === expected.length && timingSafeEqual(given, expected);
  });
  return matches ? undefined : 'webhook-signature does not fit';
}
