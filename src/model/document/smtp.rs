//! Credentials of Amazon SES's SMTP endpoint inside a value.
//!
//! The user name is the access key id; the password is derived from the secret access key and a region
//! ([SMTP credentials](https://docs.aws.amazon.com/ses/latest/dg/smtp-credentials.html)). The region is never
//! guessed: a password for the wrong one is refused by the mail server.

use zeroize::Zeroizing;

use super::spelling::{Smtp, is_host, smtp, weak_smtp};
use super::{DocumentError, Field, scan};
use crate::model::{Sensitive, is_ses_smtp_password, ses_smtp_password};

/// Regions to try where an old password and its secret are both there
/// ([SES endpoints](https://docs.aws.amazon.com/general/latest/gr/ses.html)). One that is missing here must be
/// named in the value.
const REGIONS: [&str; 32] = [
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "af-south-1",
    "ap-east-1",
    "ap-south-1",
    "ap-south-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ca-central-1",
    "ca-west-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "sa-east-1",
    "us-gov-east-1",
    "us-gov-west-1",
];

/// Which fields hold SMTP credentials, by their positions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub username: Option<usize>,
    pub password: Option<usize>,
    /// `None`: there is no password to derive.
    pub region: Option<Region>,
}

/// The region that the password is derived for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Region {
    /// This one.
    Named(String),
    /// The function's own, which is then written into this field.
    Own(usize),
}

/// Finds the SMTP fields of a value. `pair`: the id and the secret of its access key pair, empty where it
/// has none or waits for its first; `id_field`: how the id's field is called.
pub(super) fn layout(
    fields: &[Field],
    pair: Option<(&str, &str)>,
    id_field: &str,
) -> Result<Option<Layout>, DocumentError> {
    let hosts = hosts(fields);
    let find = |of: &dyn Fn(&str) -> Option<Smtp>, what| {
        fields.iter().position(|field| of(&field.name) == Some(what) && field.text().is_some())
    };
    let weak = |what| find(&weak_smtp, what).filter(|_| !hosts.is_empty() || is_smtp_by_values(fields));
    let username = find(&smtp, Smtp::Username).or_else(|| weak(Smtp::Username));
    let strong_password = find(&smtp, Smtp::Password);
    // A bare `password` is SMTP's only if a user name says so.
    let password = strong_password.or_else(|| weak(Smtp::Password).filter(|_| username.is_some()));
    let filled = |at: Option<usize>| at.and_then(|at| fields.get(at)).map(Field::trimmed).unwrap_or_default();
    let name =
        |at: Option<usize>| at.and_then(|at| fields.get(at)).map(|f| f.name.clone()).unwrap_or_default();
    let (user, secret) = (filled(username), filled(password));
    let (id, pair_secret) = pair.unwrap_or_default();
    match (user.as_str(), id) {
        ("", "") if !secret.is_empty() && username.is_some() => {
            return Err(DocumentError::HalfAPair(name(password), name(username)));
        }
        ("", _) => {}
        (user, id) if user == id => {}
        // Another provider's user name, whose password is its own.
        (user, _) if !scan::is_key_id(user) && hosts.is_empty() => return Ok(None),
        (user, id) if !scan::is_key_id(user) => {
            // Beside a pair, `username` may be the IAM user's.
            return if id.is_empty() || find(&smtp, Smtp::Username) == username {
                Err(DocumentError::NotAKeyId(name(username)))
            } else {
                Ok(None)
            };
        }
        (_, "") if password.is_some() && secret.is_empty() => {
            return Err(DocumentError::HalfAPair(name(username), name(password)));
        }
        (_, "") => {}
        _ => return Err(DocumentError::TwoKeys(name(username), id_field.to_owned())),
    }
    if password.is_none() && (username.is_none() || id.is_empty()) {
        return Ok(None);
    }
    let old = (!secret.is_empty() && !pair_secret.is_empty()).then_some((secret.as_str(), pair_secret));
    let region = password.map(|at| region(fields, &hosts, at, old)).transpose()?;
    Ok(Some(Layout { username, password, region }))
}

