//! Live updates: what changed since an event.

pub const ADDED: &[&str] = &[
    "ALTER TABLE accounts ADD COLUMN changed_seq BIGINT NOT NULL DEFAULT 0",
    "CREATE INDEX accounts_changed ON accounts (tenant_id, changed_seq)",
    "CREATE INDEX notices_order ON notices (tenant_id, seq, n)",
];
