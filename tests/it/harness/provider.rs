//! A tenant's own identity provider: it serves its public keys, counts how often it is asked, and can be
//! ill in every way. And the tokens that it signs.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::Server;

/// Two key pairs of the tests.
pub const KEY_ONE: &str = include_str!("../../keys/rsa-one.pem");
pub const KEY_TWO: &str = include_str!("../../keys/rsa-two.pem");

/// Who signs in every test.
pub const ISSUER: &str = "https://id.example.com/";

/// How a provider feels.
#[derive(Debug, Clone)]
pub enum Mood {
    Well,
    /// Well, with this `Cache-Control`.
    WellFor(&'static str),
    /// It takes so long.
    Slow(Duration),
    /// It answers this instead.
    Ill(u16, String),
    /// It sends callers to another address.
    Elsewhere(String),
}

/// A provider that listens on a port of its own.
pub struct Provider {
    /// Where its key set is.
    pub address: String,
    shared: Arc<Shared>,
}

struct Shared {
    asked: AtomicUsize,
    mood: Mutex<Mood>,
    keys: Mutex<Vec<Value>>,
}

impl Provider {
    /// Starts one with these keys, each under its name.
    pub async fn start(keys: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/jwks.json", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            asked: AtomicUsize::new(0),
            mood: Mutex::new(Mood::Well),
            keys: Mutex::default(),
        });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        tokio::spawn(axum::serve(listener, router).into_future());
        let provider = Self { address, shared };
        provider.has(keys);
        provider
    }

    /// From now on it has these keys, each under its name.
    pub fn has(&self, keys: &[(&str, &str)]) {
        let jwk = |(kid, pem): &(&str, &str)| {
            let key = EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap();
            let mut jwk = Jwk::from_encoding_key(&key, Algorithm::RS256).unwrap();
            jwk.common.key_id = Some((*kid).to_owned());
            serde_json::to_value(jwk).unwrap()
        };
        *self.shared.keys.lock().unwrap() = keys.iter().map(jwk).collect();
    }

    /// From now on it feels so.
    pub fn is(&self, mood: Mood) {
        *self.shared.mood.lock().unwrap() = mood;
    }

    /// How often it was asked so far.
    pub fn asked(&self) -> usize {
        self.shared.asked.load(Ordering::SeqCst)
    }

    /// Waits until it was asked so often, and no more.
    pub async fn is_asked(&self, times: usize) {
        for _ in 0..200 {
            if self.asked() >= times {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(self.asked(), times);
    }

    /// What `[auth]` says of it, for this audience.
    pub fn auth(&self, audience: &str) -> String {
        auth(audience, &format!("jwks = {:?}", self.address))
    }
}

/// An `[auth]` for this audience, whose keys are there.
pub fn auth(audience: &str, keys: &str) -> String {
    format!("issuer = {ISSUER:?}\naudience = {audience:?}\nalgorithms = [\"RS256\"]\n{keys}\n")
}

async fn answer(State(shared): State<Arc<Shared>>) -> Response {
    shared.asked.fetch_add(1, Ordering::SeqCst);
    let mood = shared.mood.lock().unwrap().clone();
    let keys = json!({ "keys": *shared.keys.lock().unwrap() }).to_string();
    match mood {
        Mood::Well => keys.into_response(),
        Mood::WellFor(control) => ([(header::CACHE_CONTROL, control)], keys).into_response(),
        Mood::Slow(span) => {
            tokio::time::sleep(span).await;
            keys.into_response()
        }
        Mood::Ill(status, text) => (StatusCode::from_u16(status).unwrap(), text).into_response(),
        Mood::Elsewhere(address) => {
            (StatusCode::FOUND, [(header::LOCATION, address)]).into_response()
        }
    }
}

/// A token signed with a private key of this name.
pub fn token_of((kid, pem): (&str, &str), claims: &Value) -> String {
    let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::RS256) };
    encode(&header, claims, &EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap()).unwrap()
}

/// The claims of a user, which hold for five minutes from now on.
pub fn claims_of(server: &Server, user: &str, audience: &str) -> Value {
    let now = server.now().timestamp();
    json!({ "iss": ISSUER, "aud": audience, "sub": user, "iat": now, "exp": now + 300 })
}

/// Lets a tenant's program, which has its name, say this in `[auth]`; waits until the server has seen it.
/// Gives the program's error, if it has one.
pub async fn sign_in_with(server: &Server, slug: &str, auth: &str) -> Value {
    let manifest = server.rules.join(slug).join("program.toml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    let plain = text.split("[auth]").next().unwrap();
    change(server, slug, &manifest, &format!("{plain}\n[auth]\n{auth}")).await
}

/// Writes a file of a tenant's program; waits until the server has seen it.
pub async fn change(server: &Server, slug: &str, file: &std::path::Path, text: &str) -> Value {
    let admin = server.admin(slug).await;
    let query = "{ tenant { program { hash error { message file line } } } }";
    let program = async || admin.get(query).await["program"].clone();
    let before = program().await;
    std::fs::write(file, text).unwrap();
    for _ in 0..400 {
        let now = program().await;
        // What was wrong is forgotten a moment before the new version is in force.
        let is_wrong = now["error"] != before["error"] && !now["error"].is_null();
        if now["hash"] != before["hash"] || is_wrong {
            // A server remembers for a second which provider a tenant has.
            tokio::time::sleep(Duration::from_millis(1_050)).await;
            return now["error"].clone();
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the server did not notice {}", file.display());
}
