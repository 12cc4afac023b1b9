//! A `program.toml`, good and wrong.

use super::*;
use crate::domain::provider::{Algorithm, KeySource};

const GOOD: &str = r#"
name = "Example"
currency = "USD"
time_zone = "America/New_York"
link = "https://example.com/?ref={code}"
units = ["messages"]

[codes]
format = "{random:6:A-Z}"
max_uses = "$uses"
invites = "$uses"

[settings]
uses = 10
tiers = [[0, 500], [5, 750]]
contest = {}

[[steps]]
key = "profile"
title = "Fill in your profile"

[caps.monthly]
scope = "referrer"
window = "month"
amount = 5000
on_exceeded = "clip"

[limits]
per_effect = 100000
exempt_sources = ["purchase"]
"#;

fn read(source: &str) -> Result<Manifest, RuleError> {
    Manifest::read(source, &BTreeMap::new())
}

fn refused(from: &str, to: &str) -> RuleError {
    assert!(GOOD.contains(from), "{from}");
    read(&GOOD.replace(from, to)).unwrap_err()
}

#[test]
fn a_good_one_is_bound_to_settings() {
    let manifest = read(GOOD).unwrap();
    let mut settings = manifest.defaults().clone();
    settings.insert("uses".to_owned(), 3.into());
    let program = manifest.bind("example", "hash", settings);
    assert_eq!(program.codes.max_uses, Some(3));
    assert_eq!(program.default_settings["uses"], 10);
    assert_eq!(program.caps["monthly"].measure, Measure::Amount(5_000));
    assert_eq!(program.limits.per_effect, Some(100_000));
    assert!(program.codes.invites && program.knows_unit("messages"));
    assert_eq!(manifest.numbers(), BTreeSet::from(["uses"]));
}

#[test]
fn a_setting_of_nothing_switches_invites_off() {
    let manifest = read(GOOD).unwrap();
    let settings = Map::from_iter([("uses".to_owned(), 0.into())]);
    assert!(!manifest.bind("example", "hash", settings).codes.invites);
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let error = refused("currency = \"USD\"", "currency = \"USX\"");
    assert_eq!((error.line, error.column), (Some(3), Some(12)));
    assert_eq!(error.file.as_deref(), Some("program.toml"));
    let error = refused("per_effect = 100000", "per_efect = 100000");
    assert!(error.message.contains("per_efect"), "{error}");
    assert_eq!(error.line, Some(29));
    assert!(refused("currency = \"USD\"", "").message.contains("either `currency`"));
    assert!(refused("{code}", "CODE").message.contains("{code}"));
    assert!(refused("New_York", "Atlantis").message.contains("IANA"));
    assert!(refused("max_uses = \"$uses\"", "max_uses = \"$use\"").message.contains("`use`"));
    assert!(refused("max_uses = \"$uses\"", "max_uses = -1").message.contains("0 or more"));
    assert!(refused("uses = 10", "uses = 1.5").message.contains("not a whole number"));
    assert!(refused("uses = 10", "uses = \"10\"").message.contains("must be a"));
    assert!(refused("contest = {}", "contest = 2026-12-01").message.contains("in quotes"));
    assert!(refused("amount = 5000", "").message.contains("either `count` or `amount`"));
    assert!(refused("amount = 5000", "amount = 5\ncount = 1").message.contains("either"));
    assert!(refused("\"month\"", "\"year\"").message.contains("year"));
    assert!(refused("{random:6:A-Z}", "CODE").message.contains("by chance"));
    assert!(refused("name = \"Example\"", "name = ").line.is_some());
}

const AUTH: &str = r#"
[auth]
issuer = "https://id.example.com/"
audience = "shop"
algorithms = ["RS256", "PS256"]
jwks = "https://id.example.com/jwks.json"
"#;

/// A good `program.toml` with `[auth]`, in which this is written otherwise, beside these files.
fn with_auth(from: &str, to: &str, files: &[(&str, &str)]) -> Result<Manifest, RuleError> {
    assert!(AUTH.contains(from), "{from}");
    let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    Manifest::read(&format!("{GOOD}{}", AUTH.replace(from, to)), &files.collect())
}

