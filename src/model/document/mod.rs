//! A secret's value: a JSON object that keeps its shape.
//!
//! Only the fields that name the key, the user, and what is derived from the key are understood.
//! Every other field is carried as the text it came as: numbers, order and nesting are preserved
//! exactly. A value that may hold a key in a form that is not understood is refused: rotated beside
//! that key, it would leave consumers with one that is about to be taken away.

mod error;
mod field;
mod layout;
mod pair;
mod scan;
mod smtp;
mod spelling;
#[cfg(test)]
mod tests;

use std::fmt;

use jiff::Timestamp;
use serde::de::Deserializer;
use zeroize::Zeroizing;

use super::{AccessKeyId, Credential, Sensitive, ses_smtp_password};
pub use error::DocumentError;
pub use field::FieldNames;
use field::{Field, Fields, json_string};
use layout::Layout;
use smtp::Region;

/// Written by some of the systems this product replaces; refreshed where present.
const STATUS: &str = "Status";
const CREATE_DATE: &str = "CreateDate";

/// A secret's value, its fields in their order.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretDocument {
    fields: Vec<Field>,
    /// The names of the pair's fields, where the secret's tag says them.
    named: Option<FieldNames>,
    layout: Layout,
}

impl SecretDocument {
    /// Reads a value. `named`: how the secret's tag calls the pair's fields. Nothing of the value appears in
    /// the error.
    pub fn parse(text: &str, named: Option<&FieldNames>) -> Result<Self, DocumentError> {
        let mut json = serde_json::Deserializer::from_str(text);
        let fields = json.deserialize_map(Fields).map_err(|_| DocumentError::NotAnObject)?;
        json.end().map_err(|_| DocumentError::NotAnObject)?;
        Self::of(fields, named.cloned())
    }

    fn of(fields: Vec<Field>, named: Option<FieldNames>) -> Result<Self, DocumentError> {
        let layout = Layout::of(&fields, named.as_ref())?;
        Ok(Self { fields, named, layout })
    }

    /// An unfilled document with the given field names, for a secret that has no value yet.
    ///
    /// `None` when the names hold no place for a key, two of them, a name this product would not fill in, or
    /// an SMTP password without a field for its region.
    pub fn from_shape(names: &[&str]) -> Option<Self> {
        let fields: Vec<Field> = names.iter().map(|name| Field::string(name, "")).collect();
        let known = |name: &&str| {
            spelling::half(name).is_some()
                || spelling::is_user(name)
                || [STATUS, CREATE_DATE].contains(name)
                || spelling::smtp(name).is_some()
        };
        let document = names.iter().all(known).then(|| Self::of(fields, None).ok()).flatten()?;
        (document.layout.pair.is_some() || document.is_smtp_only()).then_some(document)
    }

    /// This shape waiting for its first key: it names the user, where it has a field for that.
    pub(crate) fn waiting_for_key(&self, user: &str) -> Self {
        let mut waiting = self.clone();
        for field in &mut waiting.fields {
            if spelling::is_user(&field.name) {
                *field = Field::string(&field.name, user);
            }
        }
        waiting
    }

    /// The key this document holds with its secret half; `None` while it waits for its first, and where
    /// only what is derived from the secret half is stored.
    pub fn credential(&self) -> Option<Credential> {
        let (id, secret) = self.layout.pair?;
        let (id, secret) = (self.trimmed(id), self.trimmed(secret));
        if id.is_empty() {
            return None;
        }
        Some(Credential { key_id: AccessKeyId::new(id.as_str()), secret: Sensitive::new(secret.as_str()) })
    }

    /// The id of the key this document holds; `None` while it waits for its first.
    pub fn key_id(&self) -> Option<AccessKeyId> {
        let smtp = self.layout.smtp.as_ref().and_then(|smtp| smtp.username);
        let places = [self.layout.pair.map(|(id, _)| id), smtp];
        let mut ids = places.into_iter().flatten().map(|place| self.trimmed(place));
        ids.find(|id| !id.is_empty()).map(|id| AccessKeyId::new(id.as_str()))
    }

    /// Whether the document has room for SMTP credentials and for no access key pair: what is stored in it
    /// cannot sign a request, so nobody can prove it later.
    pub fn is_smtp_only(&self) -> bool {
        self.layout.is_smtp_only
    }

