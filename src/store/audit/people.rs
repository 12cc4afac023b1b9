//! Users, referrals and promotion codes.

use super::invariant::Invariant;

pub(super) const INVARIANTS: &[Invariant] = &[
    Invariant::sums(
        "a user's sign-ups are the users whom that user brought",
        "SELECT 'user ' || id AS subject, signups AS amount FROM users WHERE tenant_id = $1",
        "SELECT 'user ' || referrer_id AS subject, 1 AS amount FROM users
            WHERE tenant_id = $1 AND referrer_id IS NOT NULL",
    ),
    Invariant::sums(
        "a user's conversions are the people whom the user referred and who purchased",
        "SELECT 'user ' || id AS subject, conversions AS amount FROM users WHERE tenant_id = $1",
        "SELECT DISTINCT 'user ' || referrer_id AS subject, 1 AS amount, referee_id FROM referrals
            WHERE tenant_id = $1 AND converted_at IS NOT NULL",
    ),
    Invariant::sums(
        "a user's credited referrals are those of that status",
        "SELECT 'user ' || id AS subject, credited AS amount FROM users WHERE tenant_id = $1",
        "SELECT 'user ' || referrer_id AS subject, 1 AS amount FROM referrals
            WHERE tenant_id = $1 AND status = 'CREDITED'",
    ),
    Invariant::sums(
        "what a user earned from referrals is the sum of their bonuses",
        "SELECT 'user ' || id AS subject, referral_earned AS amount FROM users
            WHERE tenant_id = $1",
        "SELECT 'user ' || referrer_id AS subject, bonus_earned AS amount FROM referrals
            WHERE tenant_id = $1",
    ),
    Invariant::sums(
        "a referral's bonus is what its referrer's rewards come to, less what was taken back",
        "SELECT 'referral ' || {id} AS subject, bonus_earned AS amount FROM referrals
            WHERE tenant_id = $1",
        "SELECT 'referral ' || {r.id} AS subject, l.amount - l.demanded AS amount
            FROM referrals r JOIN lots l ON l.tenant_id = r.tenant_id
                AND l.referral_id = r.id AND l.user_id = r.referrer_id
            WHERE r.tenant_id = $1 AND l.tenant_id = $1 AND l.kind IN ('CREDIT', 'QUOTA')
                AND l.unit = $2",
    ),
    Invariant::sums(
        "a user's purchases are counted",
        "SELECT 'user ' || id AS subject, purchase_count AS amount FROM users
            WHERE tenant_id = $1",
        "SELECT 'user ' || user_id AS subject, 1 AS amount FROM purchases WHERE tenant_id = $1",
    ),
    Invariant::sums(
        "a user's purchases come to the total",
        "SELECT 'user ' || id AS subject, purchase_total AS amount FROM users
            WHERE tenant_id = $1",
        "SELECT 'user ' || user_id AS subject, amount FROM purchases WHERE tenant_id = $1",
    ),
    Invariant::rows(
        "no more is refunded than was paid",
        "SELECT 'purchase ' || id, refunded, amount FROM purchases
            WHERE tenant_id = $1 AND (refunded > amount OR refunded < 0)",
    ),
    Invariant::sums(
        "a user's unread notices are counted",
        "SELECT 'user ' || id AS subject, unread AS amount FROM users WHERE tenant_id = $1",
        "SELECT 'user ' || n.user_id AS subject, 1 AS amount FROM notices n
            JOIN users u ON u.tenant_id = n.tenant_id AND u.id = n.user_id
            WHERE n.tenant_id = $1 AND u.tenant_id = $1
                AND NOT n.is_read AND n.seq > u.read_through",
    ),
    Invariant::sums(
        "a referrer's days come to the credited referrals",
        "SELECT 'user ' || id AS subject, credited AS amount FROM users WHERE tenant_id = $1",
        "SELECT 'user ' || user_id AS subject, credited AS amount FROM referrer_days
            WHERE tenant_id = $1",
    ),
    Invariant::sums(
        "a referrer's days come to what was earned from referrals",
        "SELECT 'user ' || id AS subject, referral_earned AS amount FROM users
            WHERE tenant_id = $1",
        "SELECT 'user ' || user_id AS subject, earned AS amount FROM referrer_days
            WHERE tenant_id = $1",
    ),
    Invariant::rows(
        "a user is found by the id, the name and the e-mail address, and by nothing else",
        "SELECT 'user ' || user_id, kept, told FROM (
            SELECT user_id, seq, n, text, SUM(kept) AS kept, SUM(told) AS told FROM (
                SELECT user_id, seq, n, text, 1 AS kept, 0 AS told FROM user_texts WHERE tenant_id = $1
                UNION
                SELECT id, seq, n, substr(id_search, 1, 255), 0, 1 FROM users
                    WHERE tenant_id = $1 AND number > 0
                UNION
                SELECT id, seq, n, substr(name_search, 1, 255), 0, 1 FROM users
                    WHERE tenant_id = $1 AND number > 0 AND name_search IS NOT NULL
                UNION
                SELECT id, seq, n, substr(email_search, 1, 255), 0, 1 FROM users
                    WHERE tenant_id = $1 AND number > 0 AND email_search IS NOT NULL
            ) beside GROUP BY user_id, seq, n, text
        ) texts WHERE kept <> told",
    ),
    Invariant::sums(
        "a promotion code's redemptions are its users'",
        "SELECT 'promotion code ' || matched AS subject, redemptions AS amount FROM promos
            WHERE tenant_id = $1",
        "SELECT 'promotion code ' || code AS subject, count AS amount FROM promo_uses
            WHERE tenant_id = $1",
    ),
];
