//! Documents that clients name by their hash: Apollo's protocol of automatic persisted queries. A client
//! sends the SHA-256 of its document alone; where it is not known, the client sends the document too,
//! once, and from then on the hash will do.

use std::sync::Arc;

use moka::future::Cache;
use moka::policy::EvictionPolicy;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::asked::Asked;
use super::not_run::NotRun;
use crate::domain::caller::{Caller, Role};
use crate::graphql::document_error;

/// How many documents are kept.
#[derive(Debug, Clone, Copy)]
pub struct PersistedLimits {
    /// How many documents each tenant has at most; with 0, none is kept.
    pub documents: u32,
    /// How many bytes each tenant's documents have together.
    pub bytes: u32,
    /// For how many tenants documents are kept; who was not heard of for longest gives way.
    pub tenants: u64,
}

impl Default for PersistedLimits {
    fn default() -> Self {
        Self { documents: 1_000, bytes: 1_024 * 1_024, tenants: 64 }
    }
}

/// The SHA-256 of a document's text.
type Hash = [u8; 32];
/// The documents of one tenant.
type Shelf = Cache<Hash, Arc<str>>;

/// What a document takes beside its text: its hash, and the cache's own notes.
const OVERHEAD_BYTES: u32 = 256;

/// The documents that are kept, each tenant's on a shelf of its own: none can see, or push out, what
/// another's callers registered.
pub struct Persisted {
    limits: PersistedLimits,
    /// By the tenant's number; the operator without a tenant has a shelf too.
    shelves: Cache<Option<i64>, Shelf>,
}

/// A document's text, and what to keep of it once it was executed.
pub struct Found {
    /// The document.
    pub text: String,
    /// What to give to [`Persisted::keep`].
    pub registration: Option<Registration>,
}

/// A document that its sender wants to name by its hash from now on.
pub struct Registration {
    shelf: Option<i64>,
    hash: Hash,
    text: Arc<str>,
}

impl Persisted {
    /// No document yet.
    #[must_use]
    pub fn new(limits: PersistedLimits) -> Self {
        let shelves = Cache::builder()
            .max_capacity(limits.tenants)
            .eviction_policy(EvictionPolicy::lru())
            .build();
        Self { limits, shelves }
    }

    /// The document that is asked for: as it was sent, or as its hash names it. Who has no credential
    /// may name what their tenant's callers registered, and registers nothing.
    pub async fn document(&self, caller: &Caller, asked: &mut Asked) -> Result<Found, NotRun> {
        let hash = named(asked)?;
        let text = asked.query.take().filter(|text| hash.is_none() || !text.is_empty());
        let is_stranger = caller.role == Role::Public;
        let shelf = caller.tenant.as_ref().map(|tenant| tenant.id);
        match (text, hash) {
            (Some(text), Some(hash)) if Hash::from(Sha256::digest(&text)) != hash => {
                let message =
                    "sha256Hash is not the hash of this query: send the SHA-256 of its text.";
                Err(NotRun::malformed(message))
            }
            (Some(text), Some(hash)) if !is_stranger => {
                let registration = Some(Registration { shelf, hash, text: text.as_str().into() });
                Ok(Found { text, registration })
            }
            (Some(text), _) => Ok(Found { text, registration: None }),
            (None, Some(_)) if is_stranger && shelf.is_none() => Err(not_found()),
            (None, Some(hash)) => {
                let shelf = self.shelves.get(&shelf).await.ok_or_else(not_found)?;
                let text = shelf.get(&hash).await.ok_or_else(not_found)?;
                Ok(Found { text: text.as_ref().to_owned(), registration: None })
            }
            (None, None) => Err(NotRun::malformed("Name a document in query.")),
        }
    }

    /// Keeps a document. Only what was executed is worth it: it was harmless, and fits the schema.
    pub async fn keep(&self, registration: Registration) {
        if self.limits.documents == 0 {
            return;
        }
        let shelf = self.shelves.get_with(registration.shelf, async { self.new_shelf() }).await;
        shelf.insert(registration.hash, registration.text).await;
    }

    /// Bounded in bytes, and by what the least document counts for also in number.
    fn new_shelf(&self) -> Shelf {
        let PersistedLimits { documents, bytes, .. } = self.limits;
        let least = bytes.div_ceil(documents.max(1));
        let weight = move |_: &Hash, text: &Arc<str>| {
            let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
            length.saturating_add(OVERHEAD_BYTES).max(least)
        };
        Cache::builder().max_capacity(bytes.into()).weigher(weight).build()
    }
}

