//! Secrets: random bits, and digests that only the holder of a tenant's secret can make.

use hmac::{Hmac, Mac};
use rand::TryRngCore;
use rand::rngs::OsRng;
use sha2::Sha256;
use uuid::Uuid;

use crate::domain::refusal::Refusal;

/// A tenant's secret: it signs user tokens and keys digests.
#[derive(Clone)]
pub struct TenantSecret(String);

impl TenantSecret {
    /// Takes the secret as it is kept.
    #[must_use]
    pub const fn new(kept: String) -> Self {
        Self(kept)
    }

    /// The bytes that sign user tokens.
    #[must_use]
    pub const fn signing_key(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// A digest of `text`, in hex, that only the holder of the secret can make. The label keeps
    /// digests of different things apart: the same text under another label has another digest.
    #[must_use]
    pub fn digest(&self, label: &str, text: &str) -> String {
        hex(&self.mac(label, text))
    }

    fn mac(&self, label: &str, text: &str) -> Vec<u8> {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()) else {
            // HMAC takes a key of any length: this cannot be reached.
            return Vec::new();
        };
        mac.update(label.as_bytes());
        mac.update(&[0]);
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().to_vec()
    }
}

impl std::fmt::Debug for TenantSecret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TenantSecret")
    }
}

/// 256 random bits of the system's, in hex.
pub fn random_hex() -> Result<String, Refusal> {
    let mut bytes = [0_u8; 32];
    fill(&mut bytes)?;
    Ok(hex(&bytes))
}

/// 128 random bits of the system's.
pub fn random_uuid() -> Result<Uuid, Refusal> {
    let mut bytes = [0_u8; 16];
    fill(&mut bytes)?;
    Ok(Uuid::from_bytes(bytes))
}

fn fill(bytes: &mut [u8]) -> Result<(), Refusal> {
    OsRng
        .try_fill_bytes(bytes)
        .map_err(|error| Refusal::internal(format!("the system has no random bits: {error}")))
}

/// Bytes in lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_secrets_keep_digests_apart() {
        let secret = TenantSecret::new("one".to_owned());
        let other = TenantSecret::new("other".to_owned());
        assert_eq!(secret.digest("ip", "10.0.0.1"), secret.digest("ip", "10.0.0.1"));
        assert_ne!(secret.digest("ip", "10.0.0.1"), secret.digest("device", "10.0.0.1"));
        assert_ne!(secret.digest("ip", "10.0.0.1"), other.digest("ip", "10.0.0.1"));
    }
}
