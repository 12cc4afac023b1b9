//! The seals on events: those that are missing are made, and all are proved.

use std::str::FromStr;

use super::audit::Finding;
use crate::store::{Chain, Damage, Database, Head, KeyFit, StoreError, Stretch, Tenant};

/// What a broken chain is called among the invariants.
pub const UNBROKEN: &str = "events are as they were sealed";

/// Who may have written what no server of this version did.
const WHO: &str = "somebody without the key wrote it, or a server of an older version ran beside \
                   this one: end those before the first start of this version";

/// How often a tenant's lane is waited for, while others hold it.
const TRIES: u32 = 12;

/// After so many events it is said how far it came.
const SAID_EVERY: i64 = 100_000;

/// The head of a tenant's chain, as an audit printed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantHead {
    /// The tenant's slug.
    pub tenant: String,
    /// The last event and its seal.
    pub head: Head,
}

/// What proving the seals came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proof {
    /// Where a chain is broken; nothing when all is well.
    pub findings: Vec<Finding>,
    /// The head of each tenant that has one, to be kept outside of the database.
    pub heads: Vec<TenantHead>,
    /// What is no fault, but worth knowing: a line for each.
    pub notes: Vec<String>,
}

impl std::fmt::Display for TenantHead {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "head {} {} {}", self.tenant, self.head.seq, self.head.seal)
    }
}

impl FromStr for TenantHead {
    type Err = String;

    /// Takes `SLUG:SEQ:SEAL`, and the line that an audit prints: `head SLUG SEQ SEAL`.
    fn from_str(text: &str) -> Result<Self, String> {
        let plain = text.trim().strip_prefix("head ").unwrap_or(text);
        let parts: Vec<&str> = plain.split([':', ' ']).filter(|part| !part.is_empty()).collect();
        let is_seal = |seal: &str| seal.len() == 64 && seal.bytes().all(|b| b.is_ascii_hexdigit());
        match parts.as_slice() {
            [tenant, seq, seal] if is_seal(seal) => {
                let seq = seq.parse().ok().filter(|seq: &i64| *seq > 0);
                let seq = seq.ok_or_else(|| format!("{text:?} names no event"))?;
                let head = Head { seq, seal: seal.to_ascii_lowercase() };
                Ok(Self { tenant: (*tenant).to_owned(), head })
            }
            _ => Err("write a head as an audit printed it: SLUG:SEQ:SEAL".to_owned()),
        }
    }
}

/// Seals what older versions wrote without seals, tenant by tenant, a little at a time: servers
/// that run beside it go on, and what was interrupted goes on where it was.
pub async fn seal_rest(database: &Database) -> Result<(), StoreError> {
    for tenant_id in database.unsealed_tenants().await? {
        let mut said = 0;
        loop {
            let far = patiently(database, tenant_id).await?;
            if far.seq >= far.of {
                tracing::info!(tenant_id, events = far.seq, "all events of a tenant are sealed");
                break;
            }
            if far.seq - said >= SAID_EVERY {
                said = far.seq;
                tracing::info!(tenant_id, events = far.seq, of = far.of, "sealing events");
            }
        }
    }
    Ok(())
}

async fn patiently(
    database: &Database,
    tenant_id: i64,
) -> Result<crate::store::SealedSoFar, StoreError> {
    let mut tries = 1;
    loop {
        match database.seal_some(tenant_id).await {
            Err(error) if error.is_conflict() && tries < TRIES => tries += 1,
            done => return done,
        }
    }
}

/// Proves the seals of all tenants, each as it was at one instant; and that the heads of earlier
/// audits are still in their chains.
pub async fn prove(database: &Database, earlier: &[TenantHead]) -> Result<Proof, StoreError> {
    let mut proof = Proof { findings: prove_key(database).await?, ..Proof::default() };
    let mut slugs = Vec::new();
    for tenant in database.tenants().await? {
        proof.join(prove_tenant(database, &tenant, earlier).await?);
        slugs.push(tenant.slug);
    }
    proof.findings.extend(gone(earlier, &slugs));
    Ok(proof)
}

