//! Users who come with a token of their tenant's own identity provider.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use guerdon::app::App;
use guerdon::operations::clock::Clock;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::harness::provider::{
    KEY_ONE, KEY_TWO, Provider, auth, change, claims_of, sign_in_with, token_of,
};
use crate::harness::{Caller, Server, Socket, Way, listen, settings};
use crate::stories;

stories!("rules/productready", "rules/starter":
    a_providers_token_signs_its_user_in,
    which_tenant_is_meant_must_be_said,
    a_token_holds_until_60_seconds_after_its_end,
    a_token_is_for_its_own_tenant_alone,
    no_other_signature_takes_its_place,
    a_key_in_a_file_belongs_to_the_version,
    a_mistake_leaves_the_last_good_provider,
);

const PUBLIC_ONE: &str = include_str!("../../keys/rsa-one.public.pem");
const ME: &str = "{ me { id } }";

/// Ann of productready, who is registered, and the provider that knows her.
async fn with_provider(server: &Server) -> Provider {
    let provider = Provider::start(&[("one", KEY_ONE)]).await;
    server.shop("productready").await.register("ann").await;
    let error = sign_in_with(server, "productready", &provider.auth("product")).await;
    assert!(error.is_null(), "{error:#}");
    provider
}

/// Who shows this token, and names the tenant.
fn shows(server: &Server, claims: &Value) -> Caller {
    server.bearer(&token_of(("one", KEY_ONE), claims)).naming("productready")
}

async fn refused(caller: &Caller, code: &str) -> String {
    caller.gql(ME, json!({})).await.refused(code)["message"].as_str().unwrap().to_owned()
}

async fn a_providers_token_signs_its_user_in(server: &Server) {
    let _provider = with_provider(server).await;
    let ann = shows(server, &claims_of(server, "ann", "product"));
    assert_eq!(ann.get(ME).await["id"], "ann");
    ann.gql("{ users { nodes { id } } }", json!({})).await.refused("FORBIDDEN");
    let mut socket = Socket::connect(listen(server).await, ann.init()).await;
    socket.subscribe("1", "subscription { creditsChanged { userId } }").await;
    assert_eq!(socket.data("1").await["userId"], "ann");
    let stranger = shows(server, &claims_of(server, "nobody", "product"));
    refused(&stranger, "NOT_FOUND").await;
    // Another claim may name the user, and with a number.
    let by = "user_claim = \"https://product.example/id\"\n";
    let text = std::fs::read_to_string(server.rules.join("productready/program.toml")).unwrap();
    let now = format!("{by}{}", text.split("[auth]\n").nth(1).unwrap());
    sign_in_with(server, "productready", &now).await;
    server.shop("productready").await.register("42").await;
    let mut claims = claims_of(server, "ann", "product");
    claims["https://product.example/id"] = json!(42);
    assert_eq!(shows(server, &claims).get(ME).await["id"], "42");
}

async fn which_tenant_is_meant_must_be_said(server: &Server) {
    let _provider = with_provider(server).await;
    let token = token_of(("one", KEY_ONE), &claims_of(server, "ann", "product"));
    let said = refused(&server.bearer(&token), "UNAUTHENTICATED").await;
    assert!(said.contains("X-Tenant"), "{said}");
    let said = refused(&server.bearer(&token).naming("starter"), "UNAUTHENTICATED").await;
    assert!(said.contains("[auth]"), "{said}");
    refused(&server.bearer(&token).naming("nowhere"), "NOT_FOUND").await;
    // Our own token names its tenant, as ever, beside a provider too.
    let own = server.user("productready", "ann").await;
    assert_eq!(own.get(ME).await["id"], "ann");
    refused(&own.naming("starter"), "FORBIDDEN").await;
}

async fn a_token_holds_until_60_seconds_after_its_end(server: &Server) {
    let _provider = with_provider(server).await;
    let ann = shows(server, &claims_of(server, "ann", "product"));
    let own = server.service("productready").await;
    let input = json!({ "userId": "ann", "ttlSeconds": 300 });
    let own = own.mutate("issueUserToken", input, "token").await.ok();
    let own = server.bearer(own["token"].as_str().unwrap());
    let micro = TimeDelta::microseconds(1);
    server.advance(TimeDelta::seconds(300) - micro);
    own.get(ME).await;
    server.advance(micro);
    refused(&own, "UNAUTHENTICATED").await;
    server.advance(TimeDelta::seconds(60) - micro);
    assert_eq!(ann.get(ME).await["id"], "ann");
    server.advance(micro);
    let said = refused(&ann, "UNAUTHENTICATED").await;
    assert!(said.contains("expired"), "{said}");
    let mut early = claims_of(server, "ann", "product");
    early["nbf"] = json!(server.now().timestamp() + 61);
    let early = shows(server, &early);
    assert!(refused(&early, "UNAUTHENTICATED").await.contains("nbf"));
    server.advance(TimeDelta::seconds(1));
    early.get(ME).await;
}

