//! Replication to other regions.
//!
//! <https://docs.aws.amazon.com/secretsmanager/latest/userguide/replicate-secrets.html>

use serde_json::{Value, json};

use crate::clock::epoch;
use crate::front::door::Context;
use crate::front::params::Input;
use crate::front::protocol::ApiError;
use crate::secretsmanager::{invalid_parameter, invalid_request};
use crate::world::World;
use crate::world::secret::{Replica, Secret};
use crate::world::store::arn_home;

/// What AddReplicaRegions and ForceOverwriteReplicaSecret ask for.
pub(super) struct Asked {
    replicas: Vec<(String, Option<String>)>,
    force: bool,
}

pub(super) fn asked(input: Input<'_>, own_region: &str) -> Result<Asked, ApiError> {
    let force = input.flag("ForceOverwriteReplicaSecret")?.unwrap_or(false);
    let mut replicas: Vec<(String, Option<String>)> = Vec::new();
    for replica in input.array("AddReplicaRegions")?.into_iter().flatten() {
        let replica = Input(replica);
        let region = replica.required("Region")?;
        let taken = replicas.iter().any(|(other, _)| other == region);
        if region == own_region || taken || !is_region(region) {
            return Err(invalid_parameter("Invalid replica region."));
        }
        replicas.push((region.to_owned(), replica.text("KmsKeyId")?.map(str::to_owned)));
    }
    Ok(Asked { replicas, force })
}

/// `^([a-z]+-)+\d+$`
fn is_region(region: &str) -> bool {
    let Some((words, number)) = region.rsplit_once('-') else {
        return false;
    };
    !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && words.split('-').all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase()))
}

pub(super) fn replicate_secret_to_regions(
    context: &mut Context<'_>,
    input: Input<'_>,
) -> Result<Value, ApiError> {
    let asked = asked(input, context.region)?;
    if asked.replicas.is_empty() {
        return Err(invalid_parameter("AddReplicaRegions must have an entry."));
    }
    let secret = context.live_secret(input)?;
    let arn = secret.arn.clone();
    let there = |region: &str| {
        secret.replicas.iter().any(|replica| replica.region == region && replica.failure.is_none())
    };
    // Undocumented; refusing is the strict side.
    if asked.replicas.iter().any(|(region, _)| there(region)) {
        return Err(invalid_parameter("The secret is replicated to that region already."));
    }
    let begun = context.add_replicas(&arn, asked);
    Ok(context.replication_answer(&arn, &begun))
}

pub(super) fn remove_regions_from_replication(
    context: &mut Context<'_>,
    input: Input<'_>,
) -> Result<Value, ApiError> {
    let regions = input.texts("RemoveReplicaRegions")?.unwrap_or_default();
    if regions.is_empty() {
        return Err(invalid_parameter("RemoveReplicaRegions must have an entry."));
    }
    let secret = context.live_secret(input)?;
    let arn = secret.arn.clone();
    let known = |region: &String| secret.replicas.iter().any(|replica| replica.region == *region);
    if !regions.iter().all(known) {
        return Err(invalid_parameter("The secret isn't replicated to that region."));
    }
    let there: Vec<String> = secret
        .replicas
        .iter()
        .filter(|replica| regions.contains(&replica.region) && replica.failure.is_none())
        .map(|replica| replica.region.clone())
        .collect();
    secret.replicas.retain(|replica| !regions.contains(&replica.region));
    for region in there {
        context.state.world.drop_replica(&arn, &region);
    }
    Ok(context.replication_answer(&arn, &[]))
}

/// Called in the replica's region: the replica becomes a secret of its own.
pub(super) fn stop_replication_to_replica(
    context: &mut Context<'_>,
    input: Input<'_>,
) -> Result<Value, ApiError> {
    let region = context.region.to_owned();
    let secret = context.live_secret(input)?;
    let arn = secret.arn.clone();
    let primary = secret
        .primary
        .take()
        .ok_or_else(|| invalid_request("You can't stop replication: the secret isn't a replica."))?;
    if let Some(primary) = context.state.world.secret(&arn_in(&arn, &primary)) {
        primary.replicas.retain(|replica| replica.region != region);
    }
    Ok(json!({"ARN": arn}))
}

