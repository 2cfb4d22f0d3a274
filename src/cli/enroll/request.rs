//! Whom to enroll, and with which secret.

use std::collections::HashSet;
use std::path::Path;

use super::super::{Failure, Session};
use super::args::Args;
use crate::model::UserName;
use crate::sweep::Account;

/// One user, and the existing secret to adopt, if one is named.
#[derive(Debug, serde::Deserialize)]
pub(super) struct Request {
    pub(crate) user: String,
    pub(crate) secret: Option<String>,
}

/// Reads them from the command line, the file, or the account.
pub(super) async fn requests(
    args: &Args,
    account: &Account<'_>,
    session: &Session,
) -> Result<Vec<Request>, Failure> {
    let requests = match &args.from_csv {
        Some(file) => read_csv(file)?,
        None if args.all => return everybody(account).await,
        None => named(args),
    };
    check(&requests, session)?;
    Ok(requests)
}

fn named(args: &Args) -> Vec<Request> {
    args.user.iter().map(|user| Request { user: user.clone(), secret: args.secret.clone() }).collect()
}

/// Every user with an active key and no secret. Existing secrets are adopted only one by one.
async fn everybody(account: &Account<'_>) -> Result<Vec<Request>, Failure> {
    let candidates = account.survey().await?.candidates.into_values();
    let without = candidates.filter(|candidate| candidate.secrets.is_empty() && candidate.triage.active);
    Ok(without.map(|candidate| Request { user: candidate.user.name.to_string(), secret: None }).collect())
}

fn read_csv(file: &Path) -> Result<Vec<Request>, Failure> {
    let wrong = |error: csv::Error| Failure::Usage(format!("{}: {error}", file.display()));
    if file.is_dir() {
        return Err(Failure::Usage(format!("{}: this is a folder: name a CSV file", file.display())));
    }
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(file).map_err(wrong)?;
    let filled =
        |request: Request| Request { secret: request.secret.filter(|secret| !secret.is_empty()), ..request };
    let columns = reader.headers().map_err(wrong)?.clone();
    if !columns.iter().any(|column| column == "user") {
        return Err(Failure::Usage(format!(
            "{}: it has no column `user`; its first line is {:?}. The first line must be `user` or `user,secret`",
            file.display(),
            columns.iter().collect::<Vec<_>>().join(",")
        )));
    }
    let rows: Vec<Request> =
        reader.deserialize().map(|row| row.map(filled).map_err(wrong)).collect::<Result<_, _>>()?;
    if rows.is_empty() {
        return Err(Failure::Usage(format!("{}: it names no user", file.display())));
    }
    Ok(rows)
}

/// A secret holds the keys of one user, and a user's keys are in one secret.
fn check(requests: &[Request], session: &Session) -> Result<(), Failure> {
    let (mut users, mut secrets) = (HashSet::new(), HashSet::new());
    for request in requests {
        if !users.insert(UserName::new(&request.user)) {
            return Err(Failure::Usage(format!(
                "user {:?} is named twice. Nothing was changed",
                request.user
            )));
        }
        let Some(secret) = &request.secret else { continue };
        session.check_secret(secret)?;
        if !secrets.insert(secret) {
            return Err(Failure::Usage(format!(
                "secret {secret:?} is named for more than one user: a secret holds the keys of one. Nothing was \
                 changed"
            )));
        }
    }
    Ok(())
}
