//! Which two fields hold the access key pair.
//!
//! Names alone are not enough: `SECRET_KEY` is a pair's beside an id and Django's beside nothing. So where the id is
//! a real one, a field whose name says less than "secret access key" must also hold what has its form.

use super::error::shown;
use super::field::{Field, FieldNames};
use super::spelling::{self, Half};
use super::{DocumentError, scan, smtp};

/// The fields of the pair, by their positions.
pub(super) struct Pair {
    pub(crate) fields: Option<(usize, usize)>,
    /// An empty field that is one half of a pair, where there is no other half.
    pub(crate) half: Option<usize>,
}

/// A field that may hold the secret half: how well its name says so, and where it is.
type Candidate = (u8, usize);

impl Pair {
    const NONE: Self = Self { fields: None, half: None };

    /// Finds the pair. `named`: the two fields as the secret's tag calls them.
    pub(crate) fn find(fields: &[Field], named: Option<&FieldNames>) -> Result<Self, DocumentError> {
        let of = Fields(fields);
        if let Some(named) = named {
            return of.named(named);
        }
        let id = match &of.ids()[..] {
            [] => of.weak_id(),
            [id] => Some(*id),
            [first, second, ..] => return Err(DocumentError::TwoPairs(of.name(*first), of.name(*second))),
        };
        match id {
            Some(id) => of.with_id(id),
            None => of.without_id(),
        }
    }

    fn of(id: usize, secret: usize) -> Self {
        Self { fields: Some((id, secret)), half: None }
    }
}

struct Fields<'f>(&'f [Field]);

