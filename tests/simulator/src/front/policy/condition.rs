//! Condition elements.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>

use serde_json::Value;

use super::{Match, glob, texts};
use crate::front::access::Keys;

/// Keys that have several values, between commas in [`Keys`].
const MANY: [&str; 4] =
    ["aws:tagkeys", "secretsmanager:addreplicaregions", "ses:recipients", "aws:principalorgpaths"];

/// Whether every condition holds; `None`: one is not understood, and none fails.
pub(super) fn holds(conditions: &Value, keys: &Keys) -> Match {
    let mut answer = Some(true);
    let Some(operators) = conditions.as_object() else {
        return if conditions.is_null() { answer } else { None };
    };
    for (operator, tests) in operators {
        for (key, wanted) in tests.as_object().into_iter().flatten() {
            match test(operator, key, &wanted_texts(wanted), keys) {
                Some(false) => return Some(false),
                Some(true) => {}
                None => answer = None,
            }
        }
    }
    answer
}

fn wanted_texts(value: &Value) -> Vec<String> {
    match value {
        Value::Bool(_) | Value::Number(_) => vec![value.to_string()],
        _ => texts(value).into_iter().map(str::to_owned).collect(),
    }
}

fn test(operator: &str, key: &str, wanted: &[String], keys: &Keys) -> Match {
    let (every, operator) = match operator.split_once(':') {
        Some(("ForAllValues", rest)) => (true, rest),
        Some(("ForAnyValue", rest)) => (false, rest),
        Some(_) => return None,
        None => (false, operator),
    };
    let (operator, if_exists) = match operator.strip_suffix("IfExists") {
        Some(operator) => (operator, true),
        None => (operator, false),
    };
    let found = keys.0.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value);
    if operator == "Null" {
        return Some(wanted.iter().any(|wanted| (wanted == "true") == found.is_none()));
    }
    let (compare, negated) = comparison(operator)?;
    let Some(found) = found else {
        return Some(if_exists || negated || every);
    };
    let is_list = MANY.iter().any(|many| many.eq_ignore_ascii_case(key));
    let values: Vec<&str> = if is_list { found.split(',').collect() } else { vec![found] };
    let admits = |value: &&str| wanted.iter().any(|wanted| compare(wanted, value)) != negated;
    Some(if every { values.iter().all(admits) } else { values.iter().any(admits) })
}

type Comparison = fn(&str, &str) -> bool;

fn comparison(operator: &str) -> Option<(Comparison, bool)> {
    let equals: Comparison = |wanted, value| wanted == value;
    let ignoring_case: Comparison = |wanted, value| wanted.eq_ignore_ascii_case(value);
    Some(match operator {
        "StringEquals" => (equals, false),
        "StringNotEquals" => (equals, true),
        "StringEqualsIgnoreCase" | "Bool" => (ignoring_case, false),
        "StringNotEqualsIgnoreCase" => (ignoring_case, true),
        "StringLike" | "ArnEquals" | "ArnLike" => (glob, false),
        "StringNotLike" | "ArnNotEquals" | "ArnNotLike" => (glob, true),
        _ => return None,
    })
}