/// `ReplicationStatus`: of a primary, an entry for each region.
/// Those of `begun` are never done when the answer is given.
pub(super) fn status(world: &World, secret: &Secret, begun: &[String]) -> Value {
    let pending = world.replications.iter().any(|(_, arn)| *arn == secret.arn);
    let entry = |replica: &Replica| {
        let mut entry = json!({
            "Region": replica.region,
            "KmsKeyId": replica.kms_key_id.as_deref().unwrap_or("alias/aws/secretsmanager"),
            "Status": if pending || begun.contains(&replica.region) { "InProgress" } else { "InSync" },
        });
        if let Some(failure) = &replica.failure {
            entry["Status"] = json!("Failed");
            entry["StatusMessage"] = json!(failure);
        }
        let copy = world.secret_ref(&arn_in(&secret.arn, &replica.region));
        if let Some(accessed) = copy.and_then(|copy| copy.accessed) {
            entry["LastAccessedDate"] = json!(epoch(accessed));
        }
        entry
    };
    json!(secret.replicas.iter().map(entry).collect::<Vec<_>>())
}

/// "The ARN for a replicated secret is the same as the primary secret except for the Region."
pub(crate) fn arn_in(arn: &str, region: &str) -> String {
    let mut parts: Vec<&str> = arn.splitn(5, ':').collect();
    if let Some(part) = parts.get_mut(3) {
        *part = region;
    }
    parts.join(":")
}

impl Context<'_> {
    fn replication_answer(&self, arn: &str, begun: &[String]) -> Value {
        let world = &self.state.world;
        let status = world.secret_ref(arn).map(|secret| status(world, secret, begun));
        json!({"ARN": arn, "ReplicationStatus": status.unwrap_or_else(|| json!([]))})
    }

    /// Begins to replicate. A name that is taken in the region fails there alone.
    /// Answers with the regions.
    pub(super) fn add_replicas(&mut self, arn: &str, asked: Asked) -> Vec<String> {
        let (now, force) = (self.now, asked.force);
        let begin = |(region, key): (String, Option<String>)| {
            self.state.world.add_replica(arn, &region, key, force, now);
            region
        };
        asked.replicas.into_iter().map(begin).collect()
    }
}

impl World {
    pub(crate) fn add_replica(
        &mut self,
        arn: &str,
        region: &str,
        key: Option<String>,
        force: bool,
        now: std::time::SystemTime,
    ) {
        let Some((account, _)) = arn_home(arn) else {
            return;
        };
        let account = account.to_owned();
        let Some(name) = self.secret(arn).map(|secret| secret.name.clone()) else {
            return;
        };
        let copy = arn_in(arn, region);
        let store = self.store(&account, region);
        let standing = store.get(&name).map(|secret| (secret.arn.clone(), secret.primary.is_some()));
        // A replica, or what was one, is not overwritten.
        let failed = standing.as_ref().is_some_and(|(_, is_replica)| !force || *is_replica);
        if let Some((standing, _)) = standing.filter(|_| !failed) {
            store.remove(&standing);
        }
        if !failed {
            let mut secret = Secret::new(copy, name.clone(), now);
            secret.primary = arn_home(arn).map(|(_, region)| region.to_owned());
            secret.kms_key_id.clone_from(&key);
            store.insert(secret);
        }
        let failure = failed
            .then(|| format!("Replication failed: Secret name {name} already exists in region {region}."));
        if let Some(primary) = self.secret(arn) {
            primary.replicas.retain(|replica| replica.region != region);
            primary.replicas.push(Replica { region: region.to_owned(), kms_key_id: key, failure });
        }
    }

    fn drop_replica(&mut self, arn: &str, region: &str) {
        if let Some((account, _)) = arn_home(arn) {
            let account = account.to_owned();
            self.store(&account, region).remove(&arn_in(arn, region));
        }
    }
}
