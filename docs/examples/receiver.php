<?php
// Receive hooks, check their signatures, log the events: php -S 127.0.0.1:9000 receiver.php. PHP 8.0 or newer.
declare(strict_types=1);

// Standard Webhooks v1: HMAC-SHA256 of "id.timestamp.body", not older than five minutes.
function is_signed(string $body): bool
{
    $key = base64_decode(preg_replace('/^whsec_/', '', getenv('HOOK_SECRET')));
    $id = $_SERVER['HTTP_WEBHOOK_ID'] ?? '';
    $timestamp = $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '';
    if (!ctype_digit($timestamp) || abs(time() - (int) $timestamp) > 300) {
        return false;
    }
    $expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$timestamp.$body", $key, true));
    foreach (explode(' ', $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? '') as $given) {
        if (hash_equals($expected, $given)) {
            return true;
        }
    }
    return false;
}

$body = file_get_contents('php://input');
if (!is_signed($body)) {
    http_response_code(401);
    return;
}
$event = json_decode($body, true);
error_log($event['type'] . ' ' . ($event['data']['number'] ?? '') . ' webhook-id ' . $event['id']);
http_response_code(204);
