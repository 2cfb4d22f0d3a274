//! Roles, as far as AssumeRole needs them: trust and external id.

use serde_json::Value;

use super::{checked_name, validation};
use crate::clock::iso;
use crate::front::door::Context;
use crate::front::params::Form;
use crate::front::protocol::ApiError;
use crate::front::xml::Xml;
use crate::world::identity::Role;

pub(super) fn create_role(context: &mut Context<'_>, form: &Form) -> Result<Xml, ApiError> {
    let name = checked_name(form, "RoleName")?;
    let document = form.required("AssumeRolePolicyDocument")?;
    let policy: Value = serde_json::from_str(document)
        .map_err(|error| ApiError::new(400, "MalformedPolicyDocument", error.to_string()))?;
    let now = context.now;
    let account = context.caller.account.clone();
    let world = &mut context.state.world;
    if world.account(&account).roles.contains_key(name) {
        let message = format!("Role with name {name} already exists.");
        return Err(ApiError::new(409, "EntityAlreadyExists", message));
    }
    let role = world.role(&account, name, now);
    role.trust = principals(&policy);
    role.external_id = external_id(&policy);
    role.document = document.to_owned();
    Ok(Xml::new().element("Role", &role_xml(role)))
}

pub(super) fn get_role(context: &mut Context<'_>, form: &Form) -> Result<Xml, ApiError> {
    let name = form.required("RoleName")?;
    let account = context.state.world.account(&context.caller.account);
    let role = account.roles.get(name).ok_or_else(|| no_such_role(name))?;
    Ok(Xml::new().element("Role", &role_xml(role)))
}

pub(super) fn delete_role(context: &mut Context<'_>, form: &Form) -> Result<Xml, ApiError> {
    let name = form.required("RoleName")?;
    let account = context.state.world.account(&context.caller.account);
    account.roles.remove(name).map(|_| Xml::new()).ok_or_else(|| no_such_role(name))
}

/// The AWS and service principals that a trust policy allows. Conditions other than the external id
/// are not understood, Deny statements are refused by nobody: keep the documents simple.
fn principals(policy: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for statement in statements(policy) {
        if statement["Effect"] != "Allow" {
            continue;
        }
        match &statement["Principal"] {
            Value::String(all) => found.push(all.clone()),
            Value::Object(kinds) => {
                for value in kinds.values() {
                    match value {
                        Value::String(one) => found.push(one.clone()),
                        Value::Array(many) => {
                            found.extend(many.iter().filter_map(Value::as_str).map(str::to_owned))
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    found
}

fn external_id(policy: &Value) -> Option<String> {
    statements(policy).iter().find_map(|statement| {
        statement["Condition"]["StringEquals"]["sts:ExternalId"].as_str().map(str::to_owned)
    })
}

fn statements(policy: &Value) -> Vec<Value> {
    match &policy["Statement"] {
        Value::Array(many) => many.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    }
}

fn no_such_role(name: &str) -> ApiError {
    if name.is_empty() {
        return validation("RoleName must not be empty");
    }
    let message = format!("The role with name {name} cannot be found.");
    ApiError::new(404, "NoSuchEntity", message)
}

fn role_xml(role: &Role) -> Xml {
    let document =
        percent_encoding::utf8_percent_encode(&role.document, percent_encoding::NON_ALPHANUMERIC).to_string();
    Xml::new()
        .text("Path", "/")
        .text("RoleName", &role.name)
        .text("RoleId", &role.id)
        .text("Arn", &role.arn)
        .text("CreateDate", &iso(role.created))
        .text("AssumeRolePolicyDocument", &document)
        .text("MaxSessionDuration", "3600")
}
