//! IAM: users, their tags and access keys, groups, roles, the credential report.
//!
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html>

mod details;
mod groups;
mod keys;
mod report;
mod roles;
mod simulate;
mod users;

use crate::clock::iso;
use crate::front::auth::CallerKind;
use crate::front::door::Context;
use crate::front::params::{Form, page};
use crate::front::protocol::{ApiError, Reply, Service};
use crate::front::routing::unknown_operation;
use crate::front::xml::Xml;
use crate::world::identity::User;

/// IAM lists answer at most this many entries a page.
const LARGEST_PAGE: usize = 1_000;

pub(crate) fn call(context: &mut Context<'_>, operation: &str, form: &Form) -> Result<Reply, ApiError> {
    let xml = match operation {
        "CreateUser" => users::create_user(context, form),
        "GetUser" => users::get_user(context, form),
        "DeleteUser" => users::delete_user(context, form),
        "ListUsers" => users::list_users(context, form),
        "UpdateUser" => users::update_user(context, form),
        "TagUser" => users::tag_user(context, form),
        "UntagUser" => users::untag_user(context, form),
        "ListUserTags" => users::list_user_tags(context, form),
        "CreateAccessKey" => keys::create_access_key(context, form),
        "ListAccessKeys" => keys::list_access_keys(context, form),
        "UpdateAccessKey" => keys::update_access_key(context, form),
        "DeleteAccessKey" => keys::delete_access_key(context, form),
        "GetAccessKeyLastUsed" => keys::get_access_key_last_used(context, form),
        "CreateGroup" => groups::create_group(context, form),
        "DeleteGroup" => groups::delete_group(context, form),
        "GetGroup" => groups::get_group(context, form),
        "AddUserToGroup" => groups::add_user_to_group(context, form),
        "RemoveUserFromGroup" => groups::remove_user_from_group(context, form),
        "ListGroupsForUser" => groups::list_groups_for_user(context, form),
        "GetAccountAuthorizationDetails" => details::get_account_authorization_details(context, form),
        "GenerateCredentialReport" => report::generate_credential_report(context),
        "GetCredentialReport" => report::get_credential_report(context),
        "CreateRole" => roles::create_role(context, form),
        "GetRole" => roles::get_role(context, form),
        "DeleteRole" => roles::delete_role(context, form),
        "ListAccountAliases" => Ok(list_account_aliases(context)),
        "SimulatePrincipalPolicy" => simulate::simulate_principal_policy(context, form),
        _ => Err(unknown_operation(Service::Iam, operation)),
    }?;
    Ok(Reply::Xml(xml))
}

impl Context<'_> {
    /// The user a call names, or the caller's own.
    fn user_name(&self, form: &Form) -> Result<String, ApiError> {
        if let Some(name) = form.get("UserName") {
            return Ok(name.to_owned());
        }
        match &self.caller.kind {
            CallerKind::User { name } => Ok(name.clone()),
            _ => form.required("UserName").map(str::to_owned),
        }
    }

    fn user(&mut self, name: &str) -> Result<&mut User, ApiError> {
        self.state.world.user(&self.caller.account, name).ok_or_else(|| no_such_user(name))
    }
}

/// An account has one alias at most, so there is one page
/// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAccountAliases.html>).
fn list_account_aliases(context: &mut Context<'_>) -> Xml {
    let account = context.state.world.account(&context.caller.account);
    let aliases = account.alias.iter().map(|alias| Xml::value(alias));
    Xml::new().list("AccountAliases", aliases).text("IsTruncated", "false")
}

/// A page of members, each with what tells it from others, and the end of the list's XML.
fn paged<K: AsRef<str>, T>(
    list: &str,
    members: Vec<(K, T)>,
    form: &Form,
    page_size: usize,
    render: impl Fn(T) -> Xml,
) -> Result<Xml, ApiError> {
    let asked = match form.get("MaxItems") {
        None => page_size,
        Some(text) => match text.parse() {
            Ok(limit @ 1..=LARGEST_PAGE) => limit,
            _ => return Err(validation("MaxItems must be between 1 and 1000")),
        },
    };
    let (members, next) = page(members, form.get("Marker"), asked.min(page_size))
        .ok_or_else(|| validation("Invalid Marker"))?;
    Ok(Xml::new()
        .list(list, members.into_iter().map(render))
        .text("IsTruncated", if next.is_some() { "true" } else { "false" })
        .optional("Marker", next.as_deref()))
}

fn no_such_user(name: &str) -> ApiError {
    let message = format!("The user with name {name} cannot be found.");
    ApiError::new(404, "NoSuchEntity", message)
}

fn validation(message: impl Into<String>) -> ApiError {
    ApiError::new(400, "ValidationError", message)
}

/// Names of users and roles (1–64) and groups (1–128) of letters, digits and `+=,.@-_`.
fn checked_name<'a>(form: &'a Form, parameter: &str) -> Result<&'a str, ApiError> {
    let name = form.required(parameter)?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "+=,.@-_".contains(c);
    let most = if parameter == "GroupName" { 128 } else { 64 };
    if name.len() > most || !name.chars().all(allowed) {
        return Err(validation(format!(
            "The specified value for {parameter} is invalid. It must contain only alphanumeric \
             characters and/or the following: +=,.@_-"
        )));
    }
    Ok(name)
}

/// `/`, or anything between two slashes.
fn checked_path(form: &Form) -> Result<&str, ApiError> {
    let path = form.get("Path").unwrap_or("/");
    let fits = path.starts_with('/') && path.ends_with('/') && path.len() <= 512;
    if !fits || !path.chars().all(|c| c.is_ascii_graphic()) {
        return Err(validation("The specified value for path is invalid."));
    }
    Ok(path)
}

fn user_xml(user: &User, with_tags: bool) -> Xml {
    let xml = Xml::new()
        .text("Path", &user.path)
        .text("UserName", &user.name)
        .text("UserId", &user.id)
        .text("Arn", &user.arn)
        .text("CreateDate", &iso(user.created));
    if with_tags && !user.tags.is_empty() {
        xml.list("Tags", tags_xml(user).into_iter().map(|(_, tag)| tag))
    } else {
        xml
    }
}

fn tags_xml(user: &User) -> Vec<(String, Xml)> {
    user.tags
        .iter()
        .map(|(key, value)| {
            let tag = Xml::new().text("Key", key).text("Value", value);
            (key.clone(), tag)
        })
        .collect()
}
