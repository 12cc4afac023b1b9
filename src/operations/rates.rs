//! How often may be called: a bucket for each caller, which holds a minute's worth and fills again
//! evenly. End users and keys pay for what their documents cost, anonymous callers for each request.
//! What is counted here is this server's alone; what is scarce is counted in the lane.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::clock::Clock;
use crate::domain::caller::{Caller, Role};
use crate::domain::refusal::{Code, Refusal};

/// After how many calls full buckets are thrown away: they say the same as none.
const TIDY_AFTER: u64 = 16_384;
/// Who has one IPv6 address usually has all of its network.
const IPV6_NETWORK: u8 = 64;

/// How much each kind of caller may ask for in a minute; `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// Cost units of one end user.
    pub user: Option<NonZeroU32>,
    /// Requests of anonymous callers from one address (of IPv6 from one network of 64 bits).
    pub anonymous: Option<NonZeroU32>,
    /// Cost units of one service key.
    pub service: Option<NonZeroU32>,
    /// Cost units of one admin key.
    pub admin: Option<NonZeroU32>,
    /// Cost units of the operator.
    pub operator: Option<NonZeroU32>,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self { user: NonZeroU32::new(6_000), anonymous: NonZeroU32::new(300), ..Self::none() }
    }
}

impl RateLimits {
    /// No limits at all.
    #[must_use]
    pub const fn none() -> Self {
        Self { user: None, anonymous: None, service: None, admin: None, operator: None }
    }
}

/// Whose bucket it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Owner {
    /// Callers from one network.
    Network(IpNet),
    /// Callers whose address is not known.
    Nowhere,
    /// An end user or a key of a tenant, by id or name.
    Of(i64, String),
    Operator,
}

type Buckets = RateLimiter<Owner, DefaultKeyedStateStore<Owner>, Ticks, NoOpMiddleware<Nanos>>;

/// The buckets of all callers.
pub struct Rates {
    user: Option<Buckets>,
    anonymous: Option<Buckets>,
    service: Option<Buckets>,
    admin: Option<Buckets>,
    operator: Option<Buckets>,
    calls: AtomicU64,
}

impl Rates {
    /// Full buckets, by these limits and this clock.
    #[must_use]
    pub fn new(limits: RateLimits, clock: &Clock) -> Self {
        let buckets = |a_minute: Option<NonZeroU32>| {
            a_minute.map(|a_minute| {
                let ticks = Ticks(clock.clone());
                RateLimiter::new(Quota::per_minute(a_minute), Default::default(), ticks)
            })
        };
        Self {
            user: buckets(limits.user),
            anonymous: buckets(limits.anonymous),
            service: buckets(limits.service),
            admin: buckets(limits.admin),
            operator: buckets(limits.operator),
            calls: AtomicU64::new(0),
        }
    }

    /// Lets a request of this caller in. Who has a credential pays later, for the document.
    pub fn admit(&self, caller: &Caller, address: Option<IpAddr>) -> Result<(), Refusal> {
        match caller.role {
            Role::Public => self.admit_stranger(address),
            _ => Ok(()),
        }
    }

    /// Lets a request in that comes without a credential, or with one that does not hold.
    pub fn admit_stranger(&self, address: Option<IpAddr>) -> Result<(), Refusal> {
        let owner = address.map_or(Owner::Nowhere, |address| Owner::Network(network(address)));
        self.take(self.anonymous.as_ref(), &owner, NonZeroU32::MIN)
    }

    /// Takes what a document costs from the bucket of who sent it.
    pub fn charge(&self, caller: &Caller, cost: usize) -> Result<(), Refusal> {
        let named = |name: &String| {
            Owner::Of(caller.tenant.as_ref().map_or(0, |tenant| tenant.id), name.clone())
        };
        let (buckets, owner) = match &caller.role {
            Role::Public => return Ok(()),
            Role::User(id) => (&self.user, named(id)),
            Role::Service(name) => (&self.service, named(name)),
            Role::Admin(name) => (&self.admin, named(name)),
            Role::Operator => (&self.operator, Owner::Operator),
        };
        let cost = u32::try_from(cost).unwrap_or(u32::MAX);
        self.take(buckets.as_ref(), &owner, NonZeroU32::new(cost).unwrap_or(NonZeroU32::MIN))
    }

    fn take(
        &self,
        buckets: Option<&Buckets>,
        owner: &Owner,
        cost: NonZeroU32,
    ) -> Result<(), Refusal> {
        let Some(buckets) = buckets else { return Ok(()) };
        if self.calls.fetch_add(1, Ordering::Relaxed).is_multiple_of(TIDY_AFTER) {
            buckets.retain_recent();
            buckets.shrink_to_fit();
        }
        match buckets.check_key_n(owner, cost) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(not_until)) => {
                let wait = not_until.wait_time_from(buckets.clock().now());
                Err(too_often(not_until.quota(), wait))
            }
            Err(most) => Err(Refusal::new(
                Code::RateLimited,
                format!(
                    "This costs {cost} units, and no more than {} are to be had in a minute: ask for less at once.",
                    most.0
                ),
            )),
        }
    }
}

