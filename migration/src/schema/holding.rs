//! What held a referral, of those that were held before that was kept: without it a release would
//! decide nothing again.

pub const ADDED: &[&str] = &["UPDATE referrals SET held_by = held.texts FROM (
        SELECT tenant_id, referral_id, '[' || {joined}(text, ',') || ']' AS texts FROM (
            SELECT f.tenant_id, f.referral_id, '{\"decision_id\":\"' || {id of d}
                || '\",\"sheet\":{\"seq\":' || d.sheet_seq || ',\"n\":' || d.sheet_n || '}}' AS text
            FROM decisions d JOIN fact_sheets f ON f.tenant_id = d.tenant_id
                AND f.seq = d.sheet_seq AND f.n = d.sheet_n
            WHERE f.referral_id IS NOT NULL AND d.outcome = 'REWARDED'
                AND d.effects LIKE '%\"effect\":\"hold_referral\"%'
            ORDER BY d.tenant_id, d.seq, d.n) each_hold
        GROUP BY tenant_id, referral_id) held
    WHERE held.tenant_id = referrals.tenant_id AND held.referral_id = referrals.id
        AND status = 'HELD' AND held_by IS NULL"];
