//! A public key in a PEM file (RFC 7468) of a program's folder.

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};

use crate::domain::provider::KeyKind;

/// The shortest RSA modulus that is taken, in bytes: 2,048 bits (RFC 7518, section 3.3).
const SHORTEST_MODULUS: usize = 256;

/// Does the text hold a private key? None may lie in a program's folder: its files are kept with
/// every version, and administrators read them.
pub fn is_private(text: &str) -> bool {
    text.contains("PRIVATE KEY")
}

/// What the one public key in the text is. The error is a sentence that says what to do.
pub fn kind(text: &str) -> Result<KeyKind, String> {
    if text.contains("BEGIN CERTIFICATE") {
        let message = "This is a certificate: write the key out of it, with \
                       `openssl x509 -pubkey -noout -in certificate.pem`.";
        return Err(message.to_owned());
    }
    if text.matches("-----BEGIN ").count() != 1 {
        return Err(
            "This file must hold one public key, from `-----BEGIN PUBLIC KEY-----` on.".to_owned()
        );
    }
    let bytes = text.as_bytes();
    if let Ok(key) = DecodingKey::from_ed_pem(bytes) {
        return of_length(&key, &[(32, KeyKind::Ed25519)]);
    }
    if let Ok(key) = DecodingKey::from_ec_pem(bytes) {
        return of_length(&key, &[(65, KeyKind::P256), (97, KeyKind::P384)]);
    }
    match DecodingKey::from_rsa_pem(bytes) {
        Ok(key) => rsa(&key),
        Err(_) => Err(unknown()),
    }
}

/// Tells keys that are points, and so are bytes of a known number, apart.
fn of_length(key: &DecodingKey, known: &[(usize, KeyKind)]) -> Result<KeyKind, String> {
    let length = key.try_get_as_bytes().map_or(0, <[u8]>::len);
    let kind = known.iter().find(|(bytes, _)| *bytes == length).map(|(_, kind)| *kind);
    kind.ok_or_else(unknown)
}

fn rsa(key: &DecodingKey) -> Result<KeyKind, String> {
    let AlgorithmParameters::RSA(parts) =
        Jwk::from_decoding_key(key, None).map_err(|_| unknown())?.algorithm
    else {
        return Err(unknown());
    };
    // Four letters of base64url are three bytes.
    if parts.n.len() * 3 / 4 < SHORTEST_MODULUS {
        return Err("This RSA key is too short: it must have 2,048 bits or more.".to_owned());
    }
    Ok(KeyKind::Rsa)
}

fn unknown() -> String {
    "This is no public key that is known here: give one for RSA, P-256, P-384 or Ed25519."
        .to_owned()
}
