//! The global condition keys.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>

use super::{Access, Origin};
use crate::front::auth::{Caller, CallerKind};
use crate::world::World;
use crate::world::identity::lookup_name;

/// `aws:PrincipalArn`: of a session, the role's.
pub(crate) fn principal_arn(caller: &Caller) -> String {
    match &caller.kind {
        CallerKind::Role { name } => format!("arn:aws:iam::{}:role/{name}", caller.account),
        _ => caller.arn.clone(),
    }
}

pub(super) fn describe(access: &mut Access, world: &World, origin: Origin<'_>) {
    let resource_account = access.resource.split(':').nth(4).unwrap_or_default().to_owned();
    let keys = &mut access.keys;
    keys.set("aws:RequestedRegion", origin.region);
    if !resource_account.is_empty() {
        let organization = world.organization_of(&resource_account);
        keys.set_some("aws:ResourceOrgID", organization.map(|organization| &organization.id));
        keys.set("aws:ResourceAccount", resource_account);
    }
    let Some(caller) = origin.caller else {
        return;
    };
    keys.set("aws:PrincipalAccount", &caller.account);
    keys.set("aws:PrincipalArn", principal_arn(caller));
    keys.set("aws:userid", &caller.user_id);
    let kind = match &caller.kind {
        CallerKind::Root => "Account",
        CallerKind::User { .. } => "User",
        CallerKind::Role { .. } => "AssumedRole",
    };
    keys.set("aws:PrincipalType", kind);
    if let CallerKind::User { name } = &caller.kind {
        keys.set("aws:username", name);
        let account = world.accounts.get(&caller.account);
        let user = account.and_then(|account| account.users.get(&lookup_name(name)));
        for (key, value) in user.map(|user| user.tags.as_slice()).unwrap_or_default() {
            keys.set(format!("aws:PrincipalTag/{key}"), value);
        }
    }
    if let Some(organization) = world.organization_of(&caller.account) {
        keys.set("aws:PrincipalOrgID", &organization.id);
        let parent = organization.member(&caller.account).map(|member| member.parent.as_str());
        keys.set_some(
            "aws:PrincipalOrgPaths",
            parent.map(|parent| format!("{}/", organization.path_to(parent))),
        );
    }
}
