//! Who calls, for which tenant, with which rights.

use super::refusal::{Code, Refusal};

/// A caller whose credential was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The tenant that the call is for: of the credential, else as named by the caller.
    pub tenant: Option<TenantRef>,
    /// What the caller may do.
    pub role: Role,
}

/// A tenant, found.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TenantRef {
    /// Its number in the database.
    pub id: i64,
    /// Its name in credentials and headers.
    pub slug: String,
}

/// What a caller may do; a later one may do all that an earlier one may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// Anyone who names a tenant.
    Public,
    /// An end user, by the tenant's own id.
    User(String),
    /// A product's own back end; the name of its API key.
    Service(String),
    /// A tenant's administrator; the name of the API key.
    Admin(String),
    /// Who runs the server.
    Operator,
}

impl Role {
    /// Its name: the class, and nobody in it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::User(_) => "user",
            Self::Service(_) => "service",
            Self::Admin(_) => "admin",
            Self::Operator => "operator",
        }
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::Public => 0,
            Self::User(_) => 1,
            Self::Service(_) => 2,
            Self::Admin(_) => 3,
            Self::Operator => 4,
        }
    }
}

impl Caller {
    /// The tenant, or BAD_USER_INPUT that says how to name one.
    pub fn tenant(&self) -> Result<&TenantRef, Refusal> {
        self.tenant.as_ref().ok_or_else(|| {
            Refusal::bad_input("Name the tenant: send its slug in the header X-Tenant, or a credential of the tenant.")
        })
    }

    /// May the caller act as a back end?
    #[must_use]
    pub const fn is_service(&self) -> bool {
        self.role.rank() >= 2
    }

    /// May the caller administer the tenant?
    #[must_use]
    pub const fn is_admin(&self) -> bool {
        self.role.rank() >= 3
    }

    /// Refuses all but a service, an admin and the operator.
    pub fn require_service(&self) -> Result<(), Refusal> {
        self.require(2, "a service key")
    }

    /// Refuses all but an admin and the operator.
    pub fn require_admin(&self) -> Result<(), Refusal> {
        self.require(3, "an admin key")
    }

    /// Refuses all but the operator.
    pub fn require_operator(&self) -> Result<(), Refusal> {
        self.require(4, "the operator key")
    }

    /// Refuses callers without a credential.
    pub fn require_user(&self) -> Result<(), Refusal> {
        self.require(1, "a user's token or a key")
    }

    fn require(&self, rank: u8, what: &str) -> Result<(), Refusal> {
        if self.role.rank() >= rank {
            return Ok(());
        }
        Err(match self.role {
            Role::Public => Refusal::new(
                Code::Unauthenticated,
                format!("Sign in: this needs {what} in the header Authorization: Bearer."),
            ),
            _ => Refusal::forbidden(format!("This needs {what}.")),
        })
    }

    /// The user whom a call is about: an end user's own id, and for service and above the `userId`
    /// that they must pass.
    pub fn subject(&self, user_id: Option<&str>) -> Result<String, Refusal> {
        self.require_user()?;
        match (&self.role, user_id) {
            (Role::User(own), None) => Ok(own.clone()),
            (Role::User(own), Some(other)) if own == other => Ok(own.clone()),
            (Role::User(_), Some(_)) => Err(Refusal::forbidden(
                "A user's token speaks only for that user: leave userId out.",
            )),
            (_, Some(user_id)) => Ok(user_id.to_owned()),
            (_, None) => Err(Refusal::bad_input(
                "Pass userId: a key speaks for any user, so it must name one.",
            )),
        }
    }

    /// How the caller is named in what is kept.
    #[must_use]
    pub fn actor(&self) -> String {
        match &self.role {
            Role::Public => "public".to_owned(),
            Role::User(id) => format!("user:{id}"),
            Role::Service(name) | Role::Admin(name) => format!("key:{name}"),
            Role::Operator => "operator".to_owned(),
        }
    }
}