/// The region of a password. `old`: the password and the secret access key it should come from.
fn region(
    fields: &[Field],
    hosts: &[String],
    password: usize,
    old: Option<(&str, &str)>,
) -> Result<Region, DocumentError> {
    let named = |of: fn(&str) -> Option<Smtp>| {
        let fields = fields.iter().filter(move |field| of(&field.name) == Some(Smtp::Region));
        fields.map(Field::trimmed).filter(|region| is_region(region)).map(|region| region.as_str().to_owned())
    };
    let mut explicit: Vec<String> = named(smtp).chain(hosts.iter().cloned()).collect();
    explicit.dedup();
    let general: Vec<String> = named(weak_smtp).collect();
    let clash = |a: &String, b: &String| Err(DocumentError::SmtpRegions(a.clone(), b.clone()));
    if let [first, .., last] = &explicit[..] {
        return clash(first, last);
    }
    let candidates = explicit.iter().chain(&general).map(String::as_str).chain(REGIONS);
    let proved = old.and_then(|(password, secret)| {
        let secret = Sensitive::new(secret);
        candidates.into_iter().find(|region| ses_smtp_password(&secret, region).expose() == password)
    });
    match (explicit.first(), proved) {
        (Some(said), Some(proved)) if said != proved => clash(said, &proved.to_owned()),
        (Some(said), _) => Ok(Region::Named(said.clone())),
        (None, Some(proved)) => Ok(Region::Named(proved.to_owned())),
        (None, None) => match &general[..] {
            [] => own(fields, password),
            [first, rest @ ..] => match rest.iter().find(|other| *other != first) {
                Some(other) => clash(first, other),
                None => Ok(Region::Named(first.clone())),
            },
        },
    }
}

/// Where both the password and a region field are still empty, the function fills in both.
fn own(fields: &[Field], password: usize) -> Result<Region, DocumentError> {
    let unfilled = |field: &Field| field.trimmed().is_empty() && field.text().is_some();
    let place = fields.iter().position(|field| smtp(&field.name) == Some(Smtp::Region) && unfilled(field));
    let fresh = fields.get(password).is_some_and(unfilled);
    let name = fields.get(password).map(|field| field.name.clone()).unwrap_or_default();
    place.filter(|_| fresh).map(Region::Own).ok_or(DocumentError::SmtpRegion(name))
}

/// The regions of the SES endpoints that fields name.
fn hosts(fields: &[Field]) -> Vec<String> {
    let mut regions: Vec<String> =
        fields.iter().filter_map(Field::text).filter_map(|text| endpoint_region(&text)).collect();
    regions.sort();
    regions.dedup();
    regions
}

/// Whether a key id stands in a `username` beside the name of some mail server, or beside a `password` that has
/// the form of SES's.
fn is_smtp_by_values(fields: &[Field]) -> bool {
    let host = |field: &Field| is_host(&field.name) && !field.trimmed().is_empty();
    let password = |field: &Field| {
        weak_smtp(&field.name) == Some(Smtp::Password) && is_ses_smtp_password(&field.trimmed())
    };
    let user =
        |field: &Field| weak_smtp(&field.name) == Some(Smtp::Username) && scan::is_key_id(&field.trimmed());
    fields.iter().any(user) && fields.iter().any(|field| host(field) || password(field))
}

/// The region in an SES endpoint such as `email-smtp.eu-west-1.amazonaws.com`, with or without a port or
/// a VPC endpoint's own prefix.
fn endpoint_region(text: &str) -> Option<String> {
    let text = Zeroizing::new(text.to_ascii_lowercase());
    let (_, rest) = text.split_once("email-smtp")?;
    let rest = rest.strip_prefix("-fips").unwrap_or(rest).strip_prefix('.')?;
    let (region, tail) = rest.split_once('.')?;
    let tail = tail.strip_prefix("vpce.").unwrap_or(tail);
    let ours = tail.starts_with("amazonaws.com") || tail.starts_with("api.aws");
    (ours && is_region(region)).then(|| region.to_owned())
}

fn is_region(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    text.contains('-') && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_is_read_from_every_form_of_an_endpoint() {
        for (text, region) in [
            ("email-smtp.eu-west-1.amazonaws.com", Some("eu-west-1")),
            ("[email-smtp.us-west-2.amazonaws.com]:587", Some("us-west-2")),
            ("smtps://Email-SMTP-fips.us-gov-west-1.amazonaws.com:465", Some("us-gov-west-1")),
            ("vpce-1-2.email-smtp.eu-west-1.vpce.amazonaws.com", Some("eu-west-1")),
            ("email-smtp.cn-north-1.amazonaws.com.cn", Some("cn-north-1")),
            ("smtp.example.com", None),
            ("email-smtp.example.com", None),
            ("email-smtp.eu-west-1.example.com", None),
        ] {
            assert_eq!(endpoint_region(text).as_deref(), region, "{text}");
        }
    }
}
