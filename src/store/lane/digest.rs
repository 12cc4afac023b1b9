//! Keyed digests of what is personal: they stay on the row when the personal part is deleted.

use std::fmt::Write as _;

use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretSlice};
use sha2::Sha256;

/// Makes digests under one key.
#[derive(Debug, Clone)]
pub struct Digests {
    mac: Option<Hmac<Sha256>>,
}

impl Digests {
    /// Digests under `key`.
    pub fn new(key: &SecretSlice<u8>) -> Self {
        // HMAC takes a key of any length, so there always is one.
        Self { mac: Hmac::new_from_slice(key.expose_secret()).ok() }
    }

    /// HMAC-SHA256 of a text, in hex.
    pub fn of(&self, text: &str) -> String {
        let mut hex = String::with_capacity(64);
        if let Some(mut mac) = self.mac.clone() {
            mac.update(text.as_bytes());
            for byte in mac.finalize().into_bytes() {
                // Writing to a string cannot fail.
                let _ = write!(hex, "{byte:02x}");
            }
        }
        hex
    }
}
