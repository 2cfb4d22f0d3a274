//! Users and their tags.

use super::{checked_name, checked_path, paged, tags_xml, user_xml};
use crate::front::door::Context;
use crate::front::params::Form;
use crate::front::protocol::ApiError;
use crate::front::xml::Xml;
use crate::world::identity::lookup_name;

/// Tags a user can have (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>).
const MOST_TAGS: usize = 50;

pub(super) fn create_user(context: &mut Context<'_>, form: &Form) -> Result<Xml, ApiError> {
    let name = checked_name(form, "UserName")?;
    let path = checked_path(form)?;
    let tags = form.tags("Tags.member");
    check_tags(&tags)?;
    let world = &mut context.state.world;
    let Some(user) = world.add_user(&context.caller.account, name, path, context.now) else {
        let message = format!("User with name {name} already exists.");
        return Err(ApiError::new(409, "EntityAlreadyExists", message));
    };
    user.tags = tags;
    Ok(Xml::new().element("User", &user_xml(user, true)))
}

pub(super) fn get_user(context: &mut Context<'_>, form: &Form) -> Result<Xml, ApiError> {
    let name = context.user_name(form)?;
    let user = context.user(&name)?;
    Ok(Xml::new().element("User", &user_xml(user, true)))
}

/// "UpdateUser: Updates the name and/or the path of the specified IAM user." Keys, tags and groups stay the
/// user's (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_users_rename.html>).
pub(super) fn update_user(context: &mut Context<'_>, form: &Form) -> Result<Xml, ApiError> {
    let old = lookup_name(form.required("UserName")?);
    context.user(&old)?;
    let name = form.get("NewUserName").map(|_| checked_name(form, "NewUserName")).transpose()?;
    let new = name.map_or_else(|| old.clone(), lookup_name);
    let path = form.get("NewPath").map(str::to_owned);
    let account = context.state.world.account(&context.caller.account);
    if new != old && account.users.contains_key(&new) {
        let message = format!("User with name {new} already exists.");
        return Err(ApiError::new(409, "EntityAlreadyExists", message));
    }
    if let Some(mut user) = account.users.remove(&old) {
        if let Some(name) = name {
            name.clone_into(&mut user.name);
        }
        user.path = path.unwrap_or(user.path);
        let home = user.arn.split(":user").next().unwrap_or_default().to_owned();
        user.arn = format!("{home}:user{}{}", user.path, user.name);
        account.users.insert(new.clone(), user);
    }
    for group in account.groups.values_mut().filter(|group| group.members.contains(&old)) {
        group.members.remove(&old);
        group.members.insert(new.clone());
    }
    context.state.world.rename_owner(&context.caller.account, &old, &new);
    Ok(Xml::new())
}

pub(super) fn delete_user(context: &mut Context<'_>, form: &Form) -> Result<Xml, ApiError> {
    let name = form.required("UserName")?;
    if !context.user(name)?.keys.is_empty() {
        return Err(ApiError::new(
            409,
            "DeleteConflict",
            "Cannot delete entity, must delete access keys first.",
        ));
    }
    let account = context.state.world.account(&context.caller.account);
    if account.groups.values().any(|group| group.members.contains(&lookup_name(name))) {
        return Err(ApiError::new(
            409,
            "DeleteConflict",
            "Cannot delete entity, must remove users from group first.",
        ));
    }
    account.users.remove(&lookup_name(name));
    Ok(Xml::new())
}

pub(super) fn list_users(context: &mut Context<'_>, form: &Form) -> Result<Xml, ApiError> {
    let prefix = form.get("PathPrefix").unwrap_or("/").to_owned();
    let page_size = context.state.options.page_size;
    let account = context.state.world.account(&context.caller.account);
    let members = account
        .users
        .values()
        .filter(|user| user.path.starts_with(&prefix))
        .map(|user| (user.id.as_str(), user))
        .collect();
    paged("Users", members, form, page_size, |user| user_xml(user, false))
}

pub(super) fn tag_user(context: &mut Context<'_>, form: &Form) -> Result<Xml, ApiError> {
    let tags = form.tags("Tags.member");
    check_tags(&tags)?;
    let user = context.user(form.required("UserName")?)?;
    let mut after = user.tags.clone();
    for (key, value) in tags {
        after.retain(|(existing, _)| *existing != key);
        after.push((key, value));
    }
    if after.len() > MOST_TAGS {
        let message = format!("The number of tags has reached the maximum limit: {MOST_TAGS}");
        return Err(ApiError::new(409, "LimitExceeded", message));
    }
    user.tags = after;
    Ok(Xml::new())
}

pub(super) fn untag_user(context: &mut Context<'_>, form: &Form) -> Result<Xml, ApiError> {
    let keys = form.list("TagKeys.member", "");
    let user = context.user(form.required("UserName")?)?;
    user.tags.retain(|(key, _)| !keys.contains(key));
    Ok(Xml::new())
}

pub(super) fn list_user_tags(context: &mut Context<'_>, form: &Form) -> Result<Xml, ApiError> {
    let members = tags_xml(context.user(form.required("UserName")?)?);
    let page_size = context.state.options.page_size;
    paged("Tags", members, form, page_size, |tag| tag)
}

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html>: letters, digits, spaces and
/// `_.:/=+-@`; keys up to 128 characters, values up to 256.
fn check_tags(tags: &[(String, String)]) -> Result<(), ApiError> {
    let fits = |text: &str, most: usize| {
        text.chars().count() <= most
            && text.chars().all(|c| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c))
    };
    let bad = tags.iter().find(|(key, value)| key.is_empty() || !fits(key, 128) || !fits(value, 256));
    match bad {
        None => Ok(()),
        Some((key, _)) => Err(ApiError::new(
            400,
            "InvalidInput",
            format!("The tag '{key}' has characters or a length that IAM does not take."),
        )),
    }
}
