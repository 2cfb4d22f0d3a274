//! Credentials of Amazon SES's SMTP endpoint inside a value.
//!
//! The user name is the access key id; the password is derived from the secret access key and a region
//! ([SMTP credentials](https://docs.aws.amazon.com/ses/latest/dg/smtp-credentials.html)). The region is never
//! guessed: a password for the wrong one is refused by the mail server.

use zeroize::Zeroizing;

use super::error::shown;
use super::field::Field;
use super::spelling::{Smtp, is_host, smtp, speaks_of_smtp, weak_smtp};
use super::{DocumentError, scan};
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
    pub(crate) username: Option<usize>,
    pub(crate) password: Option<usize>,
    /// `None`: there is no password to derive.
    pub(crate) region: Option<Region>,
}

/// The region that the password is derived for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Region {
    Named(String),
    /// The function's own, which is then written into this field.
    Own(usize),
}

/// Whether a field's name has a meaning here that no value changes.
pub(super) fn is_understood(name: &str) -> bool {
    smtp(name).is_some() || is_host(name)
}

/// Finds the SMTP fields of a value. `id`, `secret`: its access key pair, empty where it has none or waits for its
/// first.
pub(super) fn layout(fields: &[Field], id: &str, secret: &str) -> Result<Option<Layout>, DocumentError> {
    let view = View { fields, id, secret, hosts: hosts(fields) };
    let Some((username, password)) = view.find()? else { return Ok(None) };
    let region = password.map(|at| view.region(at)).transpose()?;
    Ok(Some(Layout { username, password, region }))
}

struct View<'f> {
    fields: &'f [Field],
    id: &'f str,
    secret: &'f str,
    /// The regions of the SES endpoints that fields name.
    hosts: Vec<String>,
}

type Places = (Option<usize>, Option<usize>);

