//! Forgetting users in small steps that outlive a restart.

pub const ADDED: &[&str] = &["CREATE TABLE erasures (
        tenant_id BIGINT NOT NULL,
        user_id TEXT NOT NULL,
        PRIMARY KEY (tenant_id, user_id)
    )"];
