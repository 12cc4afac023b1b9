//! Keyed digests of what is personal: they stay on the row when the personal part is deleted. The key
//! is the tenant's own secret, so a digest can be checked wherever the database is.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hmac::{Hmac, Mac};
use sea_orm::{ConnectionTrait, EntityTrait};
use sha2::Sha256;

use crate::store::StoreError;
use crate::store::rows::tenant;

/// What keeps these digests apart from others under the same secret.
const LABEL: &[u8] = b"personal\0";

/// The digests of tenants seen lately: a tenant's secret never changes.
#[derive(Debug, Clone, Default)]
pub struct Known(Arc<Mutex<HashMap<i64, Digests>>>);

impl Known {
    /// The digests of a tenant, under its secret.
    pub async fn of<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant_id: i64,
    ) -> Result<Digests, StoreError> {
        let known = self.lock().get(&tenant_id).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let row = tenant::Entity::find_by_id(tenant_id).one(connection).await?;
        let found = Digests::new(&row.ok_or(StoreError::UnknownTenant(tenant_id))?.jwt_secret);
        self.lock().insert(tenant_id, found.clone());
        Ok(found)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<i64, Digests>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes digests under one key.
#[derive(Debug, Clone)]
pub struct Digests {
    mac: Option<Hmac<Sha256>>,
}

impl Digests {
    fn new(secret: &str) -> Self {
        // HMAC takes a key of any length, so there always is one.
        let mut mac = Hmac::new_from_slice(secret.as_bytes()).ok();
        if let Some(mac) = &mut mac {
            Mac::update(mac, LABEL);
        }
        Self { mac }
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
