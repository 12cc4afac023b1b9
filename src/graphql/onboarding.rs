//! Getting started: steps, and the cards that show them.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::cost;
use super::decision::{self, Decision};
use super::error::Result;
use super::loaders::call;
use super::scalars::{DateTime, instant, int};
use crate::domain::command::Card;
use crate::domain::records;
use crate::operations::{Call, Done, onboarding};

/// How far a user came in getting started.
#[derive(SimpleObject)]
pub struct Onboarding {
    /// Whether the getting-started card is hidden for good.
    dismissed: bool,
    /// Whether the invite prompt is hidden for good.
    referral_prompt_dismissed: bool,
    /// The steps, in the program's order.
    #[graphql(complexity = "cost::list(cost::SHORT_LIST, child_complexity)")]
    steps: Vec<OnboardingStep>,
    /// How many steps are done.
    completed_count: i32,
    /// How many steps there are.
    total_count: i32,
    /// When the last step was done; null until then.
    completed_at: Option<DateTime>,
}

/// A step of getting started.
#[derive(SimpleObject)]
pub struct OnboardingStep {
    /// Its key, for `completeOnboardingStep`.
    key: String,
    /// Its title for people.
    title: String,
    /// More about it; null when the program says no more.
    description: Option<String>,
    /// Whether the user did it.
    done: bool,
    /// When the user did it; null until then.
    done_at: Option<DateTime>,
}

impl Onboarding {
    /// How far this user came with the steps of the program in force.
    pub async fn of(ctx: &Context<'_>, user: records::User) -> Result<Self> {
        Self::at(call(ctx)?, user).await
    }

    async fn at(call: &Call, user: records::User) -> Result<Self> {
        let progress = onboarding::progress(call, &user).await?;
        let steps: Vec<_> = progress.into_iter().map(OnboardingStep::from).collect();
        let done = steps.iter().filter(|step| step.done).count();
        Ok(Self {
            dismissed: user.onboarding_dismissed,
            referral_prompt_dismissed: user.prompt_dismissed,
            completed_count: int(i64::try_from(done).unwrap_or(i64::MAX)),
            total_count: int(i64::try_from(steps.len()).unwrap_or(i64::MAX)),
            completed_at: instant(user.onboarded_at),
            steps,
        })
    }
}

impl From<onboarding::Progress> for OnboardingStep {
    fn from(progress: onboarding::Progress) -> Self {
        Self {
            key: progress.step.key,
            title: progress.step.title,
            description: progress.step.description,
            done: progress.done_at.is_some(),
            done_at: instant(progress.done_at),
        }
    }
}

/// Which step is done.
#[derive(InputObject)]
pub struct CompleteOnboardingStepInput {
    /// The step's key.
    step: String,
    /// Which user; an end user leaves it out.
    user_id: Option<ID>,
}

/// Whose card to hide.
#[derive(InputObject, Default)]
pub struct DismissOnboardingInput {
    /// Which user; an end user leaves it out.
    user_id: Option<ID>,
}

/// How far a user came, after a change.
#[derive(SimpleObject)]
pub struct OnboardingPayload {
    /// How far the user came.
    onboarding: Onboarding,
    /// What the rules decided; empty to an end user.
    #[graphql(complexity = "cost::list(cost::DECISIONS, child_complexity)")]
    decisions: Vec<Decision>,
}

impl OnboardingPayload {
    async fn of(call: &Call, done: Done) -> Result<Self> {
        let user = done.user(call).await?;
        Ok(Self {
            onboarding: Onboarding::at(call, user).await?,
            decisions: decision::of_done(call, &done).await?,
        })
    }
}

/// Changes of getting started.
#[derive(Default)]
pub struct OnboardingMutation;

#[Object]
impl OnboardingMutation {
    /// Marks a step done; doing it again changes nothing. Needs a user's token or a key.
    async fn complete_onboarding_step(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which step, of whom.")] input: CompleteOnboardingStepInput,
    ) -> Result<OnboardingPayload> {
        let call = call(ctx)?;
        let user_id = input.user_id.as_ref().map(|id| id.as_str());
        let done = onboarding::complete(call, user_id, input.step).await?;
        OnboardingPayload::of(call, done).await
    }

    /// Hides the getting-started card for good. Needs a user's token or a key.
    async fn dismiss_onboarding(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose card; null for the caller's own.")] input: Option<
            DismissOnboardingInput,
        >,
    ) -> Result<OnboardingPayload> {
        dismiss(ctx, input, Card::Onboarding).await
    }

    /// Hides the invite prompt for good. Needs a user's token or a key.
    async fn dismiss_referral_prompt(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose prompt; null for the caller's own.")] input: Option<
            DismissOnboardingInput,
        >,
    ) -> Result<OnboardingPayload> {
        dismiss(ctx, input, Card::ReferralPrompt).await
    }
}

async fn dismiss(
    ctx: &Context<'_>,
    input: Option<DismissOnboardingInput>,
    card: Card,
) -> Result<OnboardingPayload> {
    let call = call(ctx)?;
    let user_id = input.unwrap_or_default().user_id;
    let done = onboarding::dismiss(call, user_id.as_ref().map(|id| id.as_str()), card).await?;
    OnboardingPayload::of(call, done).await
}
