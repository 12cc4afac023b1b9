//! Deciding again what the deadline cut off: the machine was busy, the rule was not wrong.

use crate::domain::command::Body;
use crate::domain::records::{Decision, Outcome};
use crate::domain::refusal::Refusal;
use crate::domain::rules::OUT_OF_TIME;
use crate::operations::Operations;
use crate::store::{DecisionFilter, Page};

/// How many FAILED decisions of a tenant are looked at, the newest first.
const LOOKED_AT: u64 = 100;

/// Decides again, for every tenant, the newest decisions that ran out of time. Each is tried once:
/// one that runs out of time again is left to an administrator.
pub async fn once(operations: &Operations) -> Result<(), Refusal> {
    let filter = DecisionFilter { outcome: Some(Outcome::Failed), ..DecisionFilter::default() };
    for tenant_id in operations.database.tenant_ids().await? {
        let page = Page::first(LOOKED_AT);
        let failed = operations.database.decisions_page(tenant_id, &filter, page).await?.rows;
        for decision in failed.iter().filter(|decision| ran_out_of_time(decision)) {
            let body = Body::RetryDecision { decision_id: decision.id };
            operations.lanes.submit_own(tenant_id, body).await?;
        }
    }
    Ok(())
}

fn ran_out_of_time(decision: &Decision) -> bool {
    let first_try = decision.retries.is_none() && decision.retried_by.is_none();
    first_try && decision.reason.as_deref().is_some_and(|reason| reason.starts_with(OUT_OF_TIME))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::records::{FactSheetKey, Position};

    fn failed(reason: &str) -> Decision {
        Decision {
            id: Uuid::nil(),
            position: Position::default(),
            sheet: FactSheetKey { seq: 1, n: 0 },
            event: "purchase".to_owned(),
            user_id: "ann".to_owned(),
            rule: "bonus".to_owned(),
            outcome: Outcome::Failed,
            reason: Some(reason.to_owned()),
            effects: Vec::new(),
            program_hash: String::new(),
            settings_version: 0,
            duration_micros: 0,
            created_at: chrono::DateTime::UNIX_EPOCH,
            retries: None,
            retried_by: None,
        }
    }

    #[test]
    fn only_the_deadline_is_tried_again_and_only_once() {
        let cut_off = failed("deadline: the rule took longer than a second");
        assert!(ran_out_of_time(&cut_off));
        assert!(!ran_out_of_time(&failed("Unknown property 'bonuss'")));
        assert!(!ran_out_of_time(&Decision { retries: Some(Uuid::nil()), ..cut_off.clone() }));
        assert!(!ran_out_of_time(&Decision { retried_by: Some(Uuid::nil()), ..cut_off }));
    }
}
