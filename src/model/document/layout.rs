//! Which fields of a value hold what, or why that cannot be told.

use zeroize::Zeroizing;

use super::error::shown;
use super::spelling::{self, Half};
use super::{DocumentError, Field, FieldNames, scan, smtp};
use crate::model::is_ses_smtp_password;

/// A shorter secret is a placeholder, and may stand in other fields by chance.
const SHORTEST_SECRET: usize = 16;

/// Which fields of a value hold what, by their positions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Layout {
    /// The id and the secret of the pair.
    pub pair: Option<(usize, usize)>,
    /// Whether a field names at least one half of a pair.
    pub has_half: bool,
    /// Amazon SES's SMTP credentials.
    pub smtp: Option<smtp::Layout>,
    /// The fields that name the user.
    pub users: Vec<usize>,
}

impl Layout {
    /// Finds out what each field holds, and refuses what is not certain.
    pub fn of(fields: &[Field], named: Option<&FieldNames>) -> Result<Self, DocumentError> {
        no_duplicates(fields, named)?;
        no_session(fields)?;
        let (pair, has_half) = find_pair(fields, named)?;
        let texts = pair.map(|(id, secret)| check_pair(fields, id, secret)).transpose()?;
        let (id, secret) = texts.as_ref().map(|(id, secret)| (id.as_str(), secret.as_str())).unzip();
        let id_field = pair.and_then(|(id, _)| fields.get(id)).map_or("", |field| &field.name);
        let smtp = smtp::layout(fields, id.zip(secret), id_field)?;
        let username = smtp.as_ref().and_then(|smtp| smtp.username);
        let users = users(fields, username)?;
        let layout = Self { pair, has_half, smtp, users };
        layout.no_other_key(fields, id.unwrap_or_default(), secret.unwrap_or_default())?;
        Ok(layout)
    }

    /// No field that will not be written may hold a key: a nested pair; anything that looks like a key, where
    /// none is understood; a copy of the key that is understood.
    fn no_other_key(&self, fields: &[Field], id: &str, secret: &str) -> Result<(), DocumentError> {
        let smtp = self.smtp.as_ref();
        let smtp = [smtp.and_then(|smtp| smtp.username), smtp.and_then(|smtp| smtp.password)];
        let pair = self.pair.map(|(id, secret)| [id, secret]);
        let written: Vec<usize> = smtp.into_iter().flatten().chain(pair.into_iter().flatten()).collect();
        let smtp_id = smtp[0].and_then(|at| fields.get(at)).map(Field::trimmed).unwrap_or_default();
        let key = if id.is_empty() { smtp_id.as_str() } else { id };
        let key_field = if id.is_empty() { smtp[0] } else { self.pair.map(|(id, _)| id) };
        for (at, field) in fields.iter().enumerate().filter(|(at, _)| !written.contains(at)) {
            if scan::holds_pair(&field.json) {
                return Err(DocumentError::NestedPair(shown(&field.name, at)));
            }
            let strings = scan::strings(&field.json);
            let texts = || strings.iter().map(|(_, text)| text.as_str()).chain([field.name.as_str()]);
            if !scan::is_key_id(key) {
                if texts().any(scan::looks_like_credentials) {
                    return Err(DocumentError::Unrecognised(shown(&field.name, at)));
                }
                continue;
            }
            let repeats = |text: &str| {
                text.trim() == key
                    || (text.contains("://") && text.contains(key))
                    || (secret.len() >= SHORTEST_SECRET && text.contains(secret))
            };
            if texts().any(repeats) {
                let of = key_field.and_then(|at| fields.get(at)).map(|field| field.name.clone());
                return Err(DocumentError::Copied(shown(&field.name, at), of.unwrap_or_default()));
            }
        }
        Ok(())
    }
}

/// A field that is read may stand there once.
fn no_duplicates(fields: &[Field], named: Option<&FieldNames>) -> Result<(), DocumentError> {
    let is_read = |name: &str| {
        spelling::half(name).is_some()
            || spelling::is_user(name)
            || spelling::smtp(name).is_some()
            || named.is_some_and(|named| [&named.id, &named.secret].contains(&&name.to_owned()))
    };
    for (at, field) in fields.iter().enumerate().filter(|(_, field)| is_read(&field.name)) {
        if fields.iter().skip(at + 1).any(|other| other.name == field.name) {
            return Err(DocumentError::Duplicate(field.name.clone()));
        }
        // What SMTP fields hold otherwise is another system's.
        if field.text().is_none() && spelling::smtp(&field.name).is_none() {
            return Err(DocumentError::NotAString(field.name.clone()));
        }
    }
    Ok(())
}

/// A long-lived key has no session token
/// ([temporary credentials](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_use-resources.html)).
fn no_session(fields: &[Field]) -> Result<(), DocumentError> {
    let filled = |field: &&Field| field.text().is_none_or(|text| !text.trim().is_empty());
    let token = fields.iter().filter(|field| spelling::is_session_token(&field.name)).find(filled);
    token.map_or(Ok(()), |field| Err(DocumentError::Temporary(field.name.clone())))
}

