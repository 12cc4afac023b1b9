//! From which sites' pages a browser may call.

use std::str::FromStr;

use axum::http::header::{HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use axum::http::{Uri, uri::PathAndQuery};

/// In it a browser says how the page that calls stands to this server. No page can change it.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The sites, besides the server's own, whose pages may call; read from a list with commas:
/// `https://app.example.com,https://admin.example.com:8443`.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    /// Scheme, host and port of each, as browsers send it in the header Origin.
    listed: Vec<String>,
}

/// Why an entry of the list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum UnusableOrigin {
    /// It is `*`.
    #[error("every site cannot be allowed: name each, as https://app.example.com")]
    Everybody,
    /// It is no site.
    #[error(
        "{0:?} is no site: write scheme, host and port alone, as browsers do: https://app.example.com"
    )]
    NoSite(String),
}

/// Whose page makes a browser call, as far as can be told.
#[derive(Debug, PartialEq, Eq)]
pub enum Page<'a> {
    /// One of this server, or none: whatever is no browser sends what it likes.
    Own,
    /// One of a site in the list, which is named.
    Listed(&'a HeaderValue),
    /// One of another site.
    Foreign,
}

impl Origins {
    /// May who sends these headers call? Sockets ask this before they open.
    #[must_use]
    pub fn allows(&self, headers: &HeaderMap) -> bool {
        self.page(headers) != Page::Foreign
    }

    /// Whose page calls. Without the header Origin a browser either reads a page of this server's, or
    /// follows what another page embeds; the latter is foreign.
    #[must_use]
    pub fn page<'a>(&self, headers: &'a HeaderMap) -> Page<'a> {
        let mut origins = headers.get_all(ORIGIN).iter();
        let site = headers.get(FETCH_SITE).map(HeaderValue::as_bytes);
        match (origins.next(), origins.next()) {
            (Some(origin), None) if self.lists(origin) => Page::Listed(origin),
            (Some(origin), None) if is_own(origin, site, headers) => Page::Own,
            (None, _) if matches!(site, None | Some(b"same-origin" | b"none")) => Page::Own,
            _ => Page::Foreign,
        }
    }

    fn lists(&self, origin: &HeaderValue) -> bool {
        self.listed.iter().any(|listed| listed.as_bytes() == origin.as_bytes())
    }
}

/// Is it this server's own? A browser that says so is believed, whatever a proxy made of Host; only
/// of one that says nothing are the names compared.
fn is_own(origin: &HeaderValue, site: Option<&[u8]>, headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    match (site, origin.to_str().ok().and_then(site_of), host) {
        (Some(site), _, _) => site == b"same-origin",
        (None, Some(site), Some(host)) => {
            let (scheme, name) = site.split_once("://").unwrap_or_default();
            without_default_port(scheme, &host.to_ascii_lowercase()) == name
        }
        _ => false,
    }
}

impl FromStr for Origins {
    type Err = UnusableOrigin;

    fn from_str(list: &str) -> Result<Self, UnusableOrigin> {
        let entries = list.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let read = |entry: &str| match entry {
            "*" => Err(UnusableOrigin::Everybody),
            entry => site_of(entry).ok_or_else(|| UnusableOrigin::NoSite(entry.to_owned())),
        };
        Ok(Self { listed: entries.map(read).collect::<Result<_, _>>()? })
    }
}

/// A site in the one form in which browsers write it; `None` when it is none, or more than that. Apps
/// have schemes of their own: `capacitor://localhost`.
fn site_of(text: &str) -> Option<String> {
    let text = text.to_ascii_lowercase();
    let address: Uri = text.parse().ok()?;
    let (scheme, authority) = (address.scheme_str()?, address.authority()?);
    let is_bare =
        address.path_and_query().is_none_or(|path| *path == PathAndQuery::from_static("/"));
    let name = without_default_port(scheme, authority.as_str());
    let said = text.strip_prefix(scheme)?.strip_prefix("://")?;
    let is_host = !authority.host().is_empty() && !name.contains(['@', '*']);
    (is_bare && is_host && said == authority.as_str()).then(|| format!("{scheme}://{name}"))
}

