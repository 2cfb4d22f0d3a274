//! IAM's actions.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html>

use super::{Access, Origin};
use crate::front::auth::CallerKind;
use crate::front::params::Form;
use crate::world::World;
use crate::world::identity::{Account, lookup_name};

const TAGS: [&str; 2] = ["aws", "iam"];

pub(super) fn describe(access: &mut Access, world: &World, operation: &str, form: &Form, origin: Origin<'_>) {
    let account = world.accounts.get(origin.account);
    match operation {
        "ListUsers"
        | "GetAccountAuthorizationDetails"
        | "GenerateCredentialReport"
        | "GetCredentialReport" => {}
        "GetAccessKeyLastUsed" => {
            let owner = form.get("AccessKeyId").and_then(|id| world.key_owners.get(id));
            let owner = owner.filter(|(account, _)| account == origin.account);
            // Of a key that nobody has, no user is known: the reference does not say what then.
            if let Some((_, name)) = owner {
                user(access, account, name, origin);
            }
        }
        "CreateUser" => {
            let (path, name) = (form.get("Path").unwrap_or("/"), form.get("UserName").unwrap_or_default());
            access.resource = format!("arn:aws:iam::{}:user{path}{name}", origin.account);
            access.keys.request_tags(&form.tags("Tags.member"));
        }
        "CreateGroup" | "DeleteGroup" | "GetGroup" | "AddUserToGroup" | "RemoveUserFromGroup" => {
            let (path, name) = (form.get("Path").unwrap_or("/"), form.get("GroupName").unwrap_or_default());
            let known = account.and_then(|account| account.groups.get(&lookup_name(name)));
            access.resource = known.map_or_else(
                || format!("arn:aws:iam::{}:group{path}{name}", origin.account),
                |group| group.arn.clone(),
            );
        }
        "CreateRole" | "GetRole" | "DeleteRole" => {
            let (path, name) = (form.get("Path").unwrap_or("/"), form.get("RoleName").unwrap_or_default());
            access.resource = format!("arn:aws:iam::{}:role{path}{name}", origin.account);
            access.keys.request_tags(&form.tags("Tags.member"));
        }
        _ => {
            let own = origin.caller.and_then(|caller| match &caller.kind {
                CallerKind::User { name } => Some(name.as_str()),
                _ => None,
            });
            if let Some(name) = form.get("UserName").or(own) {
                user(access, account, name, origin);
            }
            access.keys.request_tags(&form.tags("Tags.member"));
            if operation == "UntagUser" {
                access.keys.set_many("aws:TagKeys", form.list("TagKeys.member", ""));
            }
        }
    }
}

fn user(access: &mut Access, account: Option<&Account>, name: &str, origin: Origin<'_>) {
    match account.and_then(|account| account.users.get(&lookup_name(name))) {
        None => access.resource = format!("arn:aws:iam::{}:user/{name}", origin.account),
        Some(user) => {
            access.resource.clone_from(&user.arn);
            access.keys.resource_tags(&TAGS, &user.tags);
        }
    }
}
