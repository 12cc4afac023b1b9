//! Tokens, good and hostile, against keys of every kind.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{EncodingKey, encode};
use serde_json::{Value, json};

use super::*;
use crate::domain::provider::KeyKind;

const RSA: &str = include_str!("../../../tests/keys/rsa-one.pem");
const RSA_PUBLIC: &str = include_str!("../../../tests/keys/rsa-one.public.pem");
const OTHER_RSA: &str = include_str!("../../../tests/keys/rsa-two.pem");
const P256: &str = include_str!("../../../tests/keys/p256.pem");
const P384: &str = include_str!("../../../tests/keys/p384.pem");
const ED25519: &str = include_str!("../../../tests/keys/ed25519.pem");

/// When all of it happens, in seconds.
const NOW: i64 = 1_000_000;

fn now() -> Time {
    Time::from_timestamp(NOW, 0).unwrap()
}

fn private(algorithm: Alg) -> EncodingKey {
    let (read, pem): (fn(&[u8]) -> _, _) = match self::algorithm(algorithm).unwrap().key_kind() {
        KeyKind::Rsa => (EncodingKey::from_rsa_pem, RSA),
        KeyKind::P256 => (EncodingKey::from_ec_pem, P256),
        KeyKind::P384 => (EncodingKey::from_ec_pem, P384),
        KeyKind::Ed25519 => (EncodingKey::from_ed_pem, ED25519),
    };
    read(pem.as_bytes()).unwrap()
}

/// The public half as it stands in a key set.
fn jwk(key: &EncodingKey, algorithm: Alg, kid: &str) -> Value {
    let mut jwk = Jwk::from_encoding_key(key, algorithm).unwrap();
    jwk.common.key_id = Some(kid.to_owned());
    serde_json::to_value(jwk).unwrap()
}

