//! What held a referral, of those that were held before that was kept: without it a release would
//! decide nothing again.

pub const ADDED: &[&str] = &["UPDATE referrals SET held_by = (
        SELECT '[' || {joined}('{\"decision_id\":\"' || held.id || '\",\"sheet\":{\"seq\":'
            || held.sheet_seq || ',\"n\":' || held.sheet_n || '}}', ',') || ']'
        FROM (SELECT {id of d} AS id, d.sheet_seq, d.sheet_n FROM decisions d
            JOIN fact_sheets f ON f.tenant_id = d.tenant_id
                AND f.seq = d.sheet_seq AND f.n = d.sheet_n
            WHERE d.tenant_id = referrals.tenant_id AND f.referral_id = referrals.id
                AND d.outcome = 'REWARDED' AND d.effects LIKE '%\"effect\":\"hold_referral\"%'
            ORDER BY d.seq, d.n) held)
    WHERE status = 'HELD' AND held_by IS NULL"];
