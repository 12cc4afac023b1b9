//! What an invariant is, and a row that breaks it.

/// How many broken rows of one invariant are named.
pub(super) const NAMED: u64 = 1_000;

/// Something that is always true of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invariant {
    /// What is true, in words.
    pub name: &'static str,
    pub(super) check: Check,
}

/// How an invariant is checked. `$1` is the tenant, `$2` its main unit; an id in braces is its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Check {
    /// Two queries of a subject and an amount, of which the sums by subject must be the same.
    Sums { claims: &'static str, facts: &'static str },
    /// A query of the subjects that break it, each with what is claimed and what would be right.
    Rows(&'static str),
    /// What is personal has the digest that stands beside it.
    Digests,
}

/// A row of which an invariant is not true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The row, by what names it in its tenant.
    pub row: String,
    /// What it says.
    pub claimed: Option<i64>,
    /// What would be right.
    pub counted: Option<i64>,
}

impl Invariant {
    /// `claims` and `facts` each give a subject and an amount.
    pub(super) const fn sums(
        name: &'static str,
        claims: &'static str,
        facts: &'static str,
    ) -> Self {
        Self { name, check: Check::Sums { claims, facts } }
    }

    /// `rows` gives a subject, what is claimed, and what would be right.
    pub(super) const fn rows(name: &'static str, rows: &'static str) -> Self {
        Self { name, check: Check::Rows(rows) }
    }
}
