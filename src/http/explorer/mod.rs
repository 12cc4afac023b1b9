//! `/graphiql`: GraphiQL, as the build made it of `web/`; where there was no Node to make it, a plain
//! page on which queries are tried. Either comes from this server alone; nobody else is asked for
//! anything beside a key.

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// Only what this server sends may run, and only to this server may anything be sent; its sockets
/// are `'self'` too. The editor's style draws its marks from `data:` images.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                      img-src 'self' data:; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

/// What is below here has a hash of its content in its name.
const HASHED: &str = "assets/";

/// A file: its name below `/graphiql/`, and what it holds.
type File = (&'static str, &'static [u8]);

/// GraphiQL; empty when the build could not make it.
static BUILT: &[File] = include!(concat!(env!("OUT_DIR"), "/graphiql.rs"));

static PLAIN: &[File] = &[
    (PAGE, include_bytes!("page.html")),
    ("page.js", include_bytes!("page.js")),
    ("page.css", include_bytes!("page.css")),
    ("examples.graphql", include_bytes!("../../../web/src/examples.graphql")),
];

const PAGE: &str = "index.html";

/// The page and what belongs to it.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    serving(if BUILT.is_empty() { PLAIN } else { BUILT })
}

fn serving<S: Clone + Send + Sync + 'static>(files: &'static [File]) -> Router<S> {
    let page = get(async move || answer(files, PAGE));
    let file = get(async move |Path(name): Path<String>| answer(files, &name));
    Router::new()
        .route("/graphiql", page.clone())
        .route("/graphiql/", page)
        .route("/graphiql/{*name}", file)
}

/// A file of just this name: nothing is looked up anywhere but in the list.
fn answer(files: &[File], name: &str) -> Response {
    let Some((_, bytes)) = files.iter().find(|(known, _)| *known == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    // A name with a hash never comes to mean anything else. A page has none: it is asked for anew.
    let lifetime =
        if name.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-store" };
    let headers: [(HeaderName, &str); 3] = [
        (header::CONTENT_TYPE, kind(name)),
        (header::CACHE_CONTROL, lifetime),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    (headers, *bytes).into_response()
}

fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    const STUB: &[File] = &[(PAGE, b"<p>built</p>"), ("assets/a-1.js", b"1"), ("l.md", b"MIT")];

    async fn get(files: &'static [File], path: &str) -> (StatusCode, String, String, String) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = serving::<()>(files).oneshot(request).await.unwrap();
        let header = |name| {
            let value = response.headers().get(name).map(|value| value.to_str().unwrap());
            value.unwrap_or_default().to_owned()
        };
        let (kind, lifetime) = (header("content-type"), header("cache-control"));
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, kind, lifetime, String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn each_file_has_its_type_and_its_lifetime() {
        for path in ["/graphiql", "/graphiql/", "/graphiql/index.html"] {
            let (status, kind, lifetime, text) = get(STUB, path).await;
            assert_eq!((status, text.as_str()), (StatusCode::OK, "<p>built</p>"), "{path}");
            assert_eq!(
                (kind.as_str(), lifetime.as_str()),
                ("text/html; charset=utf-8", "no-store")
            );
        }
        let (_, kind, lifetime, _) = get(STUB, "/graphiql/assets/a-1.js").await;
        assert_eq!(kind, "text/javascript; charset=utf-8");
        assert_eq!(lifetime, "public, max-age=31536000, immutable");
        assert_eq!(get(STUB, "/graphiql/l.md").await.1, "text/plain; charset=utf-8");
    }

    #[tokio::test]
    async fn nothing_else_is_found() {
        for path in [
            "/graphiql/assets/a-2.js",
            "/graphiql/assets/",
            "/graphiql/page.js",
            "/graphiql/../index.html",
            "/graphiql/assets/../index.html",
            "/graphiql/%2e%2e/%2e%2e/Cargo.toml",
            "/graphiql/..%2fCargo.toml",
            "/graphiql//etc/passwd",
            "/graphiql/%2fetc%2fpasswd",
        ] {
            assert_eq!(get(STUB, path).await.0, StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[tokio::test]
    async fn the_plain_page_says_how_to_get_graphiql_and_asks_nobody_else() {
        let (status, _, _, page) = get(PLAIN, "/graphiql").await;
        assert_eq!(status, StatusCode::OK);
        for command in ["npm --prefix web ci", "npm --prefix web run build"] {
            assert!(page.contains(command), "{command}");
        }
        for path in ["", "/page.js", "/page.css", "/examples.graphql"] {
            let (status, _, _, text) = get(PLAIN, &format!("/graphiql{path}")).await;
            assert_eq!(status, StatusCode::OK, "{path}");
            assert!(!text.contains("://"), "{path}");
        }
    }
}