/// The pair's positions, and whether there is at least one half.
fn find_pair(
    fields: &[Field],
    named: Option<&FieldNames>,
) -> Result<(Option<(usize, usize)>, bool), DocumentError> {
    let name = |at: usize| fields.get(at).map(|field| field.name.clone()).unwrap_or_default();
    let filled = |at: usize| fields.get(at).is_some_and(|field| !field.trimmed().is_empty());
    let mut ids = Vec::new();
    let mut secrets = Vec::new();
    for (at, field) in fields.iter().enumerate() {
        match spelling::half(&field.name) {
            Some(Half::Id) => ids.push(at),
            Some(Half::Secret(rank)) => secrets.push((rank, at)),
            None => {}
        }
    }
    secrets.sort_unstable();
    if let Some(named) = named {
        return named_pair(fields, named, ids.into_iter().chain(secrets.into_iter().map(|(_, at)| at)));
    }
    // A field called `key` or `secret` is one half only where a key id shows that it is.
    let weak = |half: fn(Half) -> bool| {
        let fits = move |field: &Field| spelling::weak_half(&field.name).is_some_and(half);
        let mut places = fields.iter().enumerate().filter(move |(_, field)| fits(field));
        places.next().filter(|_| places.next().is_none())
    };
    let is_key = |field: &Field| scan::has_key_id(&field.trimmed());
    if ids.is_empty()
        && let Some((at, field)) = weak(|half| half == Half::Id)
        && is_key(field)
    {
        ids.push(at);
    }
    let by_id = ids.first().and_then(|at| fields.get(*at)).is_some_and(is_key);
    if secrets.is_empty()
        && by_id
        && let Some((at, field)) = weak(|half| half != Half::Id)
        && field.text().is_some()
    {
        secrets.push((2, at));
    }
    match (&ids[..], &secrets[..]) {
        ([first, second, ..], _) => Err(DocumentError::TwoPairs(name(*first), name(*second))),
        ([id], [(rank, secret), rest @ ..]) => match rest.first() {
            Some((other, at)) if other == rank => Err(DocumentError::TwoPairs(name(*secret), name(*at))),
            _ => Ok((Some((*id, *secret)), true)),
        },
        ([half], []) | ([], [(_, half)]) => {
            let partner = spelling::partner(&name(*half));
            match partner {
                Some(partner) if filled(*half) => Err(DocumentError::HalfAPair(name(*half), partner.into())),
                Some(_) => Ok((None, true)),
                None => Err(DocumentError::NoPartner(name(*half))),
            }
        }
        ([], [(_, first), (_, second), ..]) => Err(DocumentError::TwoPairs(name(*first), name(*second))),
        ([], []) => Ok((None, false)),
    }
}

/// The pair that the secret's tag names. No other field may look like one half of a pair, and what stands in
/// the id's field must be a key id: whoever may tag the secret must not have other fields overwritten.
fn named_pair(
    fields: &[Field],
    named: &FieldNames,
    halves: impl Iterator<Item = usize>,
) -> Result<(Option<(usize, usize)>, bool), DocumentError> {
    let place = |name: &String| fields.iter().position(|field| field.name == *name);
    let name = |at: usize| fields.get(at).map(|field| field.name.clone()).unwrap_or_default();
    let (id, secret) = (place(&named.id), place(&named.secret));
    if let Some(other) = halves.into_iter().find(|at| Some(*at) != id && Some(*at) != secret) {
        return Err(DocumentError::TwoPairs(named.id.clone(), name(other)));
    }
    match (id, secret) {
        (Some(id), Some(secret)) => {
            let text = fields.get(id).map(Field::trimmed).unwrap_or_default();
            if !text.is_empty() && !scan::is_key_id(&text) {
                return Err(DocumentError::NotAKeyId(named.id.clone()));
            }
            Ok((Some((id, secret)), true))
        }
        (None, None) => Ok((None, false)),
        (Some(_), None) => Err(DocumentError::NoPartner(named.id.clone())),
        (None, Some(_)) => Err(DocumentError::NoPartner(named.secret.clone())),
    }
}

/// What the two fields of a pair hold. A key id becomes part of a signature's header, where a control
/// character ends the process; both are refused before.
fn check_pair(
    fields: &[Field],
    id: usize,
    secret: usize,
) -> Result<(Zeroizing<String>, Zeroizing<String>), DocumentError> {
    let read =
        |at: usize| fields.get(at).map(|field| (field.name.clone(), field.trimmed())).unwrap_or_default();
    let ((id_name, id), (secret_name, secret)) = (read(id), read(secret));
    match (id.is_empty(), secret.is_empty()) {
        (false, true) => return Err(DocumentError::HalfAPair(id_name, secret_name)),
        (true, false) => return Err(DocumentError::HalfAPair(secret_name, id_name)),
        _ => {}
    }
    // https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKey.html: `[\w]+`
    if !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Err(DocumentError::NotAKeyId(id_name));
    }
    if id.starts_with("ASIA") {
        return Err(DocumentError::Temporary(id_name));
    }
    if !secret.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(DocumentError::NotASecretKey(secret_name));
    }
    if is_ses_smtp_password(&secret) {
        return Err(DocumentError::AnSmtpPassword(secret_name));
    }
    Ok((id, secret))
}

/// The fields that name the user, who is one.
fn users(fields: &[Field], smtp_username: Option<usize>) -> Result<Vec<usize>, DocumentError> {
    let users: Vec<usize> = fields
        .iter()
        .enumerate()
        .filter(|(at, field)| spelling::is_user(&field.name) && Some(*at) != smtp_username)
        .map(|(at, _)| at)
        .collect();
    let mut filled =
        users.iter().filter_map(|at| fields.get(*at)).filter(|field| !field.trimmed().is_empty());
    if let Some(first) = filled.next()
        && let Some(other) = filled.find(|other| other.trimmed() != first.trimmed())
    {
        return Err(DocumentError::TwoUsers(first.name.clone(), other.name.clone()));
    }
    Ok(users)
}
