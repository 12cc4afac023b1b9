//! Lots and their uses.

use super::invariant::Invariant;

pub(super) const INVARIANTS: &[Invariant] = &[
    Invariant::rows(
        "what is left of a lot is its amount - spent - expired - reversed, and not negative",
        "SELECT 'lot ' || {id}, remaining, amount - spent - expired - reversed FROM lots
            WHERE tenant_id = $1 AND kind IN ('CREDIT', 'QUOTA')
                AND (remaining < 0 OR remaining <> amount - spent - expired - reversed)",
    ),
    Invariant::sums(
        "what is left of a booked lot is its amount and the sum of its uses",
        "SELECT 'lot ' || {id} AS subject, remaining AS amount FROM lots
            WHERE tenant_id = $1 AND kind IN ('CREDIT', 'QUOTA') AND transaction_id IS NOT NULL",
        "SELECT 'lot ' || {id} AS subject, amount FROM lots
            WHERE tenant_id = $1 AND kind IN ('CREDIT', 'QUOTA') AND transaction_id IS NOT NULL
        UNION ALL
        SELECT 'lot ' || {lot_id}, amount FROM uses WHERE tenant_id = $1",
    ),
    Invariant::sums(
        "what was spent of a lot is the sum of its spends, returns and paid debts",
        "SELECT 'lot ' || {id} AS subject, spent AS amount FROM lots
            WHERE tenant_id = $1 AND kind IN ('CREDIT', 'QUOTA')",
        "SELECT 'lot ' || {lot_id} AS subject, -amount AS amount FROM uses
            WHERE tenant_id = $1 AND kind IN ('SPEND', 'RETURN', 'DEBT')",
    ),
    Invariant::sums(
        "what expired of a lot is the sum of its expiries",
        "SELECT 'lot ' || {id} AS subject, expired AS amount FROM lots
            WHERE tenant_id = $1 AND kind IN ('CREDIT', 'QUOTA')",
        "SELECT 'lot ' || {lot_id} AS subject, -amount AS amount FROM uses
            WHERE tenant_id = $1 AND kind = 'EXPIRY'",
    ),
    Invariant::sums(
        "what was taken back of a booked lot is the sum of its reversals",
        "SELECT 'lot ' || {id} AS subject, reversed AS amount FROM lots
            WHERE tenant_id = $1 AND kind IN ('CREDIT', 'QUOTA') AND transaction_id IS NOT NULL",
        "SELECT 'lot ' || {lot_id} AS subject, -amount AS amount FROM uses
            WHERE tenant_id = $1 AND kind = 'REVERSAL'",
    ),
    Invariant::rows(
        "no more is undone of a lot than its amount",
        "SELECT 'lot ' || {id}, reversed + forgiven + owed, amount FROM lots
            WHERE tenant_id = $1 AND kind IN ('CREDIT', 'QUOTA')
                AND (reversed + forgiven + owed > amount OR demanded > amount)",
    ),
    Invariant::rows(
        "a lot is marked open as long as it is held or booked with something left",
        "SELECT 'lot ' || {id}, remaining, CAST(NULL AS BIGINT) FROM lots
            WHERE tenant_id = $1 AND is_open <> (kind IN ('CREDIT', 'QUOTA')
                AND state IN ('HELD', 'BOOKED') AND remaining > 0)",
    ),
    Invariant::rows(
        "a booked lot has its transaction",
        "SELECT 'lot ' || {l.id}, l.amount, CAST(NULL AS BIGINT) FROM lots l
            WHERE l.tenant_id = $1 AND l.kind IN ('CREDIT', 'QUOTA')
                AND (l.state = 'BOOKED' OR l.transaction_id IS NOT NULL)
                AND NOT EXISTS (SELECT 1 FROM transactions t WHERE t.tenant_id = $1
                    AND t.id = l.transaction_id AND t.lot_id = l.id
                    AND t.user_id = l.user_id AND t.unit = l.unit)",
    ),
    Invariant::rows(
        "every use is of a lot of its transaction's account",
        "SELECT 'transaction ' || {u.transaction_id}, u.amount, CAST(NULL AS BIGINT)
            FROM uses u WHERE u.tenant_id = $1 AND NOT EXISTS (
                SELECT 1 FROM lots l JOIN transactions t
                    ON t.tenant_id = l.tenant_id AND t.user_id = l.user_id AND t.unit = l.unit
                WHERE l.tenant_id = $1 AND t.tenant_id = $1
                    AND l.id = u.lot_id AND t.id = u.transaction_id)",
    ),
    Invariant::sums(
        "a cap's use is what its lots counted",
        "SELECT 'cap ' || cap || ' ' || cap_window || ' ' || subject AS subject, used AS amount
            FROM cap_uses WHERE tenant_id = $1 AND substr(cap, 1, 1) <> '#'",
        "SELECT 'cap ' || cap || ' ' || cap_window || ' ' || cap_subject AS subject,
                cap_counted AS amount
            FROM lots WHERE tenant_id = $1 AND cap IS NOT NULL",
    ),
];
