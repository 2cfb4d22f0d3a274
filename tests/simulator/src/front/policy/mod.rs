//! Resource-based policies: which statements speak of a call, and what they say.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>
//!
//! Identity-based policies are not simulated: root and roles may do everything in their account. Of
//! what is not understood here, an Allow allows nothing and a Deny denies.

mod condition;
mod document;

use serde_json::Value;
use wildmatch::WildMatch;

use crate::front::access::{Access, principal_arn};
use crate::front::auth::Caller;

pub(crate) use document::{check, is_public, principals};

/// What a policy says about a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Allowed,
    Denied,
    Silent,
}

/// Whether something matches; `None`: not understood.
type Match = Option<bool>;

pub(crate) fn evaluate(policy: &Value, caller: &Caller, access: &Access) -> Verdict {
    let mut verdict = Verdict::Silent;
    for statement in document::statements(policy) {
        let applies = applies(statement, caller, access);
        match statement["Effect"].as_str() {
            Some("Deny") if applies.unwrap_or(true) => return Verdict::Denied,
            Some("Allow") if applies.unwrap_or(false) => verdict = Verdict::Allowed,
            _ => {}
        }
    }
    verdict
}

/// What identity policies say of an action on a resource, in SimulatePrincipalPolicy's words. A
/// condition is taken for fulfilled by an Allow and by a Deny alike.
pub(crate) fn identity_verdict(policies: &[Value], action: &str, resource: &str) -> &'static str {
    let matches = |value: &Value, text: &str| texts(value).iter().any(|pattern| glob(pattern, text));
    let speaks = |statement: &&Value| {
        let is_action = either(statement, "Action", "NotAction", |value| {
            texts(value).iter().any(|pattern| glob(&pattern.to_lowercase(), &action.to_lowercase()))
        });
        let is_resource =
            either(statement, "Resource", "NotResource", |value| resource == "*" || matches(value, resource));
        is_action == Some(true) && is_resource == Some(true)
    };
    let speaking = || policies.iter().flat_map(document::statements).filter(speaks);
    if speaking().any(|statement| statement["Effect"] == "Deny") {
        "explicitDeny"
    } else if speaking().any(|statement| statement["Effect"] == "Allow") {
        "allowed"
    } else {
        "implicitDeny"
    }
}

fn applies(statement: &Value, caller: &Caller, access: &Access) -> Match {
    let is_caller = |value: &Value| names(value, caller);
    let is_action = |value: &Value| {
        let action = access.action.to_lowercase();
        texts(value).iter().any(|pattern| glob(&pattern.to_lowercase(), &action))
    };
    let is_resource = |value: &Value| texts(value).iter().any(|pattern| glob(pattern, &access.resource));
    let parts = [
        either(statement, "Principal", "NotPrincipal", is_caller),
        either(statement, "Action", "NotAction", is_action),
        either(statement, "Resource", "NotResource", is_resource),
        condition::holds(&statement["Condition"], &access.keys),
    ];
    if parts.contains(&Some(false)) {
        return Some(false);
    }
    if parts.contains(&None) { None } else { Some(true) }
}

fn either(statement: &Value, plain: &str, negated: &str, matches: impl Fn(&Value) -> bool) -> Match {
    match (statement.get(plain), statement.get(negated)) {
        (Some(value), None) => Some(matches(value)),
        (None, Some(value)) => Some(!matches(value)),
        _ => None,
    }
}

/// Whether a Principal element names the caller: `*`, its account, its role, its user or its
/// session.
fn names(principal: &Value, caller: &Caller) -> bool {
    let account_root = format!("arn:aws:iam::{}:root", caller.account);
    let own = principal_arn(caller);
    document::aws_principals(principal).iter().any(|name| {
        let name = name.as_str();
        name == "*" || name == caller.account || name == account_root || name == own || name == caller.arn
    })
}

/// One text or several.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(one) => vec![one],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// `*` for any characters, `?` for any one.
fn glob(pattern: &str, text: &str) -> bool {
    WildMatch::new(pattern).matches(text)
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn stars_and_question_marks_match_as_in_policies() {
        assert!(glob("secretsmanager:*", "secretsmanager:GetSecretValue"));
        assert!(glob("arn:*:secret:a-??????", "arn:aws:secretsmanager:x:1:secret:a-AbCdEf"));
        assert!(!glob("arn:*:secret:a-??????", "arn:aws:secretsmanager:x:1:secret:a-AbCdE"));
        assert!(glob("a*b*c", "a-b-b-c") && !glob("a*b*c", "a-c-b"));
        assert!(glob("*", "") && !glob("?", ""));
    }
}
