//! A file of grants.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::kind::Kind;
use super::sheet::{Cells, Column, Wrong};
use crate::domain::amount::Amount;
use crate::domain::refusal::Refusal;
use crate::domain::time::{Time, cut};
use crate::operations::credits::{self, NewGrant};
use crate::operations::{Call, secrets, users};

/// Grants credit for each line.
pub struct Credits {
    batch: String,
    /// How often each line without a key was seen, by half of its digest.
    seen: HashMap<[u8; 16], u32>,
}

impl Credits {
    /// Grants of this batch.
    pub fn new(batch: String) -> Self {
        Self { batch, seen: HashMap::new() }
    }

    /// The key of a line that has none: of its content and the number of equal lines before it. The
    /// order of the columns, and columns that are empty, make no difference.
    fn key_of(&mut self, cells: &Cells<'_>) -> String {
        let filled = Self::COLUMNS.iter().filter_map(|column| {
            cells.get(column.name).map(|text| serde_json::json!([column.name, text]))
        });
        let content = serde_json::json!([self.batch, filled.collect::<Vec<_>>()]).to_string();
        let digest = Sha256::digest(content);
        let mut half = [0; 16];
        half.copy_from_slice(&digest[..16]);
        let number = self.seen.entry(half).or_default();
        *number += 1;
        format!("import:{}:{number}", secrets::hex(&digest))
    }
}

const fn column(name: &'static str, required: bool) -> Column {
    Column { name, required }
}

const WHOLE: &str = "no whole number: write the smallest part, as 1250 for $12.50.";
const INSTANT: &str = "no instant of RFC 3339: write it as 2026-11-20T08:00:00Z.";

impl Kind for Credits {
    const COLUMNS: &'static [Column] = &[
        column("user_id", true),
        column("amount", true),
        column("unit", false),
        column("source", false),
        column("description", false),
        column("reference_id", false),
        column("space_id", false),
        column("available_from", false),
        column("expires_at", false),
        column("priority", false),
        column("idempotency_key", false),
    ];
    const WORDS: [&'static str; 3] = ["credits", "granted", "granted before"];
    type Item = NewGrant;

    fn read(&mut self, cells: &Cells<'_>) -> Result<NewGrant, Wrong> {
        let text = |column| cells.get(column).map(str::to_owned);
        let amount = |text: &str| text.parse().ok().and_then(|amount| Amount::new(amount).ok());
        // Every line counts, also one that is refused and mended in a later run.
        let made = self.key_of(cells);
        cells.required("amount")?;
        let grant = NewGrant {
            user_id: cells.required("user_id")?.to_owned(),
            amount: cells.read("amount", WHOLE, amount)?.unwrap_or(Amount::ZERO),
            unit: text("unit"),
            source: text("source").unwrap_or_else(|| "manual".to_owned()),
            description: text("description"),
            reference_id: text("reference_id"),
            space_id: text("space_id"),
            priority: cells
                .read("priority", "no whole number.", |text| text.parse().ok())?
                .unwrap_or(50),
            available_from: cells.read("available_from", INSTANT, instant)?,
            expires_at: cells.read("expires_at", INSTANT, instant)?,
            idempotency_key: text("idempotency_key").or(Some(made)),
        };
        credits::check_grant(&grant).map_err(|refusal| Wrong::line(refusal.message))?;
        Ok(grant)
    }

    async fn send(call: &Call, grant: NewGrant) -> Result<bool, Refusal> {
        Ok(!credits::submit_grant(call, grant).await?.replayed)
    }

    async fn check(
        call: &Call,
        grants: &[NewGrant],
    ) -> Result<Vec<Result<bool, Refusal>>, Refusal> {
        let ids: Vec<String> = grants.iter().map(|grant| grant.user_id.clone()).collect();
        let known = users::find(call, &ids).await?;
        let known: HashSet<String> = known.into_iter().map(|user| user.id).collect();
        let before = credits::granted_before(call, grants).await?;
        let mut checked = Vec::with_capacity(grants.len());
        for (grant, before) in grants.iter().zip(before) {
            checked.push(match before {
                Ok(false) if known.contains(&grant.user_id) => {
                    check_names(call, grant).await.map(|()| true)
                }
                Ok(false) => {
                    Err(Refusal::not_found(format!("There is no user {:?}.", grant.user_id)))
                }
                Ok(true) => Ok(false),
                Err(refusal) => Err(refusal),
            });
        }
        Ok(checked)
    }
}

fn instant(text: &str) -> Option<Time> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| cut(time.with_timezone(&Utc)))
}

/// The names that the program must know. What is in force is asked for once.
async fn check_names(call: &Call, grant: &NewGrant) -> Result<(), Refusal> {
    credits::unit(call, grant.unit.clone()).await?;
    credits::check_source(call, &grant.source).await
}

#[cfg(test)]
mod tests {
    use super::super::sheet::Sheet;
    use super::*;

    /// The key of each line.
    fn keys(text: &'static str) -> Vec<String> {
        let mut sheet = Sheet::open(Box::new(text.as_bytes()), Credits::COLUMNS).unwrap();
        let mut credits = Credits::new(String::new());
        let mut keys = Vec::new();
        while let Some((_, grant)) = sheet.next(|cells| credits.read(cells)).unwrap() {
            keys.push(grant.unwrap().idempotency_key.unwrap());
        }
        keys
    }

    #[test]
    fn equal_lines_are_told_apart_by_their_number() {
        let first = keys("user_id,amount\nann,5\nbob,5\nann,5\n");
        assert_ne!(first[0], first[2]);
        assert!(first[2].ends_with(":2"), "{first:?}");
        let longer = keys("user_id,amount\nann,5\nbob,5\nann,5\nann,5\ncat,5\n");
        assert_eq!(longer[..3], first);
        assert!(!first.contains(&longer[3]));
    }

    #[test]
    fn the_shape_of_the_file_makes_no_difference() {
        let plain = keys("user_id,amount\nann,5\n");
        assert_eq!(keys("amount,source,user_id\r\n5,,ann\r\n"), plain);
        assert_ne!(keys("user_id,amount,source\nann,5,promotion\n"), plain);
    }

    #[test]
    fn a_given_key_is_taken() {
        assert_eq!(keys("user_id,amount,idempotency_key\nann,5,k\n"), ["k"]);
    }
}
