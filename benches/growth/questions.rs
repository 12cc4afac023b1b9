//! What is asked: every list with every single filter, every count that is exact, every report.

/// Whether a question must cost the same at both sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// The same.
    Flat,
    /// Not the same: counted up to 10,000, added up by days and referrers, or searched for where no
    /// index has those who match in order.
    Bounded,
}

/// A question with its name in the table.
pub struct Question {
    pub name: String,
    pub cost: Cost,
    pub document: String,
}

/// The three thousand oldest begin so; all others share the first twelve characters.
const LONG: &str = "applegrove-pears";
const PAGE: &str = "nodes { id } pageInfo { hasNextPage endCursor }";

/// Every question to the tenant's administrator. `now` and the days around it are RFC 3339.
pub fn all(moments: &Moments) -> Vec<Question> {
    let mut all = Vec::new();
    transactions(&mut all, moments);
    users(&mut all, moments);
    referrals(&mut all, moments);
    rewards(&mut all);
    others(&mut all);
    of_user(&mut all);
    reports(&mut all, moments);
    all
}

/// Instants at which something is cut.
pub struct Moments {
    /// A few hours ago.
    pub lately: String,
    /// Some weeks ago.
    pub before: String,
    /// The calendar month before this one.
    pub month: [String; 2],
    /// Some days that are no month.
    pub days: [String; 2],
}

fn flat(all: &mut Vec<Question>, name: impl Into<String>, field: &str) {
    let document = format!("{{ {field} }}");
    all.push(Question { name: name.into(), cost: Cost::Flat, document });
}

fn bounded(all: &mut Vec<Question>, name: &str, field: &str) {
    let document = format!("{{ {field} }}");
    all.push(Question { name: name.to_owned(), cost: Cost::Bounded, document });
}

/// A list with a filter; its first page.
fn list(all: &mut Vec<Question>, list: &str, filter: &str, nodes: &str) {
    let arguments =
        if filter.is_empty() { String::new() } else { format!("(filter: {{ {filter} }})") };
    flat(all, format!("{list} {filter}"), &format!("{list}{arguments} {{ {nodes} }}"));
}

fn transactions(all: &mut Vec<Question>, moments: &Moments) {
    let from = format!("from: \"{}\"", moments.lately);
    let to = format!("to: \"{}\"", moments.before);
    for filter in [
        "",
        "userId: \"user-0\"",
        "userId: \"user-77\"",
        "source: \"manual\"",
        "source: \"reversal\"",
        "source: \"early_adopter\"",
        "unit: \"USD\"",
        "unit: \"messages\"",
        &from,
        &to,
        "referenceId: \"order-7\"",
        "userId: \"user-0\", source: \"manual\"",
        "userId: \"user-0\", source: \"expiry\"",
        "userId: \"user-0\", unit: \"samples\"",
    ] {
        list(all, "transactions", filter, PAGE);
    }
    let joined = "transactions(first: 20) { nodes { amount user { name } decision { rule } } }";
    flat(all, "transactions with users", joined);
    flat(all, "transactions, from the end", &format!("transactions(last: 20) {{ {PAGE} }}"));
    for filter in ["", "userId: \"user-0\"", "userId: \"user-0\", source: \"manual\""] {
        let field = format!("transactions(first: 1, filter: {{ {filter} }}) {{ totalCount }}");
        flat(all, format!("count of transactions {filter}"), &field);
    }
    let field = "transactions(first: 1, filter: { source: \"manual\" }) { totalCount }";
    bounded(all, "count of transactions of a source", field);
}

fn users(all: &mut Vec<Question>, moments: &Moments) {
    let from = format!("createdFrom: \"{}\"", moments.lately);
    let to = format!("createdTo: \"{}\"", moments.before);
    let filters = [
        "",
        "minBalance: 1",
        "minBalance: 5000",
        "minBalance: 0",
        "unit: \"messages\"",
        &from,
        &to,
    ];
    for order in ["CREATED_DESC", "CREATED_ASC", "BALANCE_DESC", "EARNED_DESC"] {
        for filter in filters {
            let field = format!("users(orderBy: {order}, filter: {{ {filter} }}) {{ {PAGE} }}");
            flat(all, format!("users {order} {filter}"), &field);
        }
        searches(all, order);
    }
    flat(all, "users, from the end", &format!("users(last: 20) {{ {PAGE} }}"));
    for order in ["BALANCE_DESC", "EARNED_DESC"] {
        let field = format!("users(orderBy: {order}, last: 20) {{ {PAGE} }}");
        flat(all, format!("users {order}, from the end"), &field);
    }
    flat(all, "count of users", "users(first: 1) { totalCount }");
    for filter in ["search: \"name\"", "minBalance: 1"] {
        let field = format!("users(first: 1, filter: {{ {filter} }}) {{ totalCount }}");
        bounded(all, &format!("count of users {filter}"), &field);
    }
}