#[test]
fn an_identity_provider_is_read() {
    let manifest = with_auth("issuer", "issuer", &[]).unwrap();
    let bound = manifest.bind("example", "hash", Map::new());
    let provider = bound.auth.unwrap();
    assert_eq!(provider.algorithms, [Algorithm::Rs256, Algorithm::Ps256]);
    assert_eq!((provider.user_claim.as_str(), provider.audience.as_str()), ("sub", "shop"));
    let address = "https://id.example.com/jwks.json".to_owned();
    assert_eq!(provider.keys, KeySource::Jwks(address));
    assert!(read(GOOD).unwrap().bind("example", "hash", Map::new()).auth.is_none());
    for loopback in ["localhost:1", "127.0.0.1:1", "[::1]:1"] {
        with_auth("https://id.example.com/jwks", &format!("http://{loopback}/jwks"), &[]).unwrap();
    }
}

#[test]
fn a_wrong_identity_provider_is_explained_with_its_line() {
    let jwks = "jwks = \"https://id.example.com/jwks.json\"";
    let https = "https://id.example.com/jwks.json";
    let first = GOOD.lines().count() as u32;
    for (from, to, line, why) in [
        ("\"RS256\"", "\"HS256\"", 5, "secret"),
        ("\"RS256\"", "\"hs512\"", 5, "secret"),
        ("\"RS256\"", "\"none\"", 5, "anybody"),
        ("\"RS256\"", "\"NonE\"", 5, "anybody"),
        ("\"RS256\"", "\"RS257\"", 5, "EdDSA"),
        ("\"RS256\"", "\"rs256\"", 5, "RS256"),
        ("\"RS256\", \"PS256\"", "", 5, "at least one"),
        ("\"shop\"", "\"\"", 4, "1 to 255"),
        ("issuer = ", "isuer = ", 3, "isuer"),
        ("audience = \"shop\"", "", 2, "audience"),
        (jwks, "", 2, "either `jwks`"),
        (jwks, &format!("{jwks}\npem = \"idp.pem\""), 2, "either `jwks`"),
        (https, "http://id.example.com/jwks.json", 6, "https://"),
        (https, "http://127.0.0.1.example.com/", 6, "https://"),
        (https, "ftp://id.example.com/", 6, "an address like"),
        (https, "idp", 6, "an address like"),
        (https, "https://ann:secret@id.example.com/", 6, "password"),
        (jwks, "pem = \"../idp.pem\"", 6, "in this folder"),
        (jwks, "pem = \"idp.key\"", 6, "in this folder"),
        (jwks, "pem = \"idp.pem\"", 6, "no file idp.pem"),
    ] {
        let error = with_auth(from, to, &[]).unwrap_err();
        assert!(error.message.contains(why), "{to}: {error}");
        assert_eq!(error.line, Some(first + line), "{to}: {error}");
        assert_eq!(error.file.as_deref(), Some("program.toml"));
    }
}

#[test]
fn a_key_beside_it_must_fit() {
    const RSA: &str = include_str!("../../../tests/keys/rsa-one.public.pem");
    const SHORT: &str = include_str!("../../../tests/keys/rsa-short.public.pem");
    const P256: &str = include_str!("../../../tests/keys/p256.public.pem");
    const P384: &str = include_str!("../../../tests/keys/p384.public.pem");
    const ED25519: &str = include_str!("../../../tests/keys/ed25519.public.pem");
    let beside = |algorithms: &str, text: &str| {
        let keys = format!("{algorithms}\npem = \"idp.pem\"");
        let from = "[\"RS256\", \"PS256\"]\njwks = \"https://id.example.com/jwks.json\"";
        with_auth(from, &keys, &[("idp.pem", text)]).map(drop)
    };
    for (algorithms, text) in [
        ("[\"RS512\", \"PS384\"]", RSA),
        ("[\"ES256\"]", P256),
        ("[\"ES384\"]", P384),
        ("[\"EdDSA\"]", ED25519),
    ] {
        assert_eq!(beside(algorithms, text), Ok(()), "{algorithms}");
    }
    let misfit = beside("[\"RS256\", \"ES256\"]", RSA).unwrap_err();
    assert!(misfit.message.contains("RSA key, which does not fit ES256"), "{misfit}");
    assert!(misfit.line.is_some());
    let twice = format!("{RSA}{RSA}");
    let certificate = RSA.replace("PUBLIC KEY", "CERTIFICATE");
    let cut_off = RSA.replace("MIIB", "");
    for (text, why) in [
        (SHORT, "2,048 bits"),
        ("", "one public key"),
        (&twice, "one public key"),
        (&certificate, "openssl x509"),
        (&cut_off, "no public key"),
    ] {
        let error = beside("[\"RS256\"]", text).unwrap_err();
        assert!(error.message.contains(why), "{why}: {error}");
        assert_eq!(error.file.as_deref(), Some("idp.pem"));
    }
}