/// The hash that a request names; `None` when it names none.
fn named(asked: &Asked) -> Result<Option<Hash>, NotRun> {
    let fields = match asked.extensions.get("persistedQuery") {
        None | Some(Value::Null) => return Ok(None),
        Some(fields) => fields,
    };
    if fields.get("version").and_then(Value::as_u64) != Some(1) {
        let message = "Only version 1 of persistedQuery is known: send {\"version\": 1, \"sha256Hash\": \"...\"}.";
        return Err(NotRun::malformed(message));
    }
    let hash = fields.get("sha256Hash").and_then(Value::as_str).and_then(from_hex);
    hash.map(Some).ok_or_else(|| NotRun::malformed("sha256Hash must be 64 hexadecimal digits."))
}

fn from_hex(text: &str) -> Option<Hash> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| u8::try_from(digit.to_digit(16)?).ok()).collect();
    let digits: [u8; 64] = digits?.try_into().ok()?;
    let (pairs, _) = digits.as_chunks::<2>();
    let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high * 16 + low).collect();
    bytes.try_into().ok()
}

/// The words by which clients know that they have to send the document too.
fn not_found() -> NotRun {
    let answer = document_error("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound");
    NotRun::Answered(Box::new(answer))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::caller::TenantRef;

    fn caller(id: i64) -> Caller {
        let tenant = TenantRef { id, slug: format!("t{id}") };
        Caller { tenant: Some(tenant), role: Role::Service("key".to_owned()) }
    }

    fn hash(text: &str) -> String {
        Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn asked(query: Option<&str>, hash: &str) -> Asked {
        let named = json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } });
        let Value::Object(extensions) = named else { unreachable!() };
        Asked { query: query.map(str::to_owned), extensions, ..Asked::default() }
    }

    async fn register(persisted: &Persisted, caller: &Caller, text: &str) {
        let found = persisted.document(caller, &mut asked(Some(text), &hash(text))).await;
        persisted.keep(found.ok().unwrap().registration.unwrap()).await;
    }

    async fn knows(persisted: &Persisted, caller: &Caller, text: &str) -> bool {
        let found = persisted.document(caller, &mut asked(None, &hash(text))).await;
        found.is_ok_and(|found| found.text == text)
    }

    #[test]
    fn a_hash_is_64_digits() {
        let digest: Hash = Sha256::digest("{ a }").into();
        assert_eq!(from_hex(&hash("{ a }")), Some(digest));
        assert_eq!(from_hex(&hash("{ a }").to_uppercase()), Some(digest));
        for wrong in ["", "ab", &"g".repeat(64), &"a".repeat(63), &"a".repeat(65), &"é".repeat(32)]
        {
            assert_eq!(from_hex(wrong), None, "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_tenant_has_so_many_documents_and_bytes() {
        let limits = PersistedLimits { documents: 10, bytes: 100_000, tenants: 2 };
        let persisted = Persisted::new(limits);
        for n in 0..40 {
            register(&persisted, &caller(1), &format!("{{ a{n} }}")).await;
        }
        let shelf = persisted.shelves.get(&Some(1)).await.unwrap();
        shelf.run_pending_tasks().await;
        assert_eq!(shelf.entry_count(), 10, "as many as fit, and no more");
        for n in 0..40 {
            let text = format!("{{ b{n} }} # {}", "x".repeat(40_000));
            register(&persisted, &caller(2), &text).await;
        }
        let shelf = persisted.shelves.get(&Some(2)).await.unwrap();
        shelf.run_pending_tasks().await;
        assert_eq!(shelf.entry_count(), 2, "as many bytes as fit");
        assert!(shelf.weighted_size() <= 100_000);
    }

    #[tokio::test]
    async fn who_is_not_heard_of_for_longest_gives_way() {
        let persisted =
            Persisted::new(PersistedLimits { tenants: 2, ..PersistedLimits::default() });
        for id in [1, 2] {
            register(&persisted, &caller(id), "{ a }").await;
        }
        // The cache takes note of what was done in parts, of reading before writing.
        persisted.shelves.run_pending_tasks().await;
        assert!(knows(&persisted, &caller(1), "{ a }").await);
        register(&persisted, &caller(3), "{ a }").await;
        persisted.shelves.run_pending_tasks().await;
        assert!(knows(&persisted, &caller(1), "{ a }").await);
        assert!(!knows(&persisted, &caller(2), "{ a }").await);
        assert!(knows(&persisted, &caller(3), "{ a }").await);
    }

    #[tokio::test]
    async fn none_is_kept_where_none_may_be() {
        let persisted =
            Persisted::new(PersistedLimits { documents: 0, ..PersistedLimits::default() });
        register(&persisted, &caller(1), "{ a }").await;
        assert!(!knows(&persisted, &caller(1), "{ a }").await);
    }
}
