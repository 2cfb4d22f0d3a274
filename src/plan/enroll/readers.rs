//! Who can read a secret, as its resource policy tells.

use serde_json::Value;

/// The call that reads a secret's value.
const READ: &str = "secretsmanager:GetSecretValue";

/// The principals that a secret's resource policy lets read its value, in words. Whatever cannot be
/// read is shown and never left out: it may grant access to anybody.
pub(super) fn readers(policy: Option<&str>) -> Vec<String> {
    let Some(policy) = policy else { return Vec::new() };
    let Ok(policy) = serde_json::from_str::<Value>(policy) else {
        return vec!["whoever its resource policy means, which cannot be read".into()];
    };
    let statements = list(&policy["Statement"]);
    let mut found: Vec<String> =
        statements.into_iter().filter(|s| lets_read(s)).flat_map(principals).collect();
    found.sort();
    found.dedup();
    found
}

/// One value or many: a policy may write either.
fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(values) => values.iter().collect(),
        Value::Null => Vec::new(),
        value => vec![value],
    }
}

fn lets_read(statement: &Value) -> bool {
    // What is allowed except for some actions is taken for all.
    let named = statement.get("NotAction").is_none();
    let allows = |action: &Value| {
        action
            .as_str()
            .is_none_or(|pattern| wildmatch::WildMatch::new_case_insensitive(pattern).matches(READ))
    };
    statement["Effect"] != "Deny" && (!named || list(&statement["Action"]).into_iter().any(allows))
}

fn principals(statement: &Value) -> Vec<String> {
    let condition = if statement.get("Condition").is_some() { " (under a condition)" } else { "" };
    if let Some(except) = statement.get("NotPrincipal") {
        return vec![format!("everybody except {except}{condition}")];
    }
    let names: Vec<&Value> = match &statement["Principal"] {
        Value::Object(kinds) => kinds.values().flat_map(list).collect(),
        other => list(other),
    };
    let words = |name: &Value| match name.as_str() {
        Some("*") => format!("everybody, of any account{condition}"),
        Some(name) => format!("{name}{condition}"),
        None => format!("{name}{condition}"),
    };
    names.into_iter().map(words).collect()
}

#[cfg(test)]
mod tests {
    use super::readers;

    #[test]
    fn every_principal_that_may_read_the_value_is_named_and_no_other() {
        let policy = r#"{"Statement":[
            {"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::1:user/ci","1"]},"Action":"secretsmanager:Get*","Resource":"*"},
            {"Effect":"Allow","Principal":{"Service":"x.amazonaws.com"},"Action":["secretsmanager:DescribeSecret"],"Resource":"*"},
            {"Effect":"Allow","Principal":"*","NotAction":"s3:*","Resource":"*","Condition":{"Bool":{"a":"b"}}},
            {"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::1:user/no"},"Action":"*","Resource":"*"}]}"#;
        let expected = ["1", "arn:aws:iam::1:user/ci", "everybody, of any account (under a condition)"];
        assert_eq!(readers(Some(policy)), expected);
    }

    #[test]
    fn a_single_statement_is_read_too_and_what_is_no_policy_is_said_to_be_none() {
        let single = r#"{"Statement":{"Effect":"Allow","NotPrincipal":{"AWS":"1"},"Action":"*"}}"#;
        assert_eq!(readers(Some(single)), [r#"everybody except {"AWS":"1"}"#]);
        assert!(readers(Some("?"))[0].contains("cannot be read"));
        assert!(readers(None).is_empty());
    }
}
