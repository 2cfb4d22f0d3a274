//! The rotation function: whether it is there, can be invoked, and is set up so that it can work.

use serde_json::Value;

use super::super::Session;
use super::checks::Checks;
use crate::aws::FunctionState;
use crate::config::{Config, Mode};
use crate::model::account_of;

const AREA: &str = "function";
/// A step waits for a new key to be accepted everywhere, by default a minute.
const LEAST_TIMEOUT_SECONDS: u64 = 30;

pub(super) struct Function {
    pub(crate) state: FunctionState,
    /// Its settings, if they can be read.
    pub(crate) config: Option<Config>,
}

impl Function {
    /// The mode of the sweep that is deployed beside it, as its own settings tell.
    pub(crate) fn sweep_mode(&self) -> Option<Mode> {
        self.config.as_ref()?.sweep_mode
    }
}

pub(super) async fn check(report: &mut Checks, session: &Session, arn: &str) -> Option<Function> {
    let state = match session.aws.lambda().configuration(arn).await {
        Err(error) if error.is_not_found() => {
            report.error(
                AREA,
                "the rotation function does not exist",
                format!("lambda:GetFunctionConfiguration: no {arn}"),
                "Deploy it again; or give the secret another with `aws secretsmanager rotate-secret --rotation-lambda-arn`.",
            );
            return None;
        }
        answer => report.answer(AREA, answer)?,
    };
    check_state(report, &state);
    super::stop::check(report, session, AREA, arn).await;
    let config = check_settings(report, &state);
    check_permission(report, session, arn).await;
    if let Some(vpc) = &state.vpc {
        report.note(
            "endpoints",
            format!(
                "not checked: the function is in {vpc}; whether it reaches Secrets Manager, IAM, STS, SNS and SES \
                 from there (by interface endpoints or NAT) only the function itself can tell"
            ),
        );
    }
    Some(Function { state, config })
}

fn check_state(report: &mut Checks, state: &FunctionState) {
    match state.state.as_str() {
        // Lambda wakes an inactive function at its next invocation.
        "Active" | "Inactive" => report.ok(AREA, format!("{} is {}", state.arn, state.state)),
        other => report.error(
            AREA,
            "the rotation function cannot be invoked",
            format!("lambda:GetFunctionConfiguration: {other} {}", state.reason),
            "Put right what Lambda names as the reason, and deploy again.",
        ),
    }
}

fn check_settings(report: &mut Checks, state: &FunctionState) -> Option<Config> {
    let config = match Config::from_variables(state.settings.clone()) {
        Ok(config) => config,
        Err(error) => {
            report.error(
                "settings",
                "every invocation fails: the function's settings cannot be read",
                error.to_string(),
                "Correct the variable and deploy.",
            );
            return None;
        }
    };
    report.ok("settings", "the function's settings can be read");
    for note in &config.notes {
        report.note("settings", note.clone());
    }
    let timeout = u64::try_from(state.timeout_seconds).unwrap_or_default();
    let wait = config.propagation_timeout.as_secs();
    if timeout < LEAST_TIMEOUT_SECONDS.min(wait.max(1)) {
        report.warning(
            "settings",
            "the function's timeout leaves too little time until AWS accepts a new key",
            format!("timeout {timeout} s, ROTATOR_PROPAGATION_TIMEOUT {wait} s"),
            "Raise the function's timeout to two minutes.",
        );
    }
    Some(config)
}

/// Whether Secrets Manager may invoke it, for this account alone.
async fn check_permission(report: &mut Checks, session: &Session, arn: &str) {
    const PERMISSION: &str = "permission";
    let Some(policy) = report.answer(PERMISSION, session.aws.lambda().policy(arn).await) else { return };
    let account = account_of(arn);
    let add = format!(
        "`aws lambda add-permission --function-name '{arn}' --statement-id SecretsManager --action \
         lambda:InvokeFunction --principal secretsmanager.amazonaws.com --source-account {account}`"
    );
    match admits(policy.as_deref(), account) {
        Admits::Nobody => report.error(
            PERMISSION,
            "Secrets Manager may not invoke the function",
            "lambda:GetPolicy: no statement allows secretsmanager.amazonaws.com",
            add,
        ),
        Admits::AnyAccount => report.warning(
            PERMISSION,
            "Secrets Manager may invoke the function on behalf of any account",
            "lambda:GetPolicy: the statement lacks a condition on AWS:SourceAccount",
            format!("Remove the statement, then {add}"),
        ),
        Admits::OtherAccount(account) => report.error(
            PERMISSION,
            "Secrets Manager may invoke the function for another account only",
            format!("lambda:GetPolicy: AWS:SourceAccount is {account}"),
            add,
        ),
        Admits::This => report.ok(PERMISSION, "Secrets Manager may invoke it, for this account alone"),
    }
}

/// Whom a function's policy lets Secrets Manager act for.
#[derive(Debug, PartialEq, Eq)]
enum Admits {
    Nobody,
    AnyAccount,
    OtherAccount(String),
    This,
}

fn admits(policy: Option<&str>, account: &str) -> Admits {
    let policy: Value = policy.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let statements = match &policy["Statement"] {
        Value::Array(many) => many.clone(),
        one => vec![one.clone()],
    };
    let invokes = |statement: &&Value| {
        let service = texts(&statement["Principal"]["Service"]);
        let actions = texts(&statement["Action"]);
        statement["Effect"] == "Allow"
            && service.contains(&"secretsmanager.amazonaws.com")
            && actions.iter().any(|action| ["lambda:InvokeFunction", "lambda:*", "*"].contains(action))
    };
    let mut best = Admits::Nobody;
    for statement in statements.iter().filter(invokes) {
        match source_account(&statement["Condition"]) {
            Some(source) if source == account => return Admits::This,
            Some(source) if best == Admits::Nobody => best = Admits::OtherAccount(source),
            Some(_) => {}
            None => best = Admits::AnyAccount,
        }
    }
    best
}

/// The account that a condition fixes, by AWS:SourceAccount or AWS:SourceArn.
fn source_account(condition: &Value) -> Option<String> {
    let tests = condition.as_object()?.values().filter_map(Value::as_object).flatten();
    for (key, value) in tests {
        let value = texts(value).first().copied()?.to_owned();
        match key.to_lowercase().as_str() {
            "aws:sourceaccount" => return Some(value),
            // One with a wildcard for the account fixes none.
            "aws:sourcearn" if !account_of(&value).is_empty() => return Some(account_of(&value).to_owned()),
            _ => {}
        }
    }
    None
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(one) => vec![one],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_a_statement_that_fixes_the_account_is_right() {
        let with = |condition: Value| {
            let statement = json!({"Effect": "Allow", "Principal": {"Service": "secretsmanager.amazonaws.com"},
                "Action": "lambda:InvokeFunction", "Resource": "f", "Condition": condition});
            admits(Some(&json!({"Statement": [statement]}).to_string()), "111122223333")
        };
        assert_eq!(with(json!({"StringEquals": {"AWS:SourceAccount": "111122223333"}})), Admits::This);
        assert_eq!(
            with(
                json!({"ArnLike": {"AWS:SourceArn": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:*"}})
            ),
            Admits::This
        );
        assert_eq!(with(Value::Null), Admits::AnyAccount);
        let other = with(json!({"StringEquals": {"AWS:SourceAccount": "444455556666"}}));
        assert_eq!(other, Admits::OtherAccount("444455556666".into()));
        assert_eq!(admits(None, "111122223333"), Admits::Nobody);
    }
}
