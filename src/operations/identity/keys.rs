//! A provider's public keys, and which of them may check a token.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm as Alg, DecodingKey, Header, Validation};
use serde_json::Value;

use super::claims::Claims;
use crate::domain::provider::{Algorithm, KeyKind};

/// How many keys of a set are kept.
const MOST_KEYS: usize = 64;
/// How many keys a token without `kid` is tried with.
const MOST_TRIED: usize = 8;

/// The keys of one provider, as they were at one time.
#[derive(Debug, Default)]
pub struct KeySet {
    keys: Vec<Key>,
    /// Is it one key without a name, which `kid` does not choose?
    nameless: bool,
}

#[derive(Debug)]
struct Key {
    name: Option<String>,
    kind: KeyKind,
    /// The one algorithm that the key is for, when it says so.
    only: Option<Alg>,
    key: DecodingKey,
}

/// Why no key proves a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unproven {
    /// The provider may have another key by now that does.
    UnknownKey,
    /// The key that the token names did not sign it.
    Forged,
}

impl KeySet {
    /// Reads a JSON Web Key Set (RFC 7517). A key that cannot check signatures, or is of a kind that is
    /// not known, is passed over. `None` when this is no set.
    pub fn of_jwks(text: &[u8]) -> Option<Self> {
        let set: Value = serde_json::from_slice(text).ok()?;
        let keys = set.get("keys")?.as_array()?;
        let read = |key: &Value| Key::of_jwk(&serde_json::from_value(key.clone()).ok()?);
        Some(Self { keys: keys.iter().filter_map(read).take(MOST_KEYS).collect(), nameless: false })
    }

    /// The one key of a PEM file, which is of this kind.
    pub fn of_pem(text: &str, kind: KeyKind) -> Self {
        let read = match kind {
            KeyKind::Rsa => DecodingKey::from_rsa_pem,
            KeyKind::P256 | KeyKind::P384 => DecodingKey::from_ec_pem,
            KeyKind::Ed25519 => DecodingKey::from_ed_pem,
        };
        let key = read(text.as_bytes()).ok();
        let key = key.map(|key| Key { name: None, kind, only: None, key });
        Self { keys: key.into_iter().collect(), nameless: true }
    }

    /// What a token says, when one of these keys that fits the algorithm signed it. The token's `kid`
    /// chooses among the keys and does nothing else; keys that a token brings along are not looked at.
    pub fn claims(
        &self,
        token: &str,
        header: &Header,
        algorithm: Algorithm,
    ) -> Result<Claims, Unproven> {
        let named = header.kid.is_some() && !self.nameless;
        let fitting = self.keys.iter().filter(|key| {
            let chosen = !named || key.name == header.kid;
            chosen
                && key.kind == algorithm.key_kind()
                && key.only.is_none_or(|only| only == header.alg)
        });
        let mut tried = 0;
        for key in fitting.take(MOST_TRIED) {
            if let Ok(proven) =
                jsonwebtoken::decode::<Claims>(token, &key.key, &signature(header.alg))
            {
                return Ok(proven.claims);
            }
            tried += 1;
        }
        let forged = self.nameless || (named && tried > 0);
        Err(if forged { Unproven::Forged } else { Unproven::UnknownKey })
    }
}

/// Checks the signature alone, by this algorithm alone: the claims are compared with the injected
/// clock elsewhere.
fn signature(algorithm: Alg) -> Validation {
    let mut rules = Validation::new(algorithm);
    rules.required_spec_claims.clear();
    rules.validate_exp = false;
    rules.validate_aud = false;
    rules
}

impl Key {
    fn of_jwk(key: &Jwk) -> Option<Self> {
        let kind = match &key.algorithm {
            AlgorithmParameters::RSA(_) => KeyKind::Rsa,
            AlgorithmParameters::EllipticCurve(point) => match point.curve {
                EllipticCurve::P256 => KeyKind::P256,
                EllipticCurve::P384 => KeyKind::P384,
                _ => return None,
            },
            AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
                KeyKind::Ed25519
            }
            _ => return None,
        };
        let common = &key.common;
        let checks = common.key_operations.as_ref();
        if common.public_key_use.as_ref().is_some_and(|usage| *usage != PublicKeyUse::Signature)
            || checks.is_some_and(|operations| !operations.contains(&KeyOperations::Verify))
        {
            return None;
        }
        // One that is for an algorithm that is not known here is for nothing that may be asked for.
        let only = common.key_algorithm.map(Alg::try_from).transpose().ok()?;
        let key = DecodingKey::from_jwk(key).ok()?;
        Some(Self { name: common.key_id.clone(), kind, only, key })
    }
}