fn too_often(quota: Quota, wait: Duration) -> Refusal {
    let most = quota.burst_size();
    let wait = chrono::TimeDelta::from_std(wait).unwrap_or(chrono::TimeDelta::MAX);
    Refusal::rate_limited(format!("More than {most} a minute: try again later."), wait)
}

/// The network that an address stands for: of IPv4 the address itself.
#[must_use]
pub fn network(address: IpAddr) -> IpNet {
    match address.to_canonical() {
        IpAddr::V4(address) => Ipv4Net::from(address).into(),
        IpAddr::V6(address) => Ipv6Net::new_assert(address, IPV6_NETWORK).trunc().into(),
    }
}

/// The one clock, as the buckets read it: nanoseconds of the epoch.
#[derive(Clone)]
struct Ticks(Clock);

impl governor::clock::Clock for Ticks {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let micros = u64::try_from(self.0.now().timestamp_micros()).unwrap_or_default();
        Nanos::from(micros.saturating_mul(1_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::caller::TenantRef;

    fn at(address: &str) -> Option<IpAddr> {
        Some(address.parse().unwrap())
    }

    fn rates(limits: RateLimits) -> (Rates, Clock) {
        let clock = Clock::manual("2026-11-20T08:00:00Z".parse().unwrap());
        (Rates::new(limits, &clock), clock)
    }

    fn of(tenant: i64, role: Role) -> Caller {
        Caller { tenant: Some(TenantRef { id: tenant, slug: "a".to_owned() }), role }
    }

    #[test]
    fn an_address_has_its_minute_and_gets_it_back_evenly() {
        let (rates, clock) = rates(RateLimits::default());
        let home = at("192.0.2.1");
        for _ in 0..300 {
            rates.admit_stranger(home).unwrap();
        }
        let refused = rates.admit_stranger(home).unwrap_err();
        assert_eq!((refused.code, refused.retry_after_seconds), (Code::RateLimited, Some(1)));
        rates.admit_stranger(at("192.0.2.2")).unwrap();
        clock.advance(chrono::TimeDelta::microseconds(199_999));
        rates.admit_stranger(home).unwrap_err();
        clock.advance(chrono::TimeDelta::microseconds(1));
        rates.admit_stranger(home).unwrap();
        rates.admit_stranger(home).unwrap_err();
        clock.advance(chrono::TimeDelta::minutes(5));
        let let_in = (0..1_000).filter(|_| rates.admit_stranger(home).is_ok()).count();
        assert_eq!(let_in, 300, "a bucket holds no more than a minute");
    }

    #[test]
    fn addresses_of_one_network_share_a_bucket() {
        assert_eq!(
            network("::ffff:192.0.2.1".parse().unwrap()),
            network("192.0.2.1".parse().unwrap())
        );
        let (one, other) = ("2001:db8:0:1::1", "2001:db8:0:1:ffff::9");
        assert_eq!(network(one.parse().unwrap()), network(other.parse().unwrap()));
        assert_ne!(network(one.parse().unwrap()), network("2001:db8:0:2::1".parse().unwrap()));
    }

    #[test]
    fn each_user_pays_what_documents_cost_and_keys_nothing() {
        let (rates, _) = rates(RateLimits::default());
        let ann = of(1, Role::User("ann".to_owned()));
        rates.charge(&ann, 5_990).unwrap();
        rates.charge(&ann, 11).unwrap_err();
        rates.charge(&ann, 10).unwrap();
        assert_eq!(rates.charge(&ann, 1).unwrap_err().retry_after_seconds, Some(1));
        assert_eq!(rates.charge(&ann, 500).unwrap_err().retry_after_seconds, Some(5));
        rates.charge(&of(2, Role::User("ann".to_owned())), 6_000).unwrap();
        let too_much = rates.charge(&of(1, Role::User("bob".to_owned())), 6_001).unwrap_err();
        assert_eq!((too_much.code, too_much.retry_after_seconds), (Code::RateLimited, None));
        for role in [Role::Service("k".to_owned()), Role::Admin("k".to_owned()), Role::Operator] {
            for _ in 0..10 {
                rates.charge(&of(1, role.clone()), 100_000).unwrap();
            }
        }
    }

    #[test]
    fn full_buckets_are_thrown_away() {
        let (rates, clock) = rates(RateLimits::default());
        for n in 0..TIDY_AFTER - 1 {
            let address = IpAddr::from((u32::try_from(n).unwrap() + 1).to_be_bytes());
            rates.admit_stranger(Some(address)).unwrap();
        }
        let known = || rates.anonymous.as_ref().unwrap().len();
        assert_eq!(known() as u64, TIDY_AFTER - 1);
        clock.advance(chrono::TimeDelta::minutes(1));
        for _ in 0..2 {
            rates.admit_stranger(at("192.0.2.1")).unwrap();
        }
        assert!(known() <= 2, "{}", known());
    }
}
