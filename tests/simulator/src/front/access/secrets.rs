//! Secrets Manager's actions.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html>

use serde_json::Value;

use super::{Access, Origin};
use crate::front::params::Input;
use crate::world::World;
use crate::world::secret::Secret;
use crate::world::store::arn_home;

const TAGS: [&str; 2] = ["aws", "secretsmanager"];

/// Members of a request that condition keys repeat as they are.
const REPEATED: [(&str, &str); 13] = [
    ("SecretId", "SecretId"),
    ("Name", "Name"),
    ("Description", "Description"),
    ("KmsKeyId", "KmsKeyId"),
    ("VersionId", "VersionId"),
    ("VersionStage", "VersionStage"),
    ("RotationLambdaARN", "RotationLambdaARN"),
    ("RotateImmediately", "RotateImmediately"),
    ("BlockPublicPolicy", "BlockPublicPolicy"),
    ("ForceOverwriteReplicaSecret", "ForceOverwriteReplicaSecret"),
    ("ForceDeleteWithoutRecovery", "ForceDeleteWithoutRecovery"),
    ("RecoveryWindowInDays", "RecoveryWindowInDays"),
    ("Type", "Type"),
];

pub(super) fn describe(
    access: &mut Access,
    world: &World,
    operation: &str,
    body: &Value,
    origin: Origin<'_>,
) {
    if operation == "ListSecrets" {
        return;
    }
    for (member, key) in REPEATED {
        access.keys.set_some(&format!("secretsmanager:{key}"), plain(&body[member]));
    }
    let input = Input(body);
    if let Some(key) = body["KmsKeyId"].as_str().filter(|key| key.starts_with("arn:")) {
        access.keys.set("secretsmanager:KmsKeyArn", key);
    }
    if operation == "RotateSecret" && input.field("RotationRules").is_some() {
        access.keys.set("secretsmanager:ModifyRotationRules", "true");
    }
    let regions = body["AddReplicaRegions"].as_array().into_iter().flatten();
    let regions = regions.filter_map(|replica| replica["Region"].as_str());
    access.keys.set_many("secretsmanager:AddReplicaRegions", regions);
    // What has the wrong type is refused before any policy is asked.
    access.keys.request_tags(&input.tags("Tags").ok().flatten().unwrap_or_default());
    if operation == "UntagResource" {
        access.keys.set_many("aws:TagKeys", input.texts("TagKeys").ok().flatten().unwrap_or_default());
    }
    let named = if operation == "CreateSecret" { "Name" } else { "SecretId" };
    let Some(id) = body[named].as_str() else {
        return;
    };
    match find(world, id, origin).filter(|_| operation != "CreateSecret") {
        Some(secret) => known(access, secret),
        None if id.starts_with("arn:") => id.clone_into(&mut access.resource),
        None => {
            let Origin { region, account, .. } = origin;
            access.resource = format!("arn:aws:secretsmanager:{region}:{account}:secret:{id}-??????");
        }
    }
}

fn find<'a>(world: &'a World, id: &str, origin: Origin<'_>) -> Option<&'a Secret> {
    let home = arn_home(id).filter(|_| id.starts_with("arn:"));
    let (account, region) = home.unwrap_or((origin.account, origin.region));
    world.stores.get(&(account.to_owned(), region.to_owned()))?.get(id)
}

fn known(access: &mut Access, secret: &Secret) {
    access.resource.clone_from(&secret.arn);
    access.keys.resource_tags(&TAGS, &secret.tags);
    let function = secret.rotation.function_arn.as_ref();
    access.keys.set_some("secretsmanager:resource/AllowRotationLambdaArn", function);
    access.keys.set_some("secretsmanager:SecretPrimaryRegion", secret.primary_region());
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    }
}
