//! Keyed digests of what is personal: they stay on the row when the personal part is deleted. The key
//! is the tenant's own secret, so a digest can be checked wherever the database is.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// What keeps these digests apart from others under the same secret.
const LABEL: &[u8] = b"personal\0";

/// The digests of tenants seen lately: a tenant's secret never changes.
pub type Known = Arc<Mutex<HashMap<i64, Digests>>>;

/// Makes digests under one key.
#[derive(Debug, Clone)]
pub struct Digests {
    mac: Option<Hmac<Sha256>>,
}

impl Digests {
    /// Digests under a tenant's secret.
    pub fn new(secret: &str) -> Self {
        // HMAC takes a key of any length, so there always is one.
        let mut mac = Hmac::new_from_slice(secret.as_bytes()).ok();
        if let Some(mac) = &mut mac {
            Mac::update(mac, LABEL);
        }
        Self { mac }
    }

    /// HMAC-SHA256 of a text, in hex.
    pub fn of(&self, text: &str) -> String {
        self.mac.clone().map_or_else(String::new, |mut mac| {
            mac.update(text.as_bytes());
            hex(&mac.finalize().into_bytes())
        })
    }
}

/// Bytes in lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