/// Searches that find ever more users, the thousand oldest, or nobody.
fn searches(all: &mut Vec<Question>, order: &str) {
    let by_sign_up = order.starts_with("CREATED");
    for text in ["user-7", "user-77", "name", "pioneer", "nobody", "nobody at all", LONG] {
        let field =
            format!("users(orderBy: {order}, filter: {{ search: \"{text}\" }}) {{ {PAGE} }}");
        let name = format!("users {order} search: {text:?}");
        // An index has those with a beginning of up to 32 characters in the order of sign-up.
        if by_sign_up {
            flat(all, name, &field);
        } else {
            bounded(all, &name, &field);
        }
    }
}

fn referrals(all: &mut Vec<Question>, moments: &Moments) {
    let from = format!("from: \"{}\"", moments.lately);
    let to = format!("to: \"{}\"", moments.before);
    let filters = [
        "",
        "status: PENDING",
        "status: CREDITED",
        "status: REVERSED",
        "status: HELD",
        "referrerId: \"user-0\"",
        &from,
        &to,
    ];
    for filter in filters {
        list(all, "referrals", filter, PAGE);
    }
    for filter in ["", "status: PENDING", "referrerId: \"user-0\""] {
        let field = format!("referrals(first: 1, filter: {{ {filter} }}) {{ totalCount }}");
        flat(all, format!("count of referrals {filter}"), &field);
    }
}

fn rewards(all: &mut Vec<Question>) {
    for filter in [
        "",
        "userId: \"user-0\"",
        "type: CREDIT",
        "type: QUOTA",
        "type: FEATURE",
        "type: STRIPE_BALANCE",
        "status: PENDING",
        "status: ACTIVE",
        "status: REDEEMED",
        "status: EXPIRED",
        "status: CANCELLED",
        "status: FAILED",
    ] {
        list(all, "rewards", filter, PAGE);
    }
}

fn others(all: &mut Vec<Question>) {
    for filter in [
        "",
        "userId: \"user-0\"",
        "event: \"purchase\"",
        "event: \"signup\"",
        "outcome: REWARDED",
        "outcome: SKIPPED",
        "outcome: FAILED",
    ] {
        list(all, "decisions", filter, PAGE);
    }
    flat(all, "promoCodes", "promoCodes { nodes { code redemptions } }");
}

fn of_user(all: &mut Vec<Question>) {
    let fields = [
        "credits { balance lots { remaining } }",
        "transactions { nodes { id } totalCount }",
        "transactions(filter: { source: \"expiry\" }) { nodes { id } totalCount }",
        "rewards { nodes { id } }",
        "rewards(status: PENDING) { nodes { id } }",
        "rewards(status: EXPIRED) { nodes { id } }",
        "notifications { nodes { id } }",
        "notifications(unreadOnly: true) { nodes { id } }",
        "referral { clicks signups conversions credited totalEarned remainingUses showPrompt }",
        "referral { referrals { totalCount nodes { id } } }",
        "referral { referrals(status: PENDING) { totalCount nodes { id } } }",
        "referral { referrals(status: HELD) { totalCount nodes { id } } }",
    ];
    for field in fields {
        flat(all, format!("user-0 {field}"), &format!("user(id: \"user-0\") {{ {field} }}"));
    }
    let typical =
        "user(id: \"user-77\") { name credits { balance lots { id } } rewards { nodes { id } } }";
    flat(all, "user-77 in brief", typical);
}

fn reports(all: &mut Vec<Question>, moments: &Moments) {
    let [first, last] = &moments.month;
    let [from, to] = &moments.days;
    for by in ["CREDITED_REFERRALS", "EARNED"] {
        let top = "{ rank name creditedReferrals earned }";
        flat(
            all,
            format!("leaderboard of all time by {by}"),
            &format!("leaderboard(by: {by}) {top}"),
        );
        let month = format!("leaderboard(by: {by}, from: \"{first}\", to: \"{last}\") {top}");
        flat(all, format!("leaderboard of a month by {by}"), &month);
        let days = format!("leaderboard(by: {by}, from: \"{from}\", to: \"{to}\") {top}");
        bounded(all, &format!("leaderboard of ten days by {by}"), &days);
    }
    let fields = "clicks signups conversions conversionRate pending credited totalBonusPaid \
        referredRevenue averageSecondsToFirstPurchase rewardRedemptionRate creditsIssued creditsUsed \
        creditsExpired creditsOutstanding daily { date clicks signups conversions bonusPaid \
        creditsIssued creditsUsed }";
    flat(all, "analytics of 30 days", &format!("analytics {{ {fields} }}"));
    let totals =
        "referralTotals { all pending held paying credited failed rejected reversed bonusEarned }";
    flat(all, "referralTotals", totals);
}
