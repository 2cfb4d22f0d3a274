//! SimulatePrincipalPolicy: what a role's identity policies say, without conditions.
//!
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html>

use super::{no_such_user, validation};
use crate::front::door::Context;
use crate::front::params::{Form, page};
use crate::front::policy::identity_verdict;
use crate::front::protocol::ApiError;
use crate::front::xml::Xml;

pub(super) fn simulate_principal_policy(context: &mut Context<'_>, form: &Form) -> Result<Xml, ApiError> {
    let source = form.required("PolicySourceArn")?;
    let actions = form.list("ActionNames.member", "");
    if actions.is_empty() {
        return Err(validation("ActionNames must not be empty"));
    }
    let mut resources = form.list("ResourceArns.member", "");
    if resources.is_empty() {
        resources.push("*".to_owned());
    }
    let name = source.rsplit('/').next().unwrap_or_default();
    let account = context.state.world.account(&context.caller.account);
    if !account.roles.contains_key(name) && !account.users.contains_key(&name.to_lowercase()) {
        return Err(no_such_user(name));
    }
    let policies = context.state.world.deployment.role_policies.get(source);
    let mut results = Vec::new();
    for action in &actions {
        for resource in &resources {
            let decision =
                policies.map_or("allowed", |policies| identity_verdict(policies, action, resource));
            let xml = Xml::new()
                .text("EvalActionName", action)
                .text("EvalResourceName", resource)
                .text("EvalDecision", decision);
            results.push((format!("{action} {resource}"), xml));
        }
    }
    let size = context.state.options.page_size;
    let (results, next) =
        page(results, form.get("Marker"), size).ok_or_else(|| validation("Invalid Marker"))?;
    Ok(Xml::new()
        .list("EvaluationResults", results)
        .text("IsTruncated", if next.is_some() { "true" } else { "false" })
        .optional("Marker", next.as_deref()))
}
