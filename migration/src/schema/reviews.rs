//! Reviews by administrators, and attempts that are counted.

pub const ADDED: &[&str] = &[
    "ALTER TABLE lots ADD COLUMN reviewed_by TEXT",
    "ALTER TABLE lots ADD COLUMN review_reason TEXT",
    "ALTER TABLE referrals ADD COLUMN held_by TEXT",
    "ALTER TABLE referrals ADD COLUMN reviewed_by TEXT",
    "CREATE TABLE attempts (
        tenant_id BIGINT NOT NULL,
        action TEXT NOT NULL,
        subject TEXT NOT NULL,
        times TEXT NOT NULL,
        last_at BIGINT NOT NULL,
        PRIMARY KEY (tenant_id, action, subject)
    )",
    "CREATE INDEX attempts_last ON attempts (tenant_id, last_at)",
];
