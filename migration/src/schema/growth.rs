//! Lists and totals whose cost does not grow with the ledger.
//!
//! A reward's status changes by the clock: a lot keeps the status that it had when it was last saved,
//! and the instant at which that one ends. `ends` is its expiry, or the end of all time, so that one
//! index has an account's lots in the order in which they are spent.

pub const ADDED: &[&str] = &[
    "ALTER TABLE lots ADD COLUMN status TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE lots ADD COLUMN due_at BIGINT",
    "ALTER TABLE lots ADD COLUMN ends BIGINT NOT NULL DEFAULT 9223372036854775807",
    "UPDATE lots SET ends = COALESCE(expires_at, 9223372036854775807)",
    "UPDATE lots SET status = CASE
            WHEN state IN ('CANCELLED', 'FAILED') THEN state
            WHEN kind = 'STRIPE_BALANCE' AND state = 'BOOKED' THEN 'REDEEMED'
            WHEN kind = 'STRIPE_BALANCE' OR available_from > lanes.last_at THEN 'PENDING'
            WHEN kind <> 'FEATURE' AND remaining = 0 AND expired = 0 THEN 'REDEEMED'
            WHEN kind <> 'FEATURE' AND remaining = 0 OR ends <= lanes.last_at THEN 'EXPIRED'
            ELSE 'ACTIVE' END,
        due_at = CASE
            WHEN state NOT IN ('HELD', 'BOOKED') OR kind = 'STRIPE_BALANCE' THEN NULL
            WHEN available_from > lanes.last_at THEN available_from
            WHEN (kind = 'FEATURE' OR remaining > 0) AND ends > lanes.last_at THEN expires_at
            ELSE NULL END
        FROM lanes WHERE lanes.tenant_id = lots.tenant_id",
    "CREATE INDEX lots_status ON lots (tenant_id, status, seq, n)",
    "CREATE INDEX lots_user_status ON lots (tenant_id, user_id, status, seq, n)",
    "CREATE INDEX lots_kind ON lots (tenant_id, kind, seq, n)",
    "CREATE INDEX lots_due ON lots (tenant_id, due_at) WHERE due_at IS NOT NULL",
    "CREATE INDEX lots_burn ON lots (tenant_id, user_id, unit, priority, ends, seq, n)
        WHERE is_open",
    "DROP INDEX IF EXISTS lots_open",
    "CREATE INDEX transactions_unit ON transactions (tenant_id, unit, seq, n)",
    "CREATE INDEX transactions_user_source ON transactions (tenant_id, user_id, source, seq, n)",
    "CREATE INDEX transactions_user_unit ON transactions (tenant_id, user_id, unit, seq, n)",
    "CREATE INDEX users_created ON users (tenant_id, seq, n) WHERE number > 0",
    "CREATE INDEX users_by_credited ON users (tenant_id, credited DESC, referral_earned DESC, id)
        WHERE credited > 0",
    "CREATE INDEX users_by_earned ON users (tenant_id, referral_earned DESC, credited DESC, id)
        WHERE referral_earned > 0",
    "DROP INDEX IF EXISTS users_credited",
    "DROP INDEX IF EXISTS users_earned",
    "CREATE INDEX accounts_by_balance ON accounts (tenant_id, unit, balance, user_id)",
    "CREATE INDEX accounts_by_earned ON accounts (tenant_id, unit, earned, user_id)",
    "DROP INDEX IF EXISTS accounts_balance_order",
    "DROP INDEX IF EXISTS accounts_earned_order",
    "INSERT INTO tallies (tenant_id, scope, name, value)
        SELECT a.tenant_id, '', 'accounts:' || a.unit, COUNT(*) FROM accounts a
        JOIN users u ON u.tenant_id = a.tenant_id AND u.id = a.user_id
        WHERE u.number > 0 GROUP BY a.tenant_id, a.unit",
    "CREATE INDEX referrals_referrer_status
        ON referrals (tenant_id, referrer_id, status, seq, n)",
    "INSERT INTO tallies (tenant_id, scope, name, value)
        SELECT tenant_id, 'user:' || referrer_id, 'referrals', COUNT(*) FROM referrals
        GROUP BY tenant_id, referrer_id",
    "INSERT INTO tallies (tenant_id, scope, name, value)
        SELECT tenant_id, 'user:' || referrer_id, 'referrals:' || status, COUNT(*) FROM referrals
        GROUP BY tenant_id, referrer_id, status",
    "CREATE TABLE referrer_months (
        tenant_id BIGINT NOT NULL,
        month TEXT NOT NULL,
        user_id TEXT NOT NULL,
        credited BIGINT NOT NULL,
        earned BIGINT NOT NULL,
        PRIMARY KEY (tenant_id, month, user_id)
    )",
    "CREATE INDEX referrer_months_by_credited
        ON referrer_months (tenant_id, month, credited DESC, earned DESC, user_id)
        WHERE credited > 0",
    "CREATE INDEX referrer_months_by_earned
        ON referrer_months (tenant_id, month, earned DESC, credited DESC, user_id)
        WHERE earned > 0",
    "INSERT INTO referrer_months (tenant_id, month, user_id, credited, earned)
        SELECT tenant_id, substr(day, 1, 7), user_id,
            CAST(SUM(credited) AS BIGINT), CAST(SUM(earned) AS BIGINT) FROM referrer_days
        GROUP BY tenant_id, substr(day, 1, 7), user_id",
    "ALTER TABLE purchases ADD COLUMN referred BOOLEAN NOT NULL DEFAULT FALSE",
    "UPDATE purchases SET referred = EXISTS (SELECT 1 FROM users u
            WHERE u.tenant_id = purchases.tenant_id AND u.id = purchases.user_id
                AND u.referrer_id IS NOT NULL)
        AND COALESCE((SELECT MIN(r.seq) FROM referrals r
            WHERE r.tenant_id = purchases.tenant_id AND r.referee_id = purchases.user_id), 0)
            <= purchases.seq",
];
