//! Which fields of a value hold what, or why that cannot be told.

use zeroize::Zeroizing;

use super::error::shown;
use super::field::{Field, FieldNames};
use super::pair::Pair;
use super::spelling;
use super::{DocumentError, scan, smtp};
use crate::model::{AccessKeyId, is_ses_smtp_password};

/// A shorter secret is a placeholder, and may stand in other fields by chance.
const SHORTEST_SECRET: usize = 16;

/// Which fields of a value hold what, by their positions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Layout {
    /// The id and the secret of the pair.
    pub(crate) pair: Option<(usize, usize)>,
    /// An empty field that is one half of a pair, where there is no other half.
    pub(crate) half: Option<usize>,
    /// Amazon SES's SMTP credentials.
    pub(crate) smtp: Option<smtp::Layout>,
    /// Whether the value has SMTP credentials and no pair, or one that is empty while they are not.
    pub(crate) is_smtp_only: bool,
    /// The fields that name the user.
    pub(crate) users: Vec<usize>,
}

impl Layout {
    /// Finds out what each field holds, and refuses what is not certain.
    pub(crate) fn of(fields: &[Field], named: Option<&FieldNames>) -> Result<Self, DocumentError> {
        no_nested_pair(fields)?;
        no_duplicates(fields, named)?;
        no_session(fields)?;
        let pair = Pair::find(fields, named)?;
        let texts = pair.fields.map(|(id, secret)| check_pair(fields, id, secret)).transpose()?;
        let (id, secret) = texts.as_ref().map(|(id, secret)| (id.as_str(), secret.as_str())).unzip();
        let (id, secret) = (id.unwrap_or_default(), secret.unwrap_or_default());
        let smtp = smtp::layout(fields, id, secret)?;
        let username = smtp.as_ref().and_then(|smtp| smtp.username);
        let filled = |at: usize| fields.get(at).is_some_and(|field| !field.trimmed().is_empty());
        let is_whole = username.is_some() && smtp.as_ref().is_some_and(|smtp| smtp.password.is_some());
        let has_half = pair.fields.is_some() || pair.half.is_some();
        let is_smtp_only = is_whole && id.is_empty() && (!has_half || username.is_some_and(filled));
        let taken = pair.fields.into_iter().flat_map(|(id, secret)| [id, secret]).chain(username);
        let users = users(fields, &taken.collect::<Vec<_>>())?;
        let layout = Self { pair: pair.fields, half: pair.half, smtp, is_smtp_only, users };
        layout.no_other_key(fields, id, secret)?;
        Ok(layout)
    }

    /// Where the value holds an id that it does not use, in a field that a rotation would leave as it is.
    pub(crate) fn mention(&self, fields: &[Field], key: &AccessKeyId) -> Option<String> {
        let holds = |text: &str| text.contains(key.as_str());
        let mut places = self.unwritten(fields);
        places.find_map(|(at, field)| {
            texts(field).iter().any(|text| holds(text)).then(|| shown(&field.name, at))
        })
    }

    /// The fields that a rotation leaves as they are.
    fn unwritten<'f>(&self, fields: &'f [Field]) -> impl Iterator<Item = (usize, &'f Field)> {
        let smtp = self.smtp.as_ref();
        let smtp = [smtp.and_then(|smtp| smtp.username), smtp.and_then(|smtp| smtp.password)];
        let pair = self.pair.map(|(id, secret)| [id, secret]);
        let written: Vec<usize> = smtp.into_iter().flatten().chain(pair.into_iter().flatten()).collect();
        fields.iter().enumerate().filter(move |(at, _)| !written.contains(at))
    }

    /// No field that will not be written may hold a key: anything that looks like one, where none is
    /// understood; a copy of the key that is.
    fn no_other_key(&self, fields: &[Field], id: &str, secret: &str) -> Result<(), DocumentError> {
        let text =
            |at: Option<usize>| at.and_then(|at| fields.get(at)).map(Field::trimmed).unwrap_or_default();
        let username = self.smtp.as_ref().and_then(|smtp| smtp.username);
        let password = text(self.smtp.as_ref().and_then(|smtp| smtp.password));
        let smtp_id = text(username);
        let (key, place) = match id {
            "" => (smtp_id.as_str(), username),
            id => (id, self.pair.map(|(id, _)| id)),
        };
        for (at, field) in self.unwritten(fields) {
            let texts = texts(field);
            let mut texts = texts.iter().map(|text| text.as_str());
            if !scan::has_key_id(key) {
                let is_secret = |text: &str| {
                    spelling::speaks_of_a_secret(&field.name) && scan::is_secret_key(text.trim())
                };
                if texts.any(|text| scan::looks_like_credentials(text) || is_secret(text)) {
                    return Err(DocumentError::Unrecognised(shown(&field.name, at)));
                }
                continue;
            }
            let holds = |text: &str, what: &str| what.len() >= SHORTEST_SECRET && text.contains(what);
            let repeats = |text: &str| {
                let is_password = |word: &str| is_ses_smtp_password(word);
                text.trim() == key
                    || text.split([' ', '\t', '\n', '=', ':', ',', ';', '"', '&']).any(is_password)
                    || text.split('=').any(|word| is_password(&format!("{word}=")))
                    || (text.contains("://") && text.contains(key))
                    || [format!("{key}:"), format!("={key}"), format!("{key}&")]
                        .iter()
                        .any(|form| text.contains(form))
                    || holds(text, secret)
                    || holds(text, &password)
            };
            if texts.any(|text| scan::readings(text).iter().any(|text| repeats(text))) {
                let of = place.and_then(|at| fields.get(at).map(|field| shown(&field.name, at)));
                return Err(DocumentError::Copied(shown(&field.name, at), of.unwrap_or_default()));
            }
        }
        Ok(())
    }
}

