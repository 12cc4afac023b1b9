//! What authenticating needs at hand: the digest of the operator's key, and keys and tenants that
//! were looked up a moment ago.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::keys::uses::Uses;
use crate::domain::refusal::Refusal;
use crate::store::{ApiKey, Database, Tenant};

/// How long a key that was looked up is remembered: an ended one works so long on other servers.
const KEY_SECONDS: u64 = 4;
/// How long a tenant that was looked up is remembered; what is kept of it does not change.
const TENANT_SECONDS: u64 = 60;
/// How many of each are remembered.
const CAPACITY: u64 = 10_000;

/// The operator's key, and what was looked up lately.
pub struct Credentials {
    /// Which keys were used.
    pub uses: Uses,
    /// SHA-256 of the operator's key.
    operator: Option<[u8; 32]>,
    keys: Cache<(i64, String), Option<Arc<ApiKey>>>,
    tenants: Cache<i64, Tenant>,
    slugs: Cache<String, i64>,
}

impl Credentials {
    /// Without an operator key nobody is the operator.
    #[must_use]
    pub fn new(operator_key: Option<&str>) -> Self {
        Self {
            uses: Uses::default(),
            operator: operator_key.map(|key| Sha256::digest(key.as_bytes()).into()),
            keys: Cache::builder()
                .max_capacity(CAPACITY)
                .time_to_live(Duration::from_secs(KEY_SECONDS))
                .build(),
            tenants: remembering(),
            slugs: remembering(),
        }
    }

    /// Is this the operator's key? Compared in constant time, and by digests, so that not even its
    /// length can be told.
    #[must_use]
    pub fn is_operator(&self, key: &str) -> bool {
        let shown: [u8; 32] = Sha256::digest(key.as_bytes()).into();
        self.operator.is_some_and(|own| bool::from(own.ct_eq(&shown)))
    }

    /// Looks keys up anew from now on.
    pub fn forget_keys(&self) {
        self.keys.invalidate_all();
    }

    /// The tenant's key with this digest, valid or not.
    pub async fn key(
        &self,
        database: &Database,
        tenant_id: i64,
        hash: &str,
    ) -> Result<Option<Arc<ApiKey>>, Refusal> {
        let look_up = async {
            let found = database.api_key_by_hash(tenant_id, hash).await?;
            Ok::<_, Refusal>(found.map(Arc::new))
        };
        let found = self.keys.try_get_with((tenant_id, hash.to_owned()), look_up).await;
        found.map_err(|refusal| Refusal::clone(&refusal))
    }

    /// The tenant with this number, who must be there.
    pub async fn tenant(&self, database: &Database, id: i64) -> Result<Tenant, Refusal> {
        let look_up = async {
            let found = database.tenant_by_id(id).await?;
            found.ok_or_else(|| Refusal::internal("a tenant is gone"))
        };
        let found = self.tenants.try_get_with(id, look_up).await;
        found.map_err(|refusal| Refusal::clone(&refusal))
    }

    /// The tenant with this slug. One that is not there is looked up again each time: it may be
    /// made at any moment.
    pub async fn tenant_by_slug(
        &self,
        database: &Database,
        slug: &str,
    ) -> Result<Option<Tenant>, Refusal> {
        if let Some(id) = self.slugs.get(slug).await {
            return self.tenant(database, id).await.map(Some);
        }
        let found = database.tenant_by_slug(slug).await?;
        if let Some(tenant) = &found {
            self.slugs.insert(slug.to_owned(), tenant.id).await;
        }
        Ok(found)
    }
}

fn remembering<K, V>() -> Cache<K, V>
where
    K: std::hash::Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    Cache::builder()
        .max_capacity(CAPACITY)
        .time_to_live(Duration::from_secs(TENANT_SECONDS))
        .build()
}
