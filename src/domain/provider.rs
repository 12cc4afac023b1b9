//! A tenant's own identity provider: whose tokens name its users, and by which keys they are checked.

/// Who signs the users' tokens, beside the server itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// The claim `iss` of its tokens, letter by letter.
    pub issuer: String,
    /// What the claim `aud` of its tokens must hold.
    pub audience: String,
    /// How its tokens may be signed.
    pub algorithms: Vec<Algorithm>,
    /// The claim with the tenant's own id of the user.
    pub user_claim: String,
    /// Where its keys are.
    pub keys: KeySource,
}

/// Where a provider's public keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A JSON Web Key Set (RFC 7517) at this address.
    Jwks(String),
    /// One key, in a file of the program.
    Pem {
        /// The file's text.
        text: String,
        /// What it holds.
        kind: KeyKind,
    },
}

/// How a token is signed (RFC 7518, section 3.1): with a private key, so that who checks it can sign
/// none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA with SHA-256.
    Rs256,
    /// RSA with SHA-384.
    Rs384,
    /// RSA with SHA-512.
    Rs512,
    /// RSA-PSS with SHA-256.
    Ps256,
    /// RSA-PSS with SHA-384.
    Ps384,
    /// RSA-PSS with SHA-512.
    Ps512,
    /// ECDSA on P-256.
    Es256,
    /// ECDSA on P-384.
    Es384,
    /// Ed25519 (RFC 8037).
    EdDsa,
}

/// What a public key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// For RSA.
    Rsa,
    /// A point on P-256.
    P256,
    /// A point on P-384.
    P384,
    /// For Ed25519.
    Ed25519,
}

impl Algorithm {
    /// Every algorithm with its name in tokens and in `program.toml`.
    pub const NAMES: [(Self, &'static str); 9] = [
        (Self::Rs256, "RS256"),
        (Self::Rs384, "RS384"),
        (Self::Rs512, "RS512"),
        (Self::Ps256, "PS256"),
        (Self::Ps384, "PS384"),
        (Self::Ps512, "PS512"),
        (Self::Es256, "ES256"),
        (Self::Es384, "ES384"),
        (Self::EdDsa, "EdDSA"),
    ];

    /// The algorithm of this very name; names differ by case too.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(algorithm, _)| *algorithm)
    }

    /// Which keys it takes; no other may ever be tried with it.
    #[must_use]
    pub const fn key_kind(self) -> KeyKind {
        match self {
            Self::Rs256 | Self::Rs384 | Self::Rs512 | Self::Ps256 | Self::Ps384 | Self::Ps512 => {
                KeyKind::Rsa
            }
            Self::Es256 => KeyKind::P256,
            Self::Es384 => KeyKind::P384,
            Self::EdDsa => KeyKind::Ed25519,
        }
    }
}

impl KeyKind {
    /// Its name for people, with its article.
    #[must_use]
    pub const fn for_people(self) -> &'static str {
        match self {
            Self::Rsa => "an RSA key",
            Self::P256 => "a key on P-256",
            Self::P384 => "a key on P-384",
            Self::Ed25519 => "an Ed25519 key",
        }
    }
}