/// Proves that the ledger says under which key it is sealed, if anything is.
pub async fn prove_key(database: &Database) -> Result<Vec<Finding>, StoreError> {
    let detail = match database.key_fit().await? {
        KeyFit::Fits | KeyFit::New => return Ok(Vec::new()),
        KeyFit::Unmarked => "gone: events are sealed, and somebody took away what says so",
        KeyFit::Other => "changed: it says that the ledger is sealed under another key",
    };
    Ok(vec![finding("all tenants", "mark ledger_key".to_owned(), detail.to_owned())])
}

/// Proves the seals of one tenant, as they were at one instant, and that its heads of earlier audits
/// are still among them.
pub async fn prove_tenant(
    database: &Database,
    tenant: &Tenant,
    earlier: &[TenantHead],
) -> Result<Proof, StoreError> {
    let has_key = database.key_fit().await? != KeyFit::New;
    let own = earlier.iter().filter(|known| known.tenant == tenant.slug);
    let own: Vec<Head> = own.map(|known| known.head.clone()).collect();
    let chain = database.snapshot(tenant.id, "").await?.chain(&own, has_key).await?;
    Ok(Proof::of(&tenant.slug, chain))
}

/// What earlier audits saw of tenants that are not among these, which are all.
pub fn gone(earlier: &[TenantHead], slugs: &[String]) -> Vec<Finding> {
    let gone = earlier.iter().filter(|known| !slugs.contains(&known.tenant));
    gone.map(|known| {
        let detail = format!("an earlier audit saw {} events of it", known.head.seq);
        finding(&known.tenant, "the tenant is gone".to_owned(), detail)
    })
    .collect()
}

impl Proof {
    fn of(tenant: &str, chain: Chain) -> Self {
        let findings = chain.damages.iter().map(|damage| said(tenant, damage)).collect();
        let mut notes = Vec::new();
        if chain.is_new {
            notes.push(format!("{tenant}: nothing is sealed yet"));
        }
        notes.extend(chain.late.iter().map(|late| {
            let events = events(*late);
            format!("{tenant}: {events} sealed late: an older version had written without seals")
        }));
        let head = chain.head.map(|head| TenantHead { tenant: tenant.to_owned(), head });
        Self { findings, notes, heads: head.into_iter().collect() }
    }

    fn join(&mut self, more: Self) {
        self.findings.extend(more.findings);
        self.notes.extend(more.notes);
        self.heads.extend(more.heads);
    }
}

fn said(tenant: &str, damage: &Damage) -> Finding {
    let (row, detail) = match damage {
        Damage::Changed(stretch) => {
            (events(*stretch), "changed or inserted: the row does not fit its seal".to_owned())
        }
        Damage::Missing(stretch) => (events(*stretch), "deleted: there is no such row".to_owned()),
        Damage::Unsealed(stretch) => {
            let why = "without a seal: a first start is still sealing, or the seal was taken away";
            (events(*stretch), format!("{why}, or {WHO}"))
        }
        Damage::Late(stretch) => (events(*stretch), format!("sealed late: {WHO}")),
        Damage::CutOff(stretch) => {
            (events(*stretch), "cut off: the chain once went on to there".to_owned())
        }
        Damage::OtherEnd(seq) => {
            (format!("lane {seq}"), "it names another end than the chain has".to_owned())
        }
        Damage::Rewritten(seq) => {
            let why = "another seal was here, which an earlier audit saw or which is marked: it, or what is before it, was made anew";
            (format!("event {seq}"), why.to_owned())
        }
    };
    finding(tenant, row, detail)
}

fn events(stretch: Stretch) -> String {
    match stretch {
        Stretch { from, to } if from == to => format!("event {from}"),
        Stretch { from, to } => format!("events {from} to {to}"),
    }
}

fn finding(tenant: &str, row: String, detail: String) -> Finding {
    Finding { tenant: tenant.to_owned(), invariant: UNBROKEN, row, detail }
}

#[cfg(test)]
mod tests {
    use super::TenantHead;

    #[test]
    fn a_head_is_read_as_it_is_printed() {
        let seal = "0a".repeat(32);
        let head: TenantHead = format!("acme:12:{seal}").parse().unwrap();
        assert_eq!(head.to_string(), format!("head acme 12 {seal}"));
        assert_eq!(head.to_string().parse::<TenantHead>(), Ok(head));
        for wrong in ["", "acme", "acme:12", "acme:0:ff", &format!("acme:x:{seal}")] {
            wrong.parse::<TenantHead>().unwrap_err();
        }
    }
}