/// Every string of a field, its name among them.
fn texts(field: &Field) -> Vec<Zeroizing<String>> {
    let mut texts: Vec<_> = scan::strings(&field.json).into_iter().map(|(_, text)| text).collect();
    texts.push(Zeroizing::new(field.name.clone()));
    texts
}

fn no_nested_pair(fields: &[Field]) -> Result<(), DocumentError> {
    match fields.iter().position(|field| scan::holds_pair(&field.json)) {
        Some(at) => Err(DocumentError::NestedPair(
            fields.get(at).map(|field| shown(&field.name, at)).unwrap_or_default(),
        )),
        None => Ok(()),
    }
}

/// A field that is read may stand there once.
fn no_duplicates(fields: &[Field], named: Option<&FieldNames>) -> Result<(), DocumentError> {
    let is_read = |name: &str| {
        spelling::half(name).is_some()
            || spelling::is_user(name)
            || spelling::smtp(name).is_some()
            || named.is_some_and(|named| named.id == name || named.secret == name)
    };
    for (at, field) in fields.iter().enumerate().filter(|(_, field)| is_read(&field.name)) {
        if fields.iter().skip(at + 1).any(|other| other.name == field.name) {
            return Err(DocumentError::Duplicate(shown(&field.name, at)));
        }
        // What SMTP fields hold otherwise is another system's.
        if field.text().is_none() && spelling::smtp(&field.name).is_none() {
            return Err(DocumentError::NotAString(shown(&field.name, at)));
        }
    }
    Ok(())
}

/// A long-lived key has no session token
/// ([temporary credentials](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_use-resources.html)).
fn no_session(fields: &[Field]) -> Result<(), DocumentError> {
    let filled = |field: &Field| field.text().is_none_or(|text| !text.trim().is_empty());
    let mut tokens = fields.iter().enumerate().filter(|(_, field)| spelling::is_session_token(&field.name));
    match tokens.find(|(_, field)| filled(field)) {
        Some((at, field)) => Err(DocumentError::Temporary(shown(&field.name, at))),
        None => Ok(()),
    }
}

/// What the two fields of a pair hold. A key id becomes part of a signature's header, where a control
/// character would end the process; so what cannot be a key is refused here.
fn check_pair(
    fields: &[Field],
    id: usize,
    secret: usize,
) -> Result<(Zeroizing<String>, Zeroizing<String>), DocumentError> {
    let read =
        |at: usize| fields.get(at).map(|field| (shown(&field.name, at), field.trimmed())).unwrap_or_default();
    let ((id_name, id), (secret_name, secret)) = (read(id), read(secret));
    match (id.is_empty(), secret.is_empty()) {
        (false, true) => return Err(DocumentError::HalfAPair(id_name, secret_name)),
        (true, false) => return Err(DocumentError::HalfAPair(secret_name, id_name)),
        _ => {}
    }
    if id.starts_with("ASIA") {
        return Err(DocumentError::Temporary(id_name));
    }
    // https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKey.html: `[\w]+`. What is long enough to be an
    // id and begins otherwise is another vendor's.
    let is_word = id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !is_word || (scan::is_id_like(&id) && !scan::is_key_id(&id)) {
        return Err(DocumentError::NotAKeyId(id_name));
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
fn users(fields: &[Field], taken: &[usize]) -> Result<Vec<usize>, DocumentError> {
    let is_user = |at: usize, field: &Field| spelling::is_user(&field.name) && !taken.contains(&at);
    let users = fields.iter().enumerate().filter(|(at, field)| is_user(*at, field));
    let users: Vec<usize> = users.map(|(at, _)| at).collect();
    let filled = |at: &&usize| fields.get(**at).is_some_and(|field| !field.trimmed().is_empty());
    let mut filled = users.iter().filter(filled).filter_map(|at| fields.get(*at));
    if let Some(first) = filled.next()
        && let Some(other) = filled.find(|other| other.trimmed() != first.trimmed())
    {
        return Err(DocumentError::TwoUsers(shown(&first.name, 0), shown(&other.name, 0)));
    }
    Ok(users)
}
