//! Replicas follow their primary.

use std::time::SystemTime;

use crate::Options;
use crate::options::SecretLags;
use crate::secretsmanager::{arn_in, note_state};
use crate::world::World;
use crate::world::secret::Secret;

impl World {
    /// Notes that a secret changed: its replicas follow after their lag.
    pub(crate) fn replicate(&mut self, arn: &str, now: SystemTime, options: &Options) {
        let has_replicas = self.secret_ref(arn).is_some_and(|secret| !secret.replicas.is_empty());
        if has_replicas && !self.replications.iter().any(|(_, waiting)| waiting == arn) {
            self.replications.push((now + options.replication_lag, arn.to_owned()));
        }
        self.settle_replicas(now, options.secret_lags());
    }

    /// Brings the replicas up to date whose time has come.
    pub(crate) fn settle_replicas(&mut self, now: SystemTime, lags: SecretLags) {
        if self.replications.iter().all(|(due, _)| *due > now) {
            return;
        }
        let (due, later) = self.replications.drain(..).partition(|(due, _)| *due <= now);
        self.replications = later;
        let due: Vec<(SystemTime, String)> = due;
        for (_, arn) in due {
            let Some(primary) = self.secret_ref(&arn).cloned() else {
                continue;
            };
            let replicas = primary.replicas.iter().filter(|replica| replica.failure.is_none());
            for replica in replicas {
                if let Some(copy) = self.secret(&arn_in(&arn, &replica.region)) {
                    note_state(copy, now, true, lags);
                    follow(copy, &primary);
                    note_state(copy, now, false, lags);
                }
            }
        }
    }
}

/// "Secrets Manager replicates the encrypted secret data and metadata such as tags and resource
/// policies." What DescribeSecret tells of a replica's rotation is not documented: here it is the
/// primary's.
fn follow(copy: &mut Secret, primary: &Secret) {
    copy.description.clone_from(&primary.description);
    copy.tags.clone_from(&primary.tags);
    copy.policy.clone_from(&primary.policy);
    copy.rotation.clone_from(&primary.rotation);
    copy.rotated = primary.rotated;
    copy.changed = primary.changed;
    let mut versions = primary.versions.clone();
    for version in &mut versions {
        version.accessed = copy.version(&version.id).and_then(|known| known.accessed);
    }
    copy.versions = versions;
}
