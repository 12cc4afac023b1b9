//! Proving a database: what is always true of the ledger, of counters and of order, checked over
//! every row of a tenant, beside a running server.

use super::programs::Programs;
use crate::store::{Broken, Database, Invariant, StoreError, Tenant};

/// A row of which something is not true that always is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The tenant's slug.
    pub tenant: String,
    /// What should be true.
    pub invariant: &'static str,
    /// The row.
    pub row: String,
    /// What it says, and what would be right.
    pub detail: String,
}

impl Finding {
    /// That something could not be read, without what stands there: that may be personal. An error
    /// when it is only the database that could not be reached.
    pub fn unreadable(
        tenant: &str,
        invariant: &'static str,
        error: StoreError,
    ) -> Result<Self, StoreError> {
        if error.is_connection_lost() {
            return Err(error);
        }
        let detail = match std::error::Error::source(&error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        };
        // What is quoted is a value.
        let detail = detail.lines().next().unwrap_or_default();
        let detail = detail.split(['"', '`', '\'']).next().unwrap_or_default();
        Ok(Self {
            tenant: tenant.to_owned(),
            invariant,
            row: "cannot be read".to_owned(),
            detail: detail.trim_end_matches([' ', ':']).to_owned(),
        })
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}: {}", self.tenant, self.row, self.invariant)?;
        if self.detail.is_empty() { Ok(()) } else { write!(formatter, " ({})", self.detail) }
    }
}

/// Checks one tenant, as it was at one instant: of one invariant at most 1,000 rows are named, and what
/// cannot be read is named too. Nothing found means that all is well. An error when the database
/// cannot be reached.
pub async fn audit(database: &Database, tenant: &Tenant) -> Result<Vec<Finding>, StoreError> {
    let unit = match main_unit(database, tenant).await {
        Ok(unit) => unit,
        Err(error) => {
            let program = "what is in force of the program can be read";
            return Ok(vec![Finding::unreadable(&tenant.slug, program, error)?]);
        }
    };
    let mut snapshot = database.snapshot(tenant.id, &unit).await?;
    let mut findings = Vec::new();
    for invariant in Invariant::all() {
        match snapshot.broken(invariant).await {
            Ok(broken) => {
                findings.extend(broken.into_iter().map(|row| finding(tenant, invariant, row)));
            }
            Err(error) => {
                findings.push(Finding::unreadable(&tenant.slug, invariant.name, error)?);
                // PostgreSQL answers nothing more in a transaction that failed.
                snapshot = database.snapshot(tenant.id, &unit).await?;
            }
        }
    }
    Ok(findings)
}

/// The unit in which the tenant's money is counted.
async fn main_unit(database: &Database, tenant: &Tenant) -> Result<String, StoreError> {
    let lane = database.lane(tenant.id).await?;
    let in_force = Programs::new(database.clone()).in_force(tenant.id, &lane).await?;
    Ok(in_force.program.unit.clone())
}

fn finding(tenant: &Tenant, invariant: &Invariant, broken: Broken) -> Finding {
    let detail = match (broken.claimed, broken.counted) {
        (Some(claimed), Some(counted)) => format!("it says {claimed}, {counted} would be right"),
        (Some(claimed), None) => format!("it says {claimed}"),
        (None, _) => String::new(),
    };
    Finding { tenant: tenant.slug.clone(), invariant: invariant.name, row: broken.row, detail }
}

#[cfg(test)]
mod tests {
    use super::{Finding, StoreError};

    #[test]
    fn what_cannot_be_read_tells_no_value() {
        let text = "invalid type: string \"ann@example.com\", expected a map".to_owned();
        let error = StoreError::Corrupt(text);
        let finding = Finding::unreadable("acme", "a row can be read", error).unwrap();
        assert_eq!(finding.detail, "a row is corrupt: invalid type: string");
    }

    #[test]
    fn a_finding_says_which_row_breaks_what() {
        let finding = Finding {
            tenant: "acme".to_owned(),
            invariant: "a promotion code's redemptions are its users'",
            row: "promotion code TEN".to_owned(),
            detail: "it says 0, 1 would be right".to_owned(),
        };
        assert_eq!(
            finding.to_string(),
            "acme: promotion code TEN: a promotion code's redemptions are its users' \
             (it says 0, 1 would be right)"
        );
    }
}
