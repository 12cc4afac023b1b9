//! The order of events, and what was made by them.

use super::invariant::{Check, Invariant};

pub(super) const INVARIANTS: &[Invariant] = &[
    Invariant::rows(
        "events are numbered from 1 without gaps",
        "SELECT 'event ' || seq, seq, COALESCE(before, 0) + 1 FROM (
            SELECT seq, LAG(seq) OVER (ORDER BY seq) AS before FROM events WHERE tenant_id = $1
        ) numbered WHERE seq <> COALESCE(before, 0) + 1",
    ),
    Invariant::sums(
        "the lane knows the last event's number",
        "SELECT 'lane' AS subject, seq AS amount FROM lanes WHERE tenant_id = $1",
        "SELECT 'lane' AS subject, COALESCE(MAX(seq), 0) AS amount FROM events
            WHERE tenant_id = $1",
    ),
    Invariant::rows(
        "the lane's time never goes back",
        "SELECT 'event ' || seq, at, before FROM (
            SELECT seq, at, LAG(at) OVER (ORDER BY seq) AS before FROM events WHERE tenant_id = $1
        ) timed WHERE at < before",
    ),
    Invariant::rows(
        "every transaction belongs to an event",
        "SELECT 'transaction ' || {t.id}, t.seq, CAST(NULL AS BIGINT) FROM transactions t
            WHERE t.tenant_id = $1 AND NOT EXISTS (
                SELECT 1 FROM events e WHERE e.tenant_id = $1 AND e.seq = t.seq)",
    ),
    Invariant::rows(
        "every decision has its fact sheet",
        "SELECT 'decision ' || {d.id}, d.sheet_seq, CAST(NULL AS BIGINT) FROM decisions d
            WHERE d.tenant_id = $1 AND NOT EXISTS (
                SELECT 1 FROM fact_sheets f WHERE f.tenant_id = $1
                    AND f.seq = d.sheet_seq AND f.n = d.sheet_n)",
    ),
    Invariant { name: "what is personal has the digest beside it", check: Check::Digests },
];