fn set(keys: &[Value]) -> KeySet {
    KeySet::of_jwks(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
}

fn good() -> Value {
    json!({ "iss": "https://id.example.com/", "aud": "shop", "sub": "ann", "exp": NOW + 300 })
}

fn provider(algorithms: &[Algorithm]) -> Provider {
    Provider {
        issuer: "https://id.example.com/".to_owned(),
        audience: "shop".to_owned(),
        algorithms: algorithms.to_vec(),
        user_claim: "sub".to_owned(),
        keys: KeySource::Pem { text: RSA_PUBLIC.to_owned(), kind: KeyKind::Rsa },
    }
}

/// Whom a token names to the holder of the public half of `RSA`, who takes RS256.
async fn named(token: &str) -> Result<String, Refusal> {
    Providers::default().user(&provider(&[Algorithm::Rs256]), token, now()).await
}

fn signed(header: &Header, claims: &Value) -> String {
    encode(header, claims, &private(Alg::RS256)).unwrap()
}

fn part(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

#[test]
fn every_algorithm_is_checked_with_its_own_kind_of_key() {
    for (ours, name) in Algorithm::NAMES {
        let algorithm: Alg = name.parse().unwrap();
        let (key, header) = (private(algorithm), Header::new(algorithm));
        let token = encode(&header, &good(), &key).unwrap();
        let keys = set(&[jwk(&key, algorithm, "k")]);
        assert_eq!(keys.claims(&token, &header, ours).unwrap()["sub"], "ann", "{name}");
        for (other, other_name) in Algorithm::NAMES.into_iter().filter(|(other, _)| *other != ours)
        {
            let wrong = keys.claims(&token, &header, other);
            let fits = other.key_kind() == ours.key_kind();
            // The kind is what the caller listed; the signature is checked by the header's own name.
            assert_eq!(wrong.is_ok(), fits, "{name} as {other_name}");
        }
    }
}

#[tokio::test]
async fn a_good_token_names_the_user() {
    assert_eq!(named(&signed(&Header::new(Alg::RS256), &good())).await.unwrap(), "ann");
    let mut header = Header::new(Alg::RS256);
    (header.typ, header.kid) = (Some("AT+JWT".to_owned()), Some("any".to_owned()));
    assert_eq!(named(&signed(&header, &good())).await.unwrap(), "ann");
}

/// What somebody without the private key sends.
fn forgeries() -> Vec<(&'static str, String)> {
    let claims = part(&good());
    let with = |header: &Value, signature: &str| format!("{}.{claims}.{signature}", part(header));
    let true_one = signed(&Header::new(Alg::RS256), &good());
    let signature = true_one.rsplit('.').next().unwrap();
    let mut all: Vec<(&str, String)> = Vec::new();
    for none in ["none", "None", "NONE", "nOnE", "", " none", "none\0"] {
        all.push(("no signature", with(&json!({ "alg": none, "typ": "JWT" }), "")));
        all.push(("no algorithm", with(&json!({ "alg": none }), signature)));
    }
    all.push(("no algorithm named", with(&json!({ "typ": "JWT" }), "")));
    all.push(("no signature", with(&json!({ "alg": "RS256" }), "")));
    all.push(("another spelling", with(&json!({ "alg": "rs256" }), signature)));
    all.push((
        "two algorithms",
        format!(
            "{}.{claims}.{signature}",
            URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","alg":"none"}"#)
        ),
    ));
    for algorithm in [Alg::HS256, Alg::HS384, Alg::HS512] {
        for secret in [RSA_PUBLIC, RSA_PUBLIC.trim_end(), ""] {
            let key = EncodingKey::from_secret(secret.as_bytes());
            let token = encode(&Header::new(algorithm), &good(), &key).unwrap();
            all.push(("the public key as a secret", token));
        }
    }
    let stranger = EncodingKey::from_rsa_pem(OTHER_RSA.as_bytes()).unwrap();
    let mut header = Header::new(Alg::RS256);
    all.push(("another's key", encode(&header, &good(), &stranger).unwrap()));
    header.jwk = Some(Jwk::from_encoding_key(&stranger, Alg::RS256).unwrap());
    all.push(("a key brought along", encode(&header, &good(), &stranger).unwrap()));
    header = Header { jku: Some("http://127.0.0.1:1/".to_owned()), ..Header::new(Alg::RS256) };
    all.push(("a key set brought along", encode(&header, &good(), &stranger).unwrap()));
    header = Header { x5u: Some("http://127.0.0.1:1/".to_owned()), ..Header::new(Alg::RS256) };
    all.push(("a certificate brought along", encode(&header, &good(), &stranger).unwrap()));
    header = Header { kid: Some("../../dev/null".to_owned()), ..Header::new(Alg::RS256) };
    all.push(("a path as kid", encode(&header, &good(), &stranger).unwrap()));
    let mut other = good();
    other["sub"] = "bob".into();
    let head = true_one.split('.').next().unwrap();
    all.push(("changed claims", format!("{head}.{}.{signature}", part(&other))));
    all.push(("too many parts", format!("{true_one}.{signature}")));
    all.push(("too few parts", format!("{head}.{claims}")));
    all.push(("no parts", "..".to_owned()));
    all
}

#[tokio::test]
async fn what_the_provider_did_not_sign_names_nobody() {
    for (what, token) in forgeries() {
        let refused = named(&token).await.unwrap_err();
        assert_eq!(refused.code, Code::Unauthenticated, "{what}: {token}");
    }
}

#[tokio::test]
async fn what_the_provider_signed_for_something_else_names_nobody() {
    let plain = || Header::new(Alg::RS256);
    let padded = json!({ "pad": "x".repeat(LONGEST_TOKEN) });
    let token = |header: Header| signed(&header, &good());
    let rs512 = encode(&Header::new(Alg::RS512), &good(), &private(Alg::RS512)).unwrap();
    for (token, why) in [
        (token(Header { crit: Some(vec!["exp".to_owned()]), ..plain() }), "crit"),
        (token(Header { crit: Some(Vec::new()), ..plain() }), "crit"),
        (token(Header { typ: Some("logout+jwt".to_owned()), ..plain() }), "typ"),
        (signed(&plain(), &padded), "too long"),
        (rs512, "algorithm"),
    ] {
        let refused = named(&token).await.unwrap_err();
        assert_eq!(refused.code, Code::Unauthenticated);
        assert!(refused.message.contains(why), "{why}: {refused}");
    }
}

/// The good claims with these over them; null takes one away.
fn claims(change: Value) -> Claims {
    let mut claims = good().as_object().unwrap().clone();
    for (name, value) in change.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.remove(name)),
            value => drop(claims.insert(name.clone(), value.clone())),
        }
    }
    claims
}

#[test]
fn claims_hold_to_the_second() {
    let provider = provider(&[Algorithm::Rs256]);
    let micro = chrono::TimeDelta::microseconds(1);
    let user = |change: Value, now: Time| claims::user(&claims(change), &provider, now);
    let at = |seconds: i64| Time::from_timestamp(NOW + seconds, 0).unwrap();
    assert_eq!(user(json!({ "exp": NOW }), at(60) - micro).as_deref(), Ok("ann"));
    assert!(user(json!({ "exp": NOW }), at(60)).unwrap_err().contains("expired"));
    for (claim, why) in [("nbf", "nbf"), ("iat", "iat")] {
        assert_eq!(user(json!({ claim: NOW }), at(-60)).as_deref(), Ok("ann"));
        assert!(user(json!({ claim: NOW }), at(-60) - micro).unwrap_err().contains(why));
    }
    assert_eq!(user(json!({ "exp": NOW as f64 + 0.5 }), at(59)).as_deref(), Ok("ann"));
}