    /// The field that holds the id of another key, which a rotation would leave as it is.
    pub(crate) fn mention(&self, key: &AccessKeyId) -> Option<String> {
        self.layout.mention(&self.fields, key)
    }

    /// The names of the two fields that hold the key, where there are such.
    pub(crate) fn pair(&self) -> Option<(&str, &str)> {
        let (id, secret) = self.layout.pair?;
        Some((&self.fields.get(id)?.name, &self.fields.get(secret)?.name))
    }

    /// The user this document names.
    pub(crate) fn user(&self) -> Option<String> {
        self.layout
            .users
            .iter()
            .map(|at| self.trimmed(*at))
            .find(|name| !name.is_empty())
            .map(|name| name.to_string())
    }

    /// This document with every field that a key needs. A value that waits for its first key may have
    /// none: it gets those that its tag names, or else those of `shape`.
    pub fn completed(&self, shape: &Self) -> Result<Self, DocumentError> {
        if self.layout.pair.is_some() || self.is_smtp_only() {
            return Ok(self.clone());
        }
        let names_user = self.user().is_some();
        let mut fields = self.fields.clone();
        let half = self.layout.half.and_then(|at| fields.get(at));
        let half = half.and_then(|field| spelling::partner(&field.name).map(str::to_owned));
        let wanted: Vec<Field> = match (&self.named, half) {
            (Some(named), _) => vec![Field::string(&named.id, ""), Field::string(&named.secret, "")],
            (None, Some(partner)) => vec![Field::string(&partner, "")],
            (None, None) => shape.fields.clone(),
        };
        for field in wanted {
            let surplus = names_user && spelling::is_user(&field.name);
            if !surplus && !fields.iter().any(|known| known.name == field.name) {
                fields.push(field);
            }
        }
        let completed = Self::of(fields, self.named.clone())?;
        match completed.layout.pair.is_some() || completed.is_smtp_only() {
            true => Ok(completed),
            false => Err(DocumentError::NoPartner("its value".into())),
        }
    }

    /// A [completed](Self::completed) document holding another key: the pair in the spelling found, and
    /// all that is derived from the key. Nothing else changes. `region`: the function's own.
    pub fn with_credential(&self, user: &str, key: &Credential, created: Timestamp, region: &str) -> Self {
        let mut next = self.clone();
        let mut set = |at: usize, text: &str| {
            if let Some(field) = next.fields.get_mut(at) {
                *field = Field::string(&field.name, text);
            }
        };
        if let Some((id, secret)) = self.layout.pair.filter(|_| !self.is_smtp_only()) {
            set(id, key.key_id.as_str());
            set(secret, key.secret.expose());
        }
        if let Some(smtp) = &self.layout.smtp {
            if let Some(username) = smtp.username {
                set(username, key.key_id.as_str());
            }
            let place = match &smtp.region {
                Some(Region::Named(place)) => place.as_str(),
                Some(Region::Own(field)) => {
                    set(*field, region);
                    region
                }
                None => region,
            };
            if let Some(password) = smtp.password {
                set(password, ses_smtp_password(&key.secret, place).expose());
            }
        }
        let named = self.user();
        let user = named.as_deref().unwrap_or(user);
        for at in &self.layout.users {
            if self.trimmed(*at).is_empty() {
                set(*at, user);
            }
        }
        for field in &mut next.fields {
            let is_string = field.json.starts_with('"');
            match field.name.as_str() {
                STATUS if is_string => *field = Field::string(STATUS, "Active"),
                CREATE_DATE if is_string => *field = Field::string(CREATE_DATE, &created.to_string()),
                _ => {}
            }
        }
        next
    }

    /// The document as JSON text, to be stored.
    pub fn to_json(&self) -> Sensitive {
        let mut text = Zeroizing::new(String::from("{"));
        for (position, field) in self.fields.iter().enumerate() {
            if position > 0 {
                text.push(',');
            }
            text.push_str(&json_string(&field.name));
            text.push(':');
            text.push_str(&field.json);
        }
        text.push('}');
        Sensitive::new(text.as_str())
    }

    fn trimmed(&self, at: usize) -> Zeroizing<String> {
        self.fields.get(at).map(Field::trimmed).unwrap_or_default()
    }
}

/// Prints the field names and none of the values.
impl fmt::Debug for SecretDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.fields.iter().map(|field| &field.name)).finish()
    }
}
