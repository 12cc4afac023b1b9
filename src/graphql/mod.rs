//! The GraphQL layer: types and resolvers, one file per noun. A resolver reads the input, calls one
//! operation and gives the outcome.

mod absent;
mod analytics;
mod bulk;
mod charge;
mod cost;
mod credit;
mod cursor;
mod decision;
mod door;
mod error;
mod event;
mod given;
mod guard;
mod limits;
mod loaders;
mod meant;
mod next_step;
mod notice;
mod onboarding;
mod page;
mod promo;
mod referral;
mod review;
mod reward;
mod scalars;
mod simulation;
mod subscription;
mod tenant;
mod unmeant;
mod user;

use async_graphql::{MergedObject, Schema};

pub use cursor::is_cursor;
pub use door::{Document, run, subscribe};
pub use error::{document_error, first_code, is_executed, refused};
pub use guard::most_values;
pub use limits::{Introspection, Limits};

use analytics::AnalyticsQuery;
use bulk::BulkMutation;
use credit::{CreditMutation, TransactionQuery};
use decision::{DecisionMutation, DecisionQuery};
use event::EventMutation;
use notice::NoticeMutation;
use onboarding::OnboardingMutation;
use promo::{PromoMutation, PromoQuery};
use referral::{ReferralMutation, ReferralQuery};
use review::ReviewMutation;
use reward::RewardQuery;
use simulation::SimulationQuery;
use subscription::Subscription;
use tenant::{TenantMutation, TenantQuery};
use user::{UserMutation, UserQuery};

/// What can be read.
#[derive(MergedObject, Default)]
pub struct Query(
    UserQuery,
    TransactionQuery,
    ReferralQuery,
    AnalyticsQuery,
    RewardQuery,
    DecisionQuery,
    TenantQuery,
    SimulationQuery,
    PromoQuery,
);

/// What can be changed. Every input with `idempotencyKey`, and every event's own `id`: the same again returns the same transactions, decisions and referral, changes nothing, and shows accounts and users as they are now; the same key with another input is IDEMPOTENCY_CONFLICT. Keys are per tenant and operation, and kept for ever.
#[derive(MergedObject, Default)]
pub struct Mutation(
    UserMutation,
    CreditMutation,
    ReferralMutation,
    EventMutation,
    OnboardingMutation,
    PromoMutation,
    BulkMutation,
    NoticeMutation,
    TenantMutation,
    DecisionMutation,
    ReviewMutation,
);

/// The whole schema.
pub type ApiSchema = Schema<Query, Mutation, Subscription>;

/// Makes the schema, within these limits. It holds no data: a request brings its call.
#[must_use]
pub fn schema(limits: Limits) -> ApiSchema {
    Schema::build(Query::default(), Mutation::default(), Subscription)
        // To look for what may have been meant costs more than the rest of a hostile document.
        .disable_suggestions()
        .limit_depth(limits.depth)
        // Fragments are levels too.
        .limit_recursive_depth(limits.depth + 8)
        .limit_complexity(limits.complexity)
        .extension(charge::Charge)
        .finish()
}

/// The schema in GraphQL's own language.
#[must_use]
pub fn sdl() -> String {
    schema(Limits::default()).sdl()
}
