<?php
// Reads X-Principal-Assertion with what PHP brings along: no library. Run with
// PHP 8.2 by go test ./docs. docs/assertions.md says what is verified and why.
//
//   require 'principal.php';
//   $claims = principal($keySet, 'https://api.example.com', 'https://billing.internal');
//   $client = $claims['client_id'] ?? null;   // null: nobody
//
// $keySet is json_decode() of /oauth/jwks.json, kept for at most five minutes.

function principal(array $keySet, string $issuer, string $audience, int $leeway = 5): ?array {
    $parts = explode('.', $_SERVER['HTTP_X_PRINCIPAL_ASSERTION'] ?? '');
    if (count($parts) !== 3) {
        return null;
    }
    [$header, $claims] = [json_decode(unpadded($parts[0]), true), json_decode(unpadded($parts[1]), true)];
    if (!is_array($header) || !is_array($claims) || ($header['typ'] ?? '') !== 'principal-assertion+jwt') {
        return null;
    }
    if (!signed($keySet, $header, $parts[0] . '.' . $parts[1], unpadded($parts[2]))) {
        return null;
    }
    $now = time();
    $path = strtok($_SERVER['REQUEST_URI'], '?');
    $good = $claims['iss'] === $issuer && $claims['aud'] === $audience
        && $claims['iat'] <= $now + $leeway && $now < $claims['exp'] + $leeway
        && $claims['htm'] === $_SERVER['REQUEST_METHOD'] && $claims['htu'] === $path;
    return $good ? $claims : null;
}

// The key decides about the algorithm, never the header alone.
function signed(array $keySet, array $header, string $input, string $signature): bool {
    foreach ($keySet['keys'] as $key) {
        if ($key['kid'] !== ($header['kid'] ?? null) || $key['alg'] !== ($header['alg'] ?? null) || strlen($signature) !== 64) {
            continue;
        }
        switch ($key['alg']) {
            case 'EdDSA':
                return sodium_crypto_sign_verify_detached($signature, $input, unpadded($key['x']));
            case 'ES256':
                // SubjectPublicKeyInfo of a point on P-256 (RFC 5480), and the two integers of the signature in DER.
                $spki = hex2bin('3059301306072a8648ce3d020106082a8648ce3d030107034200') . "\x04" . unpadded($key['x']) . unpadded($key['y']);
                $pem = "-----BEGIN PUBLIC KEY-----\n" . chunk_split(base64_encode($spki), 64, "\n") . "-----END PUBLIC KEY-----\n";
                $integers = integer(substr($signature, 0, 32)) . integer(substr($signature, 32));
                return openssl_verify($input, "\x30" . chr(strlen($integers)) . $integers, $pem, OPENSSL_ALGO_SHA256) === 1;
        }
    }
    return false;
}

function integer(string $bytes): string {
    $bytes = ltrim($bytes, "\x00");
    if ($bytes === '' || ord($bytes[0]) > 127) {
        $bytes = "\x00" . $bytes;
    }
    return "\x02" . chr(strlen($bytes)) . $bytes;
}

function unpadded(string $text): string {
    return (string) base64_decode(strtr($text, '-_', '+/'), true);
}
