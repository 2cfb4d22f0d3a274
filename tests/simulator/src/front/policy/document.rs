//! Policy documents: grammar, principals, and whether they are public.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>

use serde_json::Value;

use super::texts;

/// Keys of which fixed values keep a policy from being public
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html>,
/// "The meaning of public"; Secrets Manager does not list its own).
const NARROWING: [&str; 12] = [
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:sourceip",
    "aws:userid",
];

pub(super) fn statements(policy: &Value) -> Vec<&Value> {
    match &policy["Statement"] {
        Value::Array(many) => many.iter().collect(),
        Value::Null => Vec::new(),
        one => vec![one],
    }
}

/// The AWS principals of a Principal element: `*`, account numbers and ARNs.
pub(super) fn aws_principals(principal: &Value) -> Vec<String> {
    let named = if principal.is_object() { &principal["AWS"] } else { principal };
    texts(named).into_iter().map(str::to_owned).collect()
}

/// Every AWS principal that the document names.
pub(crate) fn principals(policy: &Value) -> Vec<String> {
    let named = |statement: &&Value| {
        let mut found = aws_principals(&statement["Principal"]);
        found.extend(aws_principals(&statement["NotPrincipal"]));
        found
    };
    statements(policy).iter().flat_map(named).collect()
}

/// Reads a document; `Err` says what is wrong with it.
pub(crate) fn check(text: &str) -> Result<Value, &'static str> {
    let policy: Value =
        serde_json::from_str(text).map_err(|_| "This resource policy contains invalid Json.")?;
    if !policy.is_object() {
        return Err("This resource policy contains invalid Json.");
    }
    let version = policy.get("Version").map(Value::as_str);
    if version.is_some_and(|version| !matches!(version, Some("2012-10-17" | "2008-10-17"))) {
        return Err("The policy's Version must be 2012-10-17 or 2008-10-17.");
    }
    if !policy["Statement"].is_array() && !policy["Statement"].is_object() {
        return Err("The policy has no Statement.");
    }
    statements(&policy).into_iter().try_for_each(check_statement)?;
    Ok(policy)
}

fn check_statement(statement: &Value) -> Result<(), &'static str> {
    if !matches!(statement["Effect"].as_str(), Some("Allow" | "Deny")) {
        return Err("A statement's Effect must be Allow or Deny.");
    }
    let one_of =
        |plain: &str, negated: &str| statement.get(plain).is_some() != statement.get(negated).is_some();
    if !one_of("Principal", "NotPrincipal") {
        return Err("A statement of a resource policy must have a Principal.");
    }
    let principal = statement.get("Principal").or(statement.get("NotPrincipal"));
    if principal.is_some_and(|principal| !principal.is_object() && principal != "*") {
        return Err("A Principal must be * or name its kind.");
    }
    if !one_of("Action", "NotAction") {
        return Err("A statement must have an Action.");
    }
    if !one_of("Resource", "NotResource") {
        return Err("A statement must have a Resource.");
    }
    let foreign = texts(&statement["Action"])
        .into_iter()
        .any(|action| action != "*" && !action.to_lowercase().starts_with("secretsmanager:"));
    if foreign {
        return Err("The policy contains an action of another service.");
    }
    let resources = texts(&statement["Resource"]);
    if resources.iter().any(|resource| *resource != "*" && !resource.starts_with("arn:")) {
        return Err("A Resource must be an ARN or *.");
    }
    Ok(())
}

/// Whether a statement allows anybody in any account without a condition that narrows it.
pub(crate) fn is_public(policy: &Value) -> bool {
    statements(policy).into_iter().any(|statement| {
        let wide = statement.get("NotPrincipal").is_some()
            || aws_principals(&statement["Principal"]).iter().any(|name| name == "*");
        statement["Effect"] == "Allow" && wide && !is_narrowed(&statement["Condition"])
    })
}

/// Positive operators only: what is not excluded is still everybody.
fn is_narrowed(conditions: &Value) -> bool {
    conditions.as_object().into_iter().flatten().any(|(operator, tests)| {
        let operator = operator.to_lowercase();
        let positive = !operator.contains("not") && !operator.ends_with("ifexists") && operator != "null";
        let every = operator.starts_with("forallvalues:");
        positive && !every && tests.as_object().into_iter().flatten().any(is_fixed)
    })
}

fn is_fixed((key, wanted): (&String, &Value)) -> bool {
    let key = key.to_lowercase();
    let values = texts(wanted);
    let open = |value: &&str| {
        // In an ARN, only the account has to be fixed.
        let part = if value.starts_with("arn:") { value.split(':').nth(4).unwrap_or("*") } else { value };
        part.contains(['*', '?']) || part.is_empty()
    };
    NARROWING.contains(&key.as_str()) && !values.is_empty() && !values.iter().any(open)
}
