//! `[auth]` of a `program.toml`: the tenant's own identity provider.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use reqwest::Url;
use toml::Spanned;

use crate::domain::provider::{Algorithm, KeySource, Provider};
use crate::domain::rules::RuleError;

use super::super::files::is_pem;
use super::super::pem;
use super::check::Checker;

/// The claim that names the user when the table does not say.
const USER_CLAIM: &str = "sub";

impl Checker<'_> {
    /// The provider that the table names, with the key of its file among `files`.
    pub(super) fn auth(
        &self,
        files: &BTreeMap<String, String>,
    ) -> Result<Option<Arc<Provider>>, RuleError> {
        let Some(table) = &self.read.auth else { return Ok(None) };
        let auth = table.as_ref();
        for name in [Some(&auth.issuer), Some(&auth.audience), auth.user_claim.as_ref()] {
            name.map_or(Ok(()), |name| self.name(name.as_ref(), name.span()))?;
        }
        let algorithms = self.algorithms(&auth.algorithms)?;
        let keys = match (&auth.jwks, &auth.pem) {
            (Some(address), None) => self.jwks(address)?,
            (None, Some(name)) => self.pem(name, files, &algorithms)?,
            _ => {
                let message = "[auth] needs either `jwks`, the address of the provider's keys, or \
                               `pem`, the name of a file beside this one.";
                return self.fail(message, table.span());
            }
        };
        let claim = auth.user_claim.as_ref().map_or(USER_CLAIM, |claim| claim.as_ref());
        Ok(Some(Arc::new(Provider {
            issuer: auth.issuer.as_ref().clone(),
            audience: auth.audience.as_ref().clone(),
            algorithms: algorithms.into_iter().map(|(algorithm, _)| algorithm).collect(),
            user_claim: claim.to_owned(),
            keys,
        })))
    }

    fn algorithms<'a>(
        &self,
        names: &'a Spanned<Vec<Spanned<String>>>,
    ) -> Result<Vec<(Algorithm, &'a Spanned<String>)>, RuleError> {
        if names.as_ref().is_empty() {
            return self.fail("`algorithms` names at least one, as in [\"RS256\"].", names.span());
        }
        let known = |name: &'a Spanned<String>| match Algorithm::named(name.as_ref()) {
            Some(algorithm) => Ok((algorithm, name)),
            None => self.fail(why_not(name.as_ref()), name.span()),
        };
        names.as_ref().iter().map(known).collect()
    }

    fn jwks(&self, address: &Spanned<String>) -> Result<KeySource, RuleError> {
        let text = address.as_ref();
        let url = Url::parse(text).ok().filter(|url| url.host_str().is_some());
        let Some(url) = url.filter(|url| ["https", "http"].contains(&url.scheme())) else {
            let message = "`jwks` is an address like https://id.example.com/jwks.json.";
            return self.fail(message, address.span());
        };
        if url.scheme() == "http" && !is_loopback(&url) {
            let message = "`jwks` begins with https://: whoever sits on the way could put keys of \
                           their own in place of the provider's.";
            return self.fail(message, address.span());
        }
        if !url.username().is_empty() || url.password().is_some() {
            let message = "`jwks` holds no user name or password: a key set is public.";
            return self.fail(message, address.span());
        }
        Ok(KeySource::Jwks(text.clone()))
    }

    fn pem(
        &self,
        name: &Spanned<String>,
        files: &BTreeMap<String, String>,
        algorithms: &[(Algorithm, &Spanned<String>)],
    ) -> Result<KeySource, RuleError> {
        let file = name.as_ref();
        if !is_pem(file) {
            let message = "`pem` is the name of a file in this folder, like \"idp.pem\".";
            return self.fail(message, name.span());
        }
        let Some(text) = files.get(file) else {
            return self.fail(format!("There is no file {file} in this folder."), name.span());
        };
        let kind = pem::kind(text)
            .map_err(|why| RuleError { file: Some(file.clone()), ..RuleError::new(why) })?;
        for (algorithm, written) in algorithms {
            if algorithm.key_kind() != kind {
                let (what, name) = (kind.for_people(), written.as_ref());
                let message = format!("{file} holds {what}, which does not fit {name}.");
                return self.fail(message, written.span());
            }
        }
        Ok(KeySource::Pem { text: text.clone(), kind })
    }
}

/// Why an algorithm cannot be listed.
fn why_not(name: &str) -> String {
    let capital = name.to_ascii_uppercase();
    if capital == "NONE" {
        return "`none` is no signature: anybody could sign in as anyone.".to_owned();
    }
    if capital.starts_with("HS") {
        return format!(
            "`{name}` signs with a secret that the server would have to share: let the provider sign \
             with a key pair, as RS256 does."
        );
    }
    let known = Algorithm::NAMES.map(|(_, known)| known).join(", ");
    format!("`{name}` is no algorithm that is known here: {known}.")
}

/// Is it this very machine, so that nobody sits on the way?
fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}