/// A host and its port, which browsers leave out where the scheme says it.
fn without_default_port<'a>(scheme: &str, authority: &'a str) -> &'a str {
    let port = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return authority,
    };
    authority.strip_suffix(port).unwrap_or(authority)
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: &str = "https://app.example.com";

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name, value);
        }
        headers
    }

    #[test]
    fn the_list_takes_sites_as_browsers_write_them() {
        let list = " https://App.example.com , http://localhost:5173,https://a.example:443,\
                    http://b.example:80,capacitor://localhost,http://[::1]:3000,";
        let origins: Origins = list.parse().unwrap();
        assert_eq!(
            origins.listed,
            [
                APP,
                "http://localhost:5173",
                "https://a.example",
                "http://b.example",
                "capacitor://localhost",
                "http://[::1]:3000"
            ]
        );
        assert!("".parse::<Origins>().unwrap().listed.is_empty());
    }

    #[test]
    fn what_is_no_site_is_refused_with_a_sentence() {
        for wrong in [
            "null",
            "app.example.com",
            "//app.example.com",
            "https://",
            "https:///",
            "https://app.example.com/",
            "https://app.example.com/path",
            "https://app.example.com?x",
            "https://ann@app.example.com",
            "https://*.example.com",
            "https://app example.com",
            "https://bücher.example",
        ] {
            let error = wrong.parse::<Origins>().unwrap_err().to_string();
            assert!(error.contains("write scheme, host and port alone"), "{wrong}: {error}");
        }
        let error = "https://a.example,*".parse::<Origins>().unwrap_err().to_string();
        assert!(error.starts_with("every site cannot be allowed"), "{error}");
    }

    #[test]
    fn only_own_and_listed_pages_may_call() {
        let origins: Origins = APP.parse().unwrap();
        let own = [
            &[][..],
            &[("sec-fetch-site", "same-origin")],
            &[("sec-fetch-site", "none")],
            &[("host", "api.example.com"), ("origin", "https://api.example.com")],
            &[("host", "API.example.com:443"), ("origin", "https://api.example.com")],
            &[("host", "127.0.0.1:8080"), ("origin", "http://127.0.0.1:8080")],
            // A proxy wrote another host; the browser knows better.
            &[
                ("host", "inner:8080"),
                ("origin", "https://api.example.com"),
                ("sec-fetch-site", "same-origin"),
            ],
        ];
        for pairs in own {
            assert_eq!(origins.page(&headers(pairs)), Page::Own, "{pairs:?}");
            assert!(origins.allows(&headers(pairs)));
        }
        let foreign = [
            &[("host", "api.example.com"), ("origin", "https://evil.example")][..],
            &[("host", "api.example.com"), ("origin", "null")],
            &[("host", "api.example.com"), ("origin", "http://app.example.com")],
            &[("host", "api.example.com"), ("origin", "https://app.example.com:8443")],
            &[("host", "api.example.com"), ("origin", "https://app.example.com.evil.example")],
            &[("host", "api.example.com:8080"), ("origin", "https://api.example.com")],
            &[("origin", "https://api.example.com")],
            &[("origin", APP), ("origin", APP)],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "whatever")],
            // The same host, but without TLS: another site.
            &[
                ("host", "api.example.com"),
                ("origin", "http://api.example.com"),
                ("sec-fetch-site", "cross-site"),
            ],
        ];
        for pairs in foreign {
            assert_eq!(origins.page(&headers(pairs)), Page::Foreign, "{pairs:?}");
            assert!(!origins.allows(&headers(pairs)));
        }
        for site in ["cross-site", "same-site"] {
            let headers = headers(&[("origin", APP), ("sec-fetch-site", site)]);
            assert_eq!(origins.page(&headers), Page::Listed(&HeaderValue::from_static(APP)));
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_read_is_written_so_and_read_again(text in "(https?|app)://[a-z\\[\\]@*:/.?# 0-9]{0,12}") {
            if let Some(site) = site_of(&text) {
                assert_eq!(site_of(&site), Some(site.clone()));
                assert!(text.starts_with(&site), "{text} is more than {site}");
            }
        }
    }
}
