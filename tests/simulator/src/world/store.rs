//! The secrets of one account in one region.

use std::collections::BTreeMap;

use crate::world::World;
use crate::world::secret::Secret;

/// Secrets by ARN, in the order of their creation.
#[derive(Clone, Debug, Default)]
pub(crate) struct SecretStore {
    pub secrets: BTreeMap<u64, Secret>,
    by_arn: BTreeMap<String, u64>,
    by_name: BTreeMap<String, u64>,
    next: u64,
}

impl SecretStore {
    pub(crate) fn insert(&mut self, secret: Secret) {
        let index = self.next;
        self.next += 1;
        self.by_arn.insert(secret.arn.clone(), index);
        self.by_name.insert(secret.name.clone(), index);
        self.secrets.insert(index, secret);
    }

    pub(crate) fn remove(&mut self, arn: &str) {
        if let Some(index) = self.by_arn.remove(arn)
            && let Some(secret) = self.secrets.remove(&index)
        {
            self.by_name.remove(&secret.name);
        }
    }

    /// A `SecretId`: the name, the ARN, or the ARN without its last six characters.
    pub(crate) fn find(&mut self, id: &str) -> Option<&mut Secret> {
        let index = self.index(id)?;
        self.secrets.get_mut(&index)
    }

    /// The same, to look at.
    pub(crate) fn get(&self, id: &str) -> Option<&Secret> {
        self.secrets.get(&self.index(id)?)
    }

    fn index(&self, id: &str) -> Option<u64> {
        let index = if id.starts_with("arn:") {
            self.by_arn.get(id).or_else(|| {
                let name = id.splitn(7, ':').nth(6)?;
                self.by_name.get(name)
            })
        } else {
            self.by_name.get(id)
        };
        index.copied()
    }

    pub(crate) fn has_name(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }
}

/// Account and region of an ARN.
pub(crate) fn arn_home(arn: &str) -> Option<(&str, &str)> {
    let mut parts = arn.split(':').skip(3);
    let region = parts.next()?;
    let account = parts.next()?;
    Some((account, region))
}

impl World {
    /// A secret by its full ARN, to look at.
    pub(crate) fn secret_ref(&self, arn: &str) -> Option<&Secret> {
        let (account, region) = arn_home(arn)?;
        self.stores.get(&(account.to_owned(), region.to_owned()))?.get(arn)
    }

    /// A secret by its full ARN, wherever it lives.
    pub(crate) fn secret(&mut self, arn: &str) -> Option<&mut Secret> {
        let (account, region) = arn_home(arn)?;
        self.store(account, region).find(arn)
    }
}