async fn a_token_is_for_its_own_tenant_alone(server: &Server) {
    let provider = with_provider(server).await;
    server.shop("starter").await.register("ann").await;
    sign_in_with(server, "starter", &provider.auth("other")).await;
    let token = |audience| token_of(("one", KEY_ONE), &claims_of(server, "ann", audience));
    for (slug, audience, holds) in [
        ("productready", "product", true),
        ("starter", "other", true),
        ("productready", "other", false),
        ("starter", "product", false),
    ] {
        let caller = server.bearer(&token(audience)).naming(slug);
        if holds {
            assert_eq!(caller.get(ME).await["id"], "ann");
        } else {
            assert!(refused(&caller, "UNAUTHENTICATED").await.contains("audience"));
        }
    }
    let mut claims = claims_of(server, "ann", "product");
    claims["iss"] = json!("https://other.example.com/");
    assert!(refused(&shows(server, &claims), "UNAUTHENTICATED").await.contains("issuer"));
}

async fn no_other_signature_takes_its_place(server: &Server) {
    let _provider = with_provider(server).await;
    let mut claims = claims_of(server, "ann", "product");
    claims["tenant"] = json!("productready");
    let part = |json: Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let mut tokens = vec![token_of(("one", KEY_TWO), &claims), token_of(("two", KEY_TWO), &claims)];
    for secret in [PUBLIC_ONE, PUBLIC_ONE.trim(), ""] {
        let key = EncodingKey::from_secret(secret.as_bytes());
        tokens.push(encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap());
    }
    for none in ["none", "None", "NONE", "nOnE", ""] {
        tokens.push(format!("{}.{}.", part(json!({ "alg": none })), part(claims.clone())));
    }
    for token in tokens {
        for caller in [server.bearer(&token), server.bearer(&token).naming("productready")] {
            refused(&caller, "UNAUTHENTICATED").await;
        }
    }
    assert_eq!(
        shows(server, &claims).get(ME).await["id"],
        "ann",
        "signed by the right key, it holds"
    );
}

async fn a_key_in_a_file_belongs_to_the_version(server: &Server) {
    server.shop("productready").await.register("ann").await;
    let file = server.rules.join("productready/idp.pem");
    std::fs::write(&file, PUBLIC_ONE).unwrap();
    let error = sign_in_with(server, "productready", &auth("product", "pem = \"idp.pem\"")).await;
    assert!(error.is_null(), "{error:#}");
    let claims = claims_of(server, "ann", "product");
    let token = token_of(("any", KEY_ONE), &claims);
    let here = server.bearer(&token).naming("productready");
    assert_eq!(here.get(ME).await["id"], "ann");
    // Another server has no such folder: the version has the key.
    let empty = tempfile::tempdir().unwrap();
    let clock = Clock::manual(server.now());
    let other = App::start(settings(&server.database.url, empty.path()), clock).await.unwrap();
    let there = Caller::new(Way::Router(other.router()), Some(token), Some("productready"));
    assert_eq!(there.get(ME).await["id"], "ann");
    // A private key is not taken, and what was taken goes on.
    let error = change(server, "productready", &file, KEY_TWO).await;
    assert_eq!(error["file"], "idp.pem");
    assert!(error["message"].as_str().unwrap().contains("private key"), "{error:#}");
    here.get(ME).await;
    let kept = "SELECT name FROM program_versions WHERE files LIKE '%PRIVATE KEY%'";
    assert_eq!(server.database.find(kept).await.len(), 0);
    // Another public key takes the place of the first, on both servers.
    let other_key = include_str!("../../keys/p256.public.pem");
    std::fs::write(&file, other_key).unwrap();
    let es256 = auth("product", "pem = \"idp.pem\"").replace("RS256", "ES256");
    assert!(sign_in_with(server, "productready", &es256).await.is_null());
    refused(&here, "UNAUTHENTICATED").await;
    refused(&there, "UNAUTHENTICATED").await;
    let key = EncodingKey::from_ec_pem(include_bytes!("../../keys/p256.pem")).unwrap();
    let token = encode(&Header::new(Algorithm::ES256), &claims, &key).unwrap();
    for router in [server.app.router(), other.router()] {
        let caller = Caller::new(Way::Router(router), Some(token.clone()), Some("productready"));
        assert_eq!(caller.get(ME).await["id"], "ann");
    }
    other.stop().await;
}

async fn a_mistake_leaves_the_last_good_provider(server: &Server) {
    let provider = with_provider(server).await;
    let ann = shows(server, &claims_of(server, "ann", "product"));
    let wrong = provider.auth("product").replace("RS256", "HS256");
    let error = sign_in_with(server, "productready", &wrong).await;
    assert!(error["message"].as_str().unwrap().contains("HS256"), "{error:#}");
    assert!(error["line"].is_number() && error["file"] == "program.toml", "{error:#}");
    assert_eq!(ann.get(ME).await["id"], "ann");
}