impl Fields<'_> {
    fn name(&self, at: usize) -> String {
        self.0.get(at).map(|field| shown(&field.name, at)).unwrap_or_default()
    }

    fn text(&self, at: usize) -> zeroize::Zeroizing<String> {
        self.0.get(at).map(Field::trimmed).unwrap_or_default()
    }

    fn ids(&self) -> Vec<usize> {
        let ids = self.0.iter().enumerate().filter(|(_, f)| spelling::half(&f.name) == Some(Half::Id));
        ids.map(|(at, _)| at).collect()
    }

    /// A field called `key` or `id` is an id's only where a key id stands in it.
    fn weak_id(&self) -> Option<usize> {
        let weak = |field: &Field| spelling::weak_half(&field.name) == Some(Half::Id);
        let mut ids =
            self.0.iter().enumerate().filter(|(_, field)| weak(field) && scan::is_key_id(&field.trimmed()));
        let first = ids.next()?.0;
        ids.next().is_none().then_some(first)
    }

    /// What may hold the secret half, the best names first.
    fn secrets(&self) -> Vec<Candidate> {
        let rank = |field: &Field| match spelling::half(&field.name).or(spelling::weak_half(&field.name)) {
            Some(Half::Secret(rank)) => Some(rank),
            _ => None,
        };
        let mut secrets: Vec<Candidate> =
            self.0.iter().enumerate().filter_map(|(at, field)| Some((rank(field)?, at))).collect();
        secrets.sort_unstable();
        secrets
    }

    fn with_id(&self, id: usize) -> Result<Pair, DocumentError> {
        let text = self.text(id);
        let name = |at: usize| self.0.get(at).map_or("", |field| field.name.as_str());
        let secrets = self.secrets();
        let found = self.best(id, &secrets)?;
        let fits = |at: usize| {
            let secret = self.text(at);
            match (text.is_empty(), scan::has_key_id(&text)) {
                (true, _) => secret.is_empty(),
                // A clear name is believed whatever its value.
                (false, true) => {
                    spelling::half(name(at)) == Some(Half::Secret(0)) || scan::is_secret_key(&secret)
                }
                (false, false) => !secret.is_empty(),
            }
        };
        match found {
            Some(secret) if fits(secret) => Ok(Pair::of(id, secret)),
            Some(secret)
                if text.is_empty()
                    && !scan::is_secret_key(&self.text(secret))
                    && spelling::half(name(secret)) != Some(Half::Secret(0)) =>
            {
                // Another system's.
                self.alone(id)
            }
            Some(secret) if self.text(secret).is_empty() => {
                Err(DocumentError::HalfAPair(self.name(id), self.name(secret)))
            }
            Some(secret) if text.is_empty() => {
                Err(DocumentError::HalfAPair(self.name(secret), self.name(id)))
            }
            Some(_) => Err(DocumentError::NoPartner(self.name(id))),
            None if text.is_empty() => self.alone(id),
            None => Err(DocumentError::NoPartner(self.name(id))),
        }
    }

    /// An empty id whose other half is to be added.
    fn alone(&self, id: usize) -> Result<Pair, DocumentError> {
        let partner = spelling::partner(self.0.get(id).map_or("", |field| &field.name));
        let free = partner.filter(|partner| !self.0.iter().any(|field| field.name == *partner));
        match free {
            Some(_) => Ok(Pair { fields: None, half: Some(id) }),
            None => Err(DocumentError::NoPartner(self.name(id))),
        }
    }

    /// The field that holds the other half of an id, by its name: what says "secret access key"; otherwise the only
    /// one, or the only one that says whose it is. A bare `secret_key` beside an `aws_…` id is another system's.
    fn best(&self, id: usize, secrets: &[Candidate]) -> Result<Option<usize>, DocumentError> {
        let name = |at: usize| self.0.get(at).map_or("", |field| field.name.as_str());
        let clash =
            |first: usize, second: usize| Err(DocumentError::TwoPairs(self.name(first), self.name(second)));
        let clear: Vec<usize> = secrets.iter().filter(|(rank, _)| *rank == 0).map(|(_, at)| *at).collect();
        match clear[..] {
            [] => {}
            [one] => return Ok(Some(one)),
            [first, second, ..] => return clash(first, second),
        }
        let prefixed: Vec<usize> =
            secrets.iter().map(|(_, at)| *at).filter(|at| spelling::has_prefix(name(*at))).collect();
        let all: Vec<usize> = secrets.iter().map(|(_, at)| *at).collect();
        match (&prefixed[..], &all[..]) {
            ([one], _) => Ok(Some(*one)),
            ([first, second, ..], _) => clash(*first, *second),
            ([], []) => Ok(None),
            ([], _) if spelling::has_prefix(name(id)) => Ok(None),
            ([], [one]) => Ok(Some(*one)),
            ([], [first, second, ..]) => clash(*first, *second),
        }
    }

    /// A secret half alone. `SECRET_KEY` without an id is another system's, unless it has the form of AWS's.
    fn without_id(&self) -> Result<Pair, DocumentError> {
        for (rank, at) in self.secrets() {
            let text = self.text(at);
            let name = self.0.get(at).map_or("", |field| field.name.as_str());
            match (rank, spelling::partner(name)) {
                (_, Some(_)) if text.is_empty() => return Ok(Pair { fields: None, half: Some(at) }),
                (0, Some(partner)) => {
                    return Err(DocumentError::HalfAPair(self.name(at), format!("`{partner}`")));
                }
                (0, None) => return Err(DocumentError::NoPartner(self.name(at))),
                (1 | 2, _) if scan::is_secret_key(&text) => {
                    return Err(DocumentError::NoPartner(self.name(at)));
                }
                _ => {}
            }
        }
        Ok(Pair::NONE)
    }

    /// The pair that the secret's tag names. Whoever may tag the secret must not have fields overwritten that hold
    /// something else, nor hide a key: so the fields are empty or hold what has the form of a key, they are none
    /// that are understood otherwise, and no other field that names an id holds one.
    fn named(&self, named: &FieldNames) -> Result<Pair, DocumentError> {
        let place = |name: &String| self.0.iter().position(|field| field.name == *name);
        let (id, secret) = (place(&named.id), place(&named.secret));
        let is_other = |name: &&String| smtp::is_understood(name);
        if let Some(other) = [&named.id, &named.secret].into_iter().find(is_other) {
            return Err(DocumentError::NotAKeyField(shown(other, 0)));
        }
        let holds_key = |at: &usize| Some(*at) != id && scan::has_key_id(&self.text(*at));
        if let Some(other) = self.ids().into_iter().find(holds_key) {
            return Err(DocumentError::TwoPairs(shown(&named.id, 0), self.name(other)));
        }
        match (id, secret) {
            (Some(id), Some(secret)) => {
                let (id_text, secret_text) = (self.text(id), self.text(secret));
                if !id_text.is_empty() && !scan::is_key_id(&id_text) {
                    return Err(DocumentError::NotAKeyId(self.name(id)));
                }
                let is_secret = scan::is_secret_key(&secret_text);
                // A password of SES's is refused by its own name.
                if !secret_text.is_empty() && !is_secret && !crate::model::is_ses_smtp_password(&secret_text)
                {
                    return Err(DocumentError::NotASecretKey(self.name(secret)));
                }
                Ok(Pair::of(id, secret))
            }
            (None, None) => Ok(Pair::NONE),
            (Some(half), None) | (None, Some(half)) => Err(DocumentError::NoPartner(self.name(half))),
        }
    }
}
