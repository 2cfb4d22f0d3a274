//! Proxies, by the variables that the AWS CLI reads
//! ([proxies](https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-proxy.html)): `HTTP_PROXY`,
//! `HTTPS_PROXY` and `NO_PROXY`, in lower case too, which wins.
//!
//! A variable that cannot be read is an error: a request that was to go through a proxy never goes
//! without it. Proxies' URLs may hold a password, so no message quotes them.

use std::net::IpAddr;

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_types::os_shim_internal::Env;

use crate::error::{Meaning, remedy};

/// A proxy for one scheme, or why there can be none.
pub(super) type Setting = Option<Result<Proxy, Failure>>;

/// What the environment says.
#[derive(Clone, Debug)]
pub(super) struct Proxies {
    pub(crate) http: Setting,
    pub(crate) https: Setting,
    pub(crate) direct: Direct,
}

#[derive(Clone, Debug)]
pub(super) struct Proxy {
    /// The variable that names it.
    pub(crate) variable: &'static str,
    pub(crate) config: ProxyConfig,
}

/// What goes wrong on the way to a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in super::super) enum Failure {
    /// The variable holds no URL of a proxy.
    #[error("{0} is no proxy's URL such as http://proxy.example.com:3128; nothing was sent")]
    Unreadable(&'static str),
    /// The proxy could not be reached, or does not let the request through.
    #[error("the proxy of {0} could not be reached, or refused the connection")]
    Connection(&'static str),
}

impl Failure {
    /// A proxy that cannot be reached now may be later.
    pub(crate) fn meaning(self) -> Meaning {
        match self {
            Self::Unreadable(_) => Meaning::Refused(remedy::PROXY),
            Self::Connection(_) => Meaning::Passing,
        }
    }
}

/// An error of a connector, met behind a proxy.
#[derive(Debug, thiserror::Error)]
#[error("{failure}")]
struct OnTheWay {
    failure: Failure,
    source: ConnectorError,
}

impl Proxies {
    pub(crate) fn read(environment: &Env) -> Self {
        let no_proxy = variable(environment, ["no_proxy", "NO_PROXY"]).map(|(_, value)| value);
        let direct = Direct::parse(no_proxy.as_deref().unwrap_or_default());
        let proxy = |names| Some(read(variable(environment, names)?));
        Self {
            http: proxy(["http_proxy", "HTTP_PROXY"]),
            https: proxy(["https_proxy", "HTTPS_PROXY"]),
            direct,
        }
    }

    /// Whether there is no proxy.
    pub(crate) fn is_none(&self) -> bool {
        self.http.is_none() && self.https.is_none()
    }
}

/// The first that is set. An empty one in lower case turns off the other.
fn variable(environment: &Env, names: [&'static str; 2]) -> Option<(&'static str, String)> {
    let set = names.into_iter().find_map(|name| Some((name, environment.get(name).ok()?)));
    set.map(|(name, value)| (name, value.trim().to_owned())).filter(|(_, value)| !value.is_empty())
}

/// A proxy without a scheme is one that is spoken to in HTTP.
fn read((variable, value): (&'static str, String)) -> Result<Proxy, Failure> {
    let url = match value.contains("://") {
        true => value,
        false => format!("http://{}", value.trim_start_matches('/')),
    };
    // The scheme of the request is decided by the caller, so the proxy takes either.
    let config = ProxyConfig::all(url.as_str()).map_err(|_| Failure::Unreadable(variable))?;
    Ok(Proxy { variable, config })
}

/// Hosts to which requests go without a proxy: those of `NO_PROXY`, and the link-local addresses at which
/// EC2, ECS and EKS hand out credentials, which no proxy can reach.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Direct {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    All,
    /// A domain and those below it, at any port or at one.
    Domain(String, Option<String>),
    Network(IpAddr, u8),
}

impl Direct {
    fn parse(list: &str) -> Self {
        Self { rules: list.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(rule).collect() }
    }

    /// Whether a request to this URI goes directly.
    pub(crate) fn covers(&self, uri: &str) -> bool {
        let Some((host, port)) = authority(uri) else { return false };
        let address = host.parse::<IpAddr>().ok();
        if address.is_some_and(is_link_local) {
            return true;
        }
        self.rules.iter().any(|rule| match rule {
            Rule::All => true,
            Rule::Domain(domain, at) => {
                let below = host
                    .strip_suffix(domain.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
                below && at.as_ref().is_none_or(|at| *at == port)
            }
            Rule::Network(network, bits) => address.is_some_and(|address| is_in(address, *network, *bits)),
        })
    }
}

fn rule(entry: &str) -> Rule {
    let entry = entry.to_ascii_lowercase();
    if entry == "*" {
        return Rule::All;
    }
    let (network, bits) =
        entry.split_once('/').map_or((entry.as_str(), None), |(net, bits)| (net, bits.parse().ok()));
    if let Ok(address) = network.trim_matches(['[', ']']).parse::<IpAddr>() {
        let most = if address.is_ipv4() { 32 } else { 128 };
        return Rule::Network(address, bits.unwrap_or(most).min(most));
    }
    let (domain, port) = match entry.rsplit_once(':') {
        Some((domain, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => {
            (domain, Some(port.to_owned()))
        }
        _ => (entry.as_str(), None),
    };
    let domain = domain.trim_start_matches('*').trim_start_matches('.').trim_matches(['[', ']']);
    Rule::Domain(domain.to_owned(), port)
}

/// A URI's host and port, in lower case.
fn authority(uri: &str) -> Option<(String, String)> {
    let (scheme, rest) = uri.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?.rsplit('@').next()?.to_ascii_lowercase();
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => (host, port),
        _ => (authority.as_str(), if scheme == "https" { "443" } else { "80" }),
    };
    Some((host.trim_matches(['[', ']']).to_owned(), port.to_owned()))
}

/// Where EC2's, ECS's and EKS's metadata are
/// ([EC2](https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html),
/// [container credentials](https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html)).
fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local() || address.segments()[..2] == [0xfd00, 0x0ec2],
    }
}

fn is_in(address: IpAddr, network: IpAddr, bits: u8) -> bool {
    let number = |address: IpAddr| match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()) << 96, true),
        IpAddr::V6(address) => (address.to_bits(), false),
    };
    let ((address, is_v4), (network, of_v4)) = (number(address), number(network));
    let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
    is_v4 == of_v4 && address & mask == network & mask
}

