//! Seals: a keyed hash on each event, over its row as it is stored and the seal of the event before
//! it. Who changes, deletes or inserts a row without the key cannot make a seal that fits. The key is
//! not in the database.

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use super::digest::hex;
use crate::store::rows::event;

/// What makes the ledger's key of a secret that serves other ends too.
const LABEL: &[u8] = b"guerdon: the seals of the ledger, 1";

/// What stands before the seal of an event that was sealed after it was committed.
const LATE: &str = "late-";

/// The key under which the ledger is sealed.
#[derive(Clone)]
pub struct LedgerKey(Hmac<Sha256>);

/// The end of a tenant's chain of seals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The number of the last event that has a seal; 0 before the first.
    pub seq: i64,
    /// Its seal.
    pub seal: Option<String>,
}

/// When an event was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sealed {
    /// As it was written.
    AtOnce,
    /// Later: a version that knew no seals had written it. The seal says so itself, so that nobody
    /// without the key can pass a late one off as made at once.
    Late,
}

impl std::fmt::Debug for LedgerKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("LedgerKey")
    }
}

impl LedgerKey {
    /// The key that is derived from a secret, as the operator's key is one.
    #[must_use]
    pub fn new(secret: &str) -> Self {
        let mut derived = keyed(secret.as_bytes());
        derived.update(LABEL);
        Self(keyed(&derived.finalize().into_bytes()))
    }

    /// By what the key is known in the database, which tells nothing of it.
    pub fn fingerprint(&self) -> String {
        let mut mac = self.0.clone();
        field(&mut mac, Some(b"fingerprint"));
        hex(&mac.finalize().into_bytes())
    }

    /// The seal of an event, after the seal of the one before it.
    pub fn seal(&self, previous: Option<&str>, when: Sealed, row: &event::Model) -> String {
        let mut mac = self.0.clone();
        field(&mut mac, previous.map(str::as_bytes));
        field(&mut mac, Some(&[u8::from(when == Sealed::Late)]));
        columns(&mut mac, row);
        let seal = hex(&mac.finalize().into_bytes());
        match when {
            Sealed::AtOnce => seal,
            Sealed::Late => format!("{LATE}{seal}"),
        }
    }
}

impl Sealed {
    /// When a seal says that it was made.
    pub fn of(seal: &str) -> Self {
        if seal.starts_with(LATE) { Self::Late } else { Self::AtOnce }
    }
}

/// The part of a seal that is hex.
pub fn hex_of(seal: &str) -> &str {
    seal.strip_prefix(LATE).unwrap_or(seal)
}

/// HMAC-SHA256 under a key of any length. The block is made here as the algorithm has it, because
/// then nothing can fail.
fn keyed(key: &[u8]) -> Hmac<Sha256> {
    let mut block = [0_u8; 64];
    let hashed = Sha256::digest(key);
    let key = if key.len() > block.len() { hashed.as_slice() } else { key };
    for (place, byte) in block.iter_mut().zip(key) {
        *place = *byte;
    }
    Mac::new(&block.into())
}

/// Every column but the seal, in an order that never changes. A new column does not compile before
/// it is thought of here.
fn columns(mac: &mut Hmac<Sha256>, row: &event::Model) {
    let event::Model {
        tenant_id,
        seq,
        id,
        operation,
        idempotency_key,
        input_hash,
        user_id,
        actor,
        body,
        personal_digest,
        seed,
        at,
        program_hash,
        settings_version,
        answer,
        seal: _,
    } = row;
    field(mac, Some(&tenant_id.to_be_bytes()));
    field(mac, Some(&seq.to_be_bytes()));
    field(mac, Some(id.as_bytes()));
    field(mac, Some(operation.as_bytes()));
    field(mac, idempotency_key.as_deref().map(str::as_bytes));
    field(mac, Some(input_hash.as_bytes()));
    field(mac, user_id.as_deref().map(str::as_bytes));
    field(mac, Some(actor.as_bytes()));
    field(mac, Some(body.as_bytes()));
    field(mac, personal_digest.as_deref().map(str::as_bytes));
    field(mac, Some(seed.as_bytes()));
    field(mac, Some(&at.to_be_bytes()));
    field(mac, Some(program_hash.as_bytes()));
    field(mac, Some(&settings_version.to_be_bytes()));
    field(mac, Some(answer.as_bytes()));
}

/// A value with its length before it, so that none can run into the next; an absent one is unlike
/// an empty one.
fn field(mac: &mut Hmac<Sha256>, value: Option<&[u8]>) {
    match value {
        None => mac.update(&[0]),
        Some(bytes) => {
            mac.update(&[1]);
            mac.update(&(bytes.len() as u64).to_be_bytes());
            mac.update(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_usual_hmac() {
        for length in [0, 20, 64, 65, 200] {
            let key = vec![7_u8; length];
            let usual = Hmac::<Sha256>::new_from_slice(&key).unwrap();
            let (mut ours, mut theirs) = (keyed(&key), usual);
            ours.update(b"text");
            theirs.update(b"text");
            assert_eq!(ours.finalize().into_bytes(), theirs.finalize().into_bytes(), "{length}");
        }
    }

    #[test]
    fn a_key_does_not_show_itself() {
        let key = LedgerKey::new("a secret that nobody knows");
        assert_eq!(format!("{key:?}"), "LedgerKey");
        assert_eq!(key.fingerprint(), LedgerKey::new("a secret that nobody knows").fingerprint());
        assert_ne!(key.fingerprint(), LedgerKey::new("another").fingerprint());
    }
}
