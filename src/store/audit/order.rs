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
        "every decision, fact sheet and emission belongs to an event",
        "SELECT kind || name, seq, CAST(NULL AS BIGINT) FROM (
            SELECT 'decision ' AS kind, {d.id} AS name, d.seq AS seq FROM decisions d
                WHERE d.tenant_id = $1
            UNION ALL
            SELECT 'fact sheet ', f.seq || ' ' || f.n, f.seq FROM fact_sheets f
                WHERE f.tenant_id = $1
            UNION ALL
            SELECT 'emission ', {m.id}, m.seq FROM emissions m WHERE m.tenant_id = $1
        ) made WHERE NOT EXISTS (
            SELECT 1 FROM events e WHERE e.tenant_id = $1 AND e.seq = made.seq)",
    ),
    Invariant::rows(
        "what is personal is there until its user is erased",
        "SELECT 'event ' || e.seq, e.seq, CAST(NULL AS BIGINT) FROM events e
            WHERE e.tenant_id = $1 AND e.personal_digest IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM event_personal p
                    WHERE p.tenant_id = $1 AND p.seq = e.seq)
                AND NOT EXISTS (SELECT 1 FROM users u WHERE u.tenant_id = $1
                    AND u.id = e.user_id AND u.erased_at IS NOT NULL)
        UNION ALL
        SELECT 'fact sheet ' || f.seq || ' ' || f.n, f.seq, CAST(NULL AS BIGINT) FROM fact_sheets f
            WHERE f.tenant_id = $1 AND f.personal_digest IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM fact_personal p
                    WHERE p.tenant_id = $1 AND p.seq = f.seq AND p.n = f.n)
                AND NOT EXISTS (SELECT 1 FROM users u WHERE u.tenant_id = $1
                    AND u.id = f.user_id AND u.erased_at IS NOT NULL)",
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