/// The error of a request that went through a proxy, of the same kind: only a connection that was never
/// made is the proxy's doing.
pub(super) fn met_on_the_way(variable: &'static str, error: ConnectorError) -> ConnectorError {
    if error.is_timeout() || error.is_user() {
        return error;
    }
    let (is_io, kind) = (error.is_io(), error.as_other());
    let wrapped = Box::new(OnTheWay { failure: Failure::Connection(variable), source: error });
    if is_io { ConnectorError::io(wrapped) } else { ConnectorError::other(wrapped, kind) }
}

/// Finds a proxy's failure among the causes of a call's.
pub(in super::super) fn failure<E: std::error::Error + 'static>(
    error: &SdkError<E, HttpResponse>,
) -> Option<Failure> {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if let Some(failure) = error.downcast_ref::<Failure>() {
            return Some(*failure);
        }
        if let Some(OnTheWay { failure, .. }) = error.downcast_ref() {
            return Some(*failure);
        }
        cause = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Proxies {
        Proxies::read(&Env::from_slice(variables))
    }

    #[test]
    fn lower_case_wins_and_an_empty_one_turns_the_proxy_off() {
        let named = |proxies: &Proxies| match &proxies.https {
            Some(Ok(proxy)) => Some(proxy.variable),
            _ => None,
        };
        let upper = ("HTTPS_PROXY", "http://a:1");
        assert_eq!(named(&proxies(&[upper])), Some("HTTPS_PROXY"));
        assert_eq!(named(&proxies(&[upper, ("https_proxy", "b:2")])), Some("https_proxy"));
        assert!(proxies(&[upper, ("https_proxy", "")]).is_none());
        assert!(proxies(&[("NO_PROXY", "*"), ("HTTP_PROXY", " ")]).is_none());
    }

    #[test]
    fn what_is_no_proxy_is_refused_by_the_name_of_its_variable_and_never_quoted() {
        for url in ["socks5://user:hunter2@proxy:1080", "ftp://proxy", "http://", "http://a b", "://"] {
            let read = proxies(&[("HTTPS_PROXY", url)]).https.unwrap();
            let failure = read.map(|_| ()).unwrap_err();
            assert_eq!(failure, Failure::Unreadable("HTTPS_PROXY"), "{url}");
            assert!(!failure.to_string().contains("hunter2"));
        }
        for url in [
            "proxy",
            "proxy:3128",
            "http://user:p%40ss@proxy:3128/",
            "https://proxy",
            "//proxy:1",
            "http://[::1]:8080",
        ] {
            assert!(proxies(&[("HTTPS_PROXY", url)]).https.unwrap().is_ok(), "{url}");
        }
    }

    #[test]
    fn no_proxy_names_domains_ports_addresses_and_networks() {
        for (list, uri, direct) in [
            ("", "https://sts.eu-west-1.amazonaws.com/", false),
            ("*", "https://sts.eu-west-1.amazonaws.com/", true),
            ("example.com, amazonaws.com", "https://sts.eu-west-1.amazonaws.com/", true),
            (".amazonaws.com", "https://sts.eu-west-1.amazonaws.com/", true),
            ("*.AMAZONAWS.com", "https://sts.eu-west-1.amazonaws.com/", true),
            ("zonaws.com", "https://sts.eu-west-1.amazonaws.com/", false),
            ("amazonaws.com:443", "https://iam.amazonaws.com/", true),
            ("amazonaws.com:8443", "https://iam.amazonaws.com/", false),
            ("localhost", "http://localhost:4566/", true),
            ("127.0.0.1", "http://127.0.0.1:4566/", true),
            ("127.0.0.1", "http://localhost:4566/", false),
            ("10.0.0.0/8", "https://10.20.30.40/", true),
            ("10.0.0.0/8", "https://11.0.0.1/", false),
            ("::1", "http://[::1]:4566/", true),
            ("fd00::/8", "http://[fd12::1]/", true),
        ] {
            assert_eq!(Direct::parse(list).covers(uri), direct, "{list:?} {uri}");
        }
    }

    #[test]
    fn the_addresses_that_hand_out_credentials_are_never_proxied() {
        for uri in [
            "http://169.254.169.254/latest/api/token",
            "http://169.254.170.2/v2/credentials",
            "http://169.254.170.23/v1/credentials",
            "http://[fd00:ec2::254]/latest/api/token",
            "http://[fd00:ec2::23]/v1/credentials",
        ] {
            assert!(Direct::default().covers(uri), "{uri}");
        }
        assert!(!Direct::default().covers("http://127.0.0.1:4566/"));
    }
}
