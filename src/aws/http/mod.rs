//! The HTTP client of all calls to AWS: TLS, and the proxies that the environment names.

pub(super) mod proxy;

use std::fmt;

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_types::os_shim_internal::Env;

use proxy::{Direct, Failure, Proxies};

/// A client by this process's environment.
pub(super) fn client() -> SharedHttpClient {
    of(&Proxies::read(&Env::real()))
}

fn of(proxies: &Proxies) -> SharedHttpClient {
    if proxies.is_none() {
        return direct();
    }
    let through = |proxy: &proxy::Setting| match proxy {
        None => Way::Direct(direct()),
        Some(Ok(proxy)) => Way::Through(proxy.variable, tunnelled(&proxy.config)),
        Some(Err(failure)) => Way::None(*failure),
    };
    SharedHttpClient::new(Routed {
        http: through(&proxies.http),
        https: through(&proxies.https),
        direct: direct(),
        exceptions: proxies.direct.clone(),
    })
}

fn direct() -> SharedHttpClient {
    Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}

fn tunnelled(proxy: &ProxyConfig) -> SharedHttpClient {
    let proxy = proxy.clone();
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector =
            Connector::builder().tls_provider(Provider::Rustls(CryptoMode::Ring)).proxy_config(proxy.clone());
        connector.set_connector_settings(settings.cloned());
        if let Some(components) = components {
            connector.set_sleep_impl(components.sleep_impl());
        }
        connector.build()
    })
}

/// How requests of one scheme leave.
#[derive(Clone, Debug)]
enum Way<T> {
    Direct(T),
    /// Through the proxy that this variable names.
    Through(&'static str, T),
    /// Not at all: a request that a proxy was to carry must not go out without it.
    None(Failure),
}

impl<T> Way<T> {
    fn map<U>(&self, to: impl Fn(&T) -> U) -> Way<U> {
        match self {
            Self::Direct(client) => Way::Direct(to(client)),
            Self::Through(variable, client) => Way::Through(variable, to(client)),
            Self::None(failure) => Way::None(*failure),
        }
    }
}

/// A client whose requests go through a proxy by their scheme, or past it by their host.
#[derive(Debug)]
struct Routed {
    http: Way<SharedHttpClient>,
    https: Way<SharedHttpClient>,
    direct: SharedHttpClient,
    exceptions: Direct,
}

impl HttpClient for Routed {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let connector = |client: &SharedHttpClient| client.http_connector(settings, components);
        SharedHttpConnector::new(RoutedConnector {
            http: self.http.map(connector),
            https: self.https.map(connector),
            direct: connector(&self.direct),
            exceptions: self.exceptions.clone(),
        })
    }
}

struct RoutedConnector {
    http: Way<SharedHttpConnector>,
    https: Way<SharedHttpConnector>,
    direct: SharedHttpConnector,
    exceptions: Direct,
}

impl fmt::Debug for RoutedConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoutedConnector").finish_non_exhaustive()
    }
}

impl HttpConnector for RoutedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let uri = request.uri();
        if self.exceptions.covers(uri) {
            return self.direct.call(request);
        }
        match if uri.starts_with("https:") { &self.https } else { &self.http } {
            Way::Direct(connector) => connector.call(request),
            Way::Through(variable, connector) => {
                let (variable, answer) = (*variable, connector.call(request));
                HttpConnectorFuture::new(async move {
                    answer.await.map_err(|error| proxy::met_on_the_way(variable, error))
                })
            }
            Way::None(failure) => HttpConnectorFuture::ready(Err(ConnectorError::user(Box::new(*failure)))),
        }
    }
}
