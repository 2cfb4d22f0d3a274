//! Groups and who is in them.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_groups.html>

use super::{checked_name, checked_path, no_such_user, paged, user_xml};
use crate::clock::iso;
use crate::front::door::Context;
use crate::front::params::Form;
use crate::front::protocol::ApiError;
use crate::front::xml::Xml;
use crate::world::identity::{Group, lookup_name};

/// "Groups in an AWS account" and "IAM groups an IAM user can be a member of"
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>).
const MOST_GROUPS: usize = 300;
const MOST_GROUPS_OF_A_USER: usize = 10;

pub(super) fn create_group(context: &mut Context<'_>, form: &Form) -> Result<Xml, ApiError> {
    let name = checked_name(form, "GroupName")?;
    let path = checked_path(form)?;
    let world = &mut context.state.world;
    if world.account(&context.caller.account).groups.len() >= MOST_GROUPS {
        return Err(limit_exceeded("GroupsPerAccount", MOST_GROUPS));
    }
    let Some(group) = world.add_group(&context.caller.account, name, path, context.now) else {
        let message = format!("Group with name {name} already exists.");
        return Err(ApiError::new(409, "EntityAlreadyExists", message));
    };
    Ok(Xml::new().element("Group", &group_xml(group)))
}

pub(super) fn delete_group(context: &mut Context<'_>, form: &Form) -> Result<Xml, ApiError> {
    let name = form.required("GroupName")?;
    if !context.group(name)?.members.is_empty() {
        return Err(ApiError::new(
            409,
            "DeleteConflict",
            "Cannot delete entity, must remove users from group first.",
        ));
    }
    context.state.world.account(&context.caller.account).groups.remove(&lookup_name(name));
    Ok(Xml::new())
}

pub(super) fn get_group(context: &mut Context<'_>, form: &Form) -> Result<Xml, ApiError> {
    let name = form.required("GroupName")?;
    let page_size = context.state.options.page_size;
    let account = context.state.world.account(&context.caller.account);
    let group = account.groups.get(&lookup_name(name)).ok_or_else(|| no_such_group(name))?;
    let members = group
        .members
        .iter()
        .filter_map(|member| account.users.get(member))
        .map(|user| (user.id.as_str(), user))
        .collect();
    let users = paged("Users", members, form, page_size, |user| user_xml(user, false))?;
    Ok(Xml::new().element("Group", &group_xml(group)).and(&users))
}

/// Adding a user that is in the group already changes nothing.
pub(super) fn add_user_to_group(context: &mut Context<'_>, form: &Form) -> Result<Xml, ApiError> {
    let (group, user) = (form.required("GroupName")?, form.required("UserName")?);
    context.group(group)?;
    context.user(user)?;
    let lookup = lookup_name(user);
    let groups = &mut context.state.world.account(&context.caller.account).groups;
    let others = groups
        .values()
        .filter(|other| other.members.contains(&lookup) && lookup_name(&other.name) != lookup_name(group));
    if others.count() >= MOST_GROUPS_OF_A_USER {
        return Err(limit_exceeded("GroupsPerUser", MOST_GROUPS_OF_A_USER));
    }
    context.group(group)?.members.insert(lookup);
    Ok(Xml::new())
}

/// The reference names `NoSuchEntity` without saying whether a user who is not in the group is such
/// a case: it is here.
pub(super) fn remove_user_from_group(context: &mut Context<'_>, form: &Form) -> Result<Xml, ApiError> {
    let (group, user) = (form.required("GroupName")?, form.required("UserName")?);
    context.group(group)?;
    context.user(user)?;
    if context.group(group)?.members.remove(&lookup_name(user)) {
        return Ok(Xml::new());
    }
    let message = format!("The user with name {user} is not in the group with name {group}.");
    Err(ApiError::new(404, "NoSuchEntity", message))
}

pub(super) fn list_groups_for_user(context: &mut Context<'_>, form: &Form) -> Result<Xml, ApiError> {
    let name = form.required("UserName")?;
    let page_size = context.state.options.page_size;
    let account = context.state.world.account(&context.caller.account);
    let lookup = lookup_name(name);
    if !account.users.contains_key(&lookup) {
        return Err(no_such_user(name));
    }
    let members = account
        .groups
        .values()
        .filter(|group| group.members.contains(&lookup))
        .map(|group| (group.id.as_str(), group))
        .collect();
    paged("Groups", members, form, page_size, group_xml)
}

impl Context<'_> {
    fn group(&mut self, name: &str) -> Result<&mut Group, ApiError> {
        self.state.world.group(&self.caller.account, name).ok_or_else(|| no_such_group(name))
    }
}

fn no_such_group(name: &str) -> ApiError {
    let message = format!("The group with name {name} cannot be found.");
    ApiError::new(404, "NoSuchEntity", message)
}

fn limit_exceeded(quota: &str, limit: usize) -> ApiError {
    ApiError::new(409, "LimitExceeded", format!("Cannot exceed quota for {quota}: {limit}"))
}

fn group_xml(group: &Group) -> Xml {
    Xml::new()
        .text("Path", &group.path)
        .text("GroupName", &group.name)
        .text("GroupId", &group.id)
        .text("Arn", &group.arn)
        .text("CreateDate", &iso(group.created))
}