impl View<'_> {
    fn text(&self, at: usize) -> Zeroizing<String> {
        self.fields.get(at).map(Field::trimmed).unwrap_or_default()
    }

    fn name(&self, at: usize) -> String {
        self.fields.get(at).map(|field| shown(&field.name, at)).unwrap_or_default()
    }

    fn all(&self, of: fn(&str) -> Option<Smtp>, what: Smtp) -> Vec<usize> {
        let fits = |field: &Field| of(&field.name) == Some(what) && field.text().is_some();
        self.fields.iter().enumerate().filter(|(_, field)| fits(field)).map(|(at, _)| at).collect()
    }

    /// The user name and the password that are Amazon SES's. Fields of another provider are left alone.
    fn find(&self) -> Result<Option<Places>, DocumentError> {
        let username = self.username()?;
        let password = self.password(username)?;
        let user = username.map(|at| self.text(at)).unwrap_or_default();
        let pass = password.map(|at| self.text(at)).unwrap_or_default();
        if scan::is_secret_key(&pass) && scan::is_key_id(&user) {
            return Err(DocumentError::NotAnSmtpPassword(
                password.map(|at| self.name(at)).unwrap_or_default(),
            ));
        }
        let names = || (username.map(|at| self.name(at)), password.map(|at| self.name(at)));
        let half = |first: Option<String>, second: Option<String>, missing: &str| {
            let second = second.unwrap_or_else(|| missing.to_owned());
            Err(DocumentError::HalfAPair(first.unwrap_or_default(), second))
        };
        match (user.as_str(), pass.as_str(), self.id) {
            // Nothing of SMTP, or nothing but a user name that no password goes with.
            _ if username.is_none() && password.is_none() => Ok(None),
            // An empty user name beside another provider's password.
            ("", "", _) if password.is_none() && !self.all(smtp, Smtp::Password).is_empty() => Ok(None),
            (user, _, id) if !user.is_empty() && !id.is_empty() && user != id => {
                Err(DocumentError::TwoKeys(names().0.unwrap_or_default(), id_name(self.fields, id)))
            }
            ("", pass, "") if !pass.is_empty() => half(names().1, names().0, "`smtp_username`"),
            (user, "", "") if !user.is_empty() => half(names().0, names().1, "`smtp_password`"),
            _ if password.is_none() && self.id.is_empty() => Ok(None),
            _ => Ok(Some((username, password))),
        }
    }

    /// The field of the user name: it holds the key's id, or is empty.
    fn username(&self) -> Result<Option<usize>, DocumentError> {
        let mut named = self.all(smtp, Smtp::Username);
        named.extend(self.all(weak_smtp, Smtp::Username).into_iter().filter(|at| self.is_weak_username(*at)));
        let ours = |at: &usize| {
            let text = self.text(*at);
            scan::is_key_id(&text) || (!text.is_empty() && *text == *self.id)
        };
        let filled: Vec<usize> = named.iter().copied().filter(ours).collect();
        match &filled[..] {
            [one] => return Ok(Some(*one)),
            [first, second, ..] => {
                return Err(DocumentError::TwoPairs(self.name(*first), self.name(*second)));
            }
            [] => {}
        }
        let strange = named.iter().find(|at| !self.text(**at).is_empty());
        if let Some(at) = strange {
            // SES takes no other user name than a key id.
            let to_ses =
                !self.hosts.is_empty() && smtp(self.fields.get(*at).map_or("", |f| &f.name)).is_some();
            return if to_ses { Err(DocumentError::NotAKeyId(self.name(*at))) } else { Ok(None) };
        }
        match &named[..] {
            [] => Ok(None),
            _ if self.is_foreign() => Ok(None),
            [one] if !self.may_fill(*one) => Ok(None),
            [one] => Ok(Some(*one)),
            [first, second, ..] => Err(DocumentError::TwoPairs(self.name(*first), self.name(*second))),
        }
    }

    /// `username` and `user` may be the IAM user's as well. They are SMTP's if they hold a key id beside SES's host
    /// or a password of SES's, or are empty beside SES's host.
    fn is_weak_username(&self, at: usize) -> bool {
        let text = self.text(at);
        let name = self.fields.get(at).map_or("", |field| field.name.as_str());
        let passwords = self.all(weak_smtp, Smtp::Password).into_iter().chain(self.all(smtp, Smtp::Password));
        let has_password = passwords.into_iter().any(|at| is_ses_smtp_password(&self.text(at)));
        match text.as_str() {
            "" => !self.hosts.is_empty() && !["UserName", "User"].contains(&name),
            text => scan::is_key_id(text) && (!self.hosts.is_empty() || has_password),
        }
    }

    /// The field of the password that goes with the user name.
    fn password(&self, username: Option<usize>) -> Result<Option<usize>, DocumentError> {
        let mut named = self.all(smtp, Smtp::Password);
        if named.is_empty() && username.is_some() {
            named = self.all(weak_smtp, Smtp::Password);
        }
        let of_ses: Vec<usize> =
            named.iter().copied().filter(|at| is_ses_smtp_password(&self.text(*at))).collect();
        let filled = |at: usize| !self.text(at).is_empty();
        match (&of_ses[..], &named[..]) {
            ([one], _) => Ok(Some(*one)),
            ([first, second, ..], _) => Err(DocumentError::TwoPairs(self.name(*first), self.name(*second))),
            ([], []) => Ok(None),
            // What has not the form of SES's is another provider's, unless the user name is the key's.
            ([], [one]) if filled(*one) => Ok(Some(*one).filter(|_| username.is_some_and(filled))),
            ([], [one]) => {
                Ok(Some(*one)
                    .filter(|at| !self.is_foreign() && !self.has_strange_user() && self.may_fill(*at)))
            }
            ([], [first, second, ..]) => match username.is_some() {
                true => Err(DocumentError::TwoPairs(self.name(*first), self.name(*second))),
                false => Ok(None),
            },
        }
    }

    /// Whether an SMTP user name is another provider's.
    fn has_strange_user(&self) -> bool {
        let strange = |at: usize| {
            let text = self.text(at);
            !text.is_empty() && !scan::is_key_id(&text) && *text != *self.id
        };
        self.all(smtp, Smtp::Username).into_iter().any(strange)
    }

    /// Whether an empty field is to be filled. Beside a pair, empty mail fields are mostly unused ones.
    fn may_fill(&self, at: usize) -> bool {
        let speaks_of_smtp = self.fields.get(at).is_some_and(|field| speaks_of_smtp(&field.name));
        let has_region = !self.hosts.is_empty() || !self.all(smtp, Smtp::Region).is_empty();
        self.id.is_empty() || speaks_of_smtp || has_region
    }

    /// Whether a mail server is named that is not SES's, and no region of SES's.
    fn is_foreign(&self) -> bool {
        let named = |field: &Field| is_host(&field.name) && !field.trimmed().is_empty();
        let has_region = self.all(smtp, Smtp::Region).into_iter().any(|at| !self.text(at).is_empty());
        self.hosts.is_empty() && !has_region && self.fields.iter().any(named)
    }

    fn region(&self, password: usize) -> Result<Region, DocumentError> {
        let unknown = || DocumentError::SmtpRegion(self.name(password));
        let clash = |a: &str, b: &str| Err(DocumentError::SmtpRegions(a.to_owned(), b.to_owned()));
        let mut explicit = self.hosts.clone();
        for at in self.all(smtp, Smtp::Region) {
            let region = self.text(at).to_ascii_lowercase();
            match region.as_str() {
                "" => {}
                region if is_region(region) => explicit.push(region.to_owned()),
                _ => return Err(unknown()),
            }
        }
        explicit.sort();
        explicit.dedup();
        if let [first, .., last] = &explicit[..] {
            return clash(first, last);
        }
        let general: Vec<String> = match self.is_foreign() {
            true => Vec::new(),
            false => self
                .all(weak_smtp, Smtp::Region)
                .into_iter()
                .map(|at| self.text(at).to_ascii_lowercase())
                .collect(),
        };
        let general: Vec<&String> = general.iter().filter(|region| is_region(region)).collect();
        let candidates = explicit.iter().chain(general.iter().copied()).map(String::as_str).chain(REGIONS);
        match (explicit.first(), self.proved(password, candidates)) {
            (Some(said), Some(proved)) if *said != proved => clash(said, &proved),
            (Some(said), _) => Ok(Region::Named(said.clone())),
            (None, Some(proved)) => Ok(Region::Named(proved)),
            (None, None) => match &general[..] {
                [] => self.own(password).ok_or_else(unknown),
                [first, rest @ ..] => match rest.iter().find(|other| *other != first) {
                    Some(other) => clash(first, other),
                    None => Ok(Region::Named((*first).clone())),
                },
            },
        }
    }

    /// The region for which the old password comes from the old secret.
    fn proved<'r>(&self, password: usize, candidates: impl Iterator<Item = &'r str>) -> Option<String> {
        let (password, secret) = (self.text(password), Sensitive::new(self.secret));
        if password.is_empty() || self.secret.is_empty() {
            return None;
        }
        let mut candidates = candidates;
        candidates
            .find(|region| ses_smtp_password(&secret, region).expose() == password.as_str())
            .map(str::to_owned)
    }

    /// Where both the password and a region field are still empty, the function fills in both.
    fn own(&self, password: usize) -> Option<Region> {
        let place = self.all(smtp, Smtp::Region).into_iter().find(|at| self.text(*at).is_empty())?;
        self.text(password).is_empty().then_some(Region::Own(place))
    }
}