#[test]
fn claims_that_do_not_hold_are_named() {
    let provider = provider(&[Algorithm::Rs256]);
    for (change, why) in [
        (json!({ "iss": null }), "iss"),
        (json!({ "iss": "https://id.example.com" }), "iss"),
        (json!({ "iss": ["https://id.example.com/"] }), "iss"),
        (json!({ "aud": null }), "aud"),
        (json!({ "aud": "shopping" }), "aud"),
        (json!({ "aud": [] }), "aud"),
        (json!({ "aud": { "shop": true } }), "aud"),
        (json!({ "aud": [["shop"]] }), "aud"),
        (json!({ "exp": null }), "no end"),
        (json!({ "exp": "9999999999" }), "exp"),
        (json!({ "exp": true }), "exp"),
        (json!({ "exp": 1e300 }), "exp"),
        (json!({ "exp": u64::MAX }), "exp"),
        (json!({ "exp": i64::MAX }), "exp"),
        (json!({ "exp": -1 }), "expired"),
        (json!({ "nbf": "soon" }), "nbf"),
        (json!({ "iat": [] }), "iat"),
        (json!({ "sub": null }), "sub"),
        (json!({ "sub": "" }), "sub"),
        (json!({ "sub": "a\u{0}b" }), "sub"),
        (json!({ "sub": "x".repeat(256) }), "sub"),
        (json!({ "sub": 1.5 }), "sub"),
        (json!({ "sub": true }), "sub"),
        (json!({ "sub": ["ann"] }), "sub"),
        (json!({ "sub": { "id": "ann" } }), "sub"),
    ] {
        let refused = claims::user(&claims(change.clone()), &provider, now()).unwrap_err();
        assert!(refused.contains(why), "{change}: {refused}");
        assert!(!refused.contains("ann") && !refused.contains("shop"), "{refused}");
    }
    let user = |provider: &Provider, change| claims::user(&claims(change), provider, now());
    assert_eq!(user(&provider, json!({ "aud": ["till", "shop"] })).as_deref(), Ok("ann"));
    assert_eq!(user(&provider, json!({ "sub": 42 })).as_deref(), Ok("42"));
    let by = Provider { user_claim: "https://shop.example/id".to_owned(), ..provider };
    assert_eq!(user(&by, json!({ "https://shop.example/id": "bob" })).as_deref(), Ok("bob"));
    assert!(user(&by, json!({})).is_err());
}

#[test]
fn a_key_set_gives_only_keys_that_may_check_signatures() {
    let key = private(Alg::RS256);
    let of = |change: Value| {
        let mut jwk = jwk(&key, Alg::RS256, "one");
        for (name, value) in change.as_object().unwrap() {
            jwk[name] = value.clone();
        }
        set(&[json!({ "kty": "odd" }), json!(7), jwk])
    };
    let header = Header { kid: Some("one".to_owned()), ..Header::new(Alg::RS256) };
    let token = signed(&header, &good());
    let proven = |keys: &KeySet| keys.claims(&token, &header, Algorithm::Rs256).map(drop);
    for good in [
        json!({}),
        json!({ "use": "sig", "key_ops": ["verify"] }),
        json!({ "x5c": ["not looked at"] }),
    ] {
        assert_eq!(proven(&of(good.clone())), Ok(()), "{good}");
    }
    for bad in [
        json!({ "use": "enc" }),
        json!({ "use": "tls" }),
        json!({ "key_ops": ["encrypt"] }),
        json!({ "alg": "RS512" }),
        json!({ "alg": "RSA-OAEP" }),
        json!({ "alg": "HS256" }),
        json!({ "alg": "unheard of" }),
        json!({ "kid": "two" }),
        json!({ "kty": "oct", "k": URL_SAFE_NO_PAD.encode(RSA_PUBLIC) }),
        json!({ "n": "AQAB" }),
    ] {
        assert!(proven(&of(bad.clone())).is_err(), "{bad}");
    }
    assert_eq!(proven(&of(json!({ "kid": "two" }))), Err(Unproven::UnknownKey));
    let other = EncodingKey::from_rsa_pem(OTHER_RSA.as_bytes()).unwrap();
    let renamed = set(&[jwk(&other, Alg::RS256, "one"), jwk(&key, Alg::RS256, "two")]);
    assert_eq!(proven(&renamed), Err(Unproven::Forged));
}

#[test]
fn a_token_without_kid_is_tried_with_the_keys_that_fit() {
    let key = private(Alg::RS256);
    let other = EncodingKey::from_rsa_pem(OTHER_RSA.as_bytes()).unwrap();
    let header = Header::new(Alg::RS256);
    let token = signed(&header, &good());
    let wrong = jwk(&other, Alg::RS256, "x");
    let keys = set(&[
        wrong.clone(),
        jwk(&private(Alg::ES256), Alg::ES256, "e"),
        jwk(&key, Alg::RS256, "r"),
    ]);
    assert!(keys.claims(&token, &header, Algorithm::Rs256).is_ok());
    let keys = set(&[wrong]);
    let unknown = keys.claims(&token, &header, Algorithm::Rs256);
    assert_eq!(unknown, Err(Unproven::UnknownKey), "the provider may have another by now");
    assert!(KeySet::of_jwks(b"<html>").is_none() && KeySet::of_jwks(b"{\"keys\":{}}").is_none());
}
