//! Forgetting users in small steps that outlive a restart, wherever a rule wrote of them.

pub const ADDED: &[&str] = &[
    "CREATE TABLE erasures (
        tenant_id BIGINT NOT NULL,
        user_id TEXT NOT NULL,
        through_seq BIGINT NOT NULL,
        progress TEXT NOT NULL,
        PRIMARY KEY (tenant_id, user_id)
    )",
    "ALTER TABLE notices ADD COLUMN about_id TEXT",
    "CREATE INDEX notices_about ON notices (tenant_id, about_id, seq, n)",
    "CREATE INDEX notices_unread ON notices (tenant_id, user_id, seq, n) WHERE NOT is_read",
    "CREATE INDEX emissions_user ON emissions (tenant_id, user_id, seq, n)",
    // A notice comes just before the decision that made it; whose event that decided on, it is about.
    "UPDATE notices SET about_id = d.user_id FROM decisions d
        JOIN (SELECT made.tenant_id, made.id, made.seq, MIN(later.n) AS n FROM notices made
            JOIN decisions later ON later.tenant_id = made.tenant_id
                AND later.seq = made.seq AND later.n > made.n
            GROUP BY made.tenant_id, made.id, made.seq) nearest
            ON nearest.tenant_id = d.tenant_id AND nearest.seq = d.seq AND nearest.n = d.n
        WHERE notices.tenant_id = d.tenant_id AND notices.tenant_id = nearest.tenant_id
            AND notices.id = nearest.id",
    // Those who were erased before are forgotten once more, now wherever a rule wrote of them too.
    "INSERT INTO erasures (tenant_id, user_id, through_seq, progress)
        SELECT u.tenant_id, u.id, l.seq, '{}' FROM users u
        JOIN lanes l ON l.tenant_id = u.tenant_id
        WHERE u.erased_at IS NOT NULL",
];