/// How the field is called that holds an id.
fn id_name(fields: &[Field], id: &str) -> String {
    let place = fields.iter().position(|field| *field.trimmed() == *id);
    place.and_then(|at| fields.get(at).map(|field| shown(&field.name, at))).unwrap_or_default()
}

/// The regions of the SES endpoints that fields name.
fn hosts(fields: &[Field]) -> Vec<String> {
    let mut regions: Vec<String> =
        fields.iter().filter_map(Field::text).flat_map(|text| endpoint_regions(&text)).collect();
    regions.sort();
    regions.dedup();
    regions
}

/// The regions of the SES endpoints in a text, such as `email-smtp.eu-west-1.amazonaws.com`, with or without a port
/// or a VPC endpoint's own prefix.
fn endpoint_regions(text: &str) -> Vec<String> {
    let text = Zeroizing::new(text.to_ascii_lowercase());
    let region = |rest: &str| {
        let rest = rest.strip_prefix("-fips").unwrap_or(rest).strip_prefix('.')?;
        let (region, tail) = rest.split_once('.')?;
        let tail = tail.strip_prefix("vpce.").unwrap_or(tail);
        let ours = tail.starts_with("amazonaws.com") || tail.starts_with("api.aws");
        (ours && is_region(region)).then(|| region.to_owned())
    };
    text.split("email-smtp").skip(1).filter_map(region).collect()
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
            assert_eq!(endpoint_regions(text).first().map(String::as_str), region, "{text}");
        }
    }
}
