//! `reactivate`: makes a key active again that something still needs.

use std::time::Duration;

use super::{Exit, Failure, Session, Terminal};
use crate::config::Mode;
use crate::error::Error;
use crate::model::{
    AccessKey, AccessKeyId, KeyRole, KeyStatus, Keyring, Ledger, Note, SecretState, duration_text,
};
use crate::plan::bind_user_by_labels;
use crate::sweep::Account;

/// How long the sweep holds a key that was made active again, if the overlap is shorter.
const LEAST_HOLD: Duration = Duration::from_secs(24 * 60 * 60);

/// Arguments of `reactivate`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Use it when a key was deactivated and something still needs it. AWS accepts the key again within
seconds. A deleted key cannot be reactivated.

The sweep notices this within hours, because IAM's credential report is up to four hours old. It
keeps a superseded key for its overlap, at least 24 hours, and reports it as Reactivated. Then it
deactivates the key again, unless the key is still used. Until then, move its consumers to the
secret's AWSCURRENT.

With the AWS CLI instead:
  aws iam update-access-key --user-name USER --access-key-id KEY --status Active

Examples:
  iam-key-rotator reactivate ci-bot AKIAIOSFODNN7EXAMPLE
  iam-key-rotator --profile prod reactivate ci-bot AKIAIOSFODNN7EXAMPLE --yes")]
pub(crate) struct Args {
    /// The IAM user's name
    pub(crate) user: String,
    /// The id of the user's key
    pub(crate) key: String,
    /// Do not ask for confirmation
    #[arg(long)]
    pub(crate) yes: bool,
}

/// Shows the user's keys, asks, and makes the key active.
pub(crate) async fn run(args: &Args, session: &Session, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let account = session.account(&session.config).await?;
    let keys = keys(&account, &args.user).await?;
    let secret = match secret_of(&account, &args.user).await {
        Ok(secret) => secret,
        // Whoever may change keys only can still rescue one.
        Err(Failure::Rotator(error @ Error::AccessDenied { .. })) => {
            terminal.note(format!("The keys' roles are not known: {}", error.of_a_command().chain()))?;
            None
        }
        Err(error) => return Err(error),
    };
    let seen = Keyring::of_lists(secret.as_ref(), &keys, account.now());
    show(terminal, &args.user, seen)?;
    let Some(key) = keys.iter().find(|key| key.id.as_str() == args.key) else {
        return Err(Failure::Failed(format!(
            "user {} has no key {}. Nothing was changed. A deleted key cannot be made active again: the \
             secret's AWSCURRENT holds the key that works",
            args.user, args.key
        )));
    };
    if key.status == KeyStatus::Active {
        terminal.line(format!("\nNothing to do: key {} is active.", key.id))?;
        return Ok(Exit::Done);
    }
    terminal.line(format!("\nPlan\n  make key {} of user {} active again", key.id, args.user))?;
    if let Some(secret) = exposed(seen, key) {
        terminal.line(format!(
            "\nAWS reported this key as exposed: strangers may have it. With ROTATOR_EXPOSED=rotate or revoke the next sweep\n\
             deactivates it again. If the report was wrong, withdraw it first:\n  \
             aws secretsmanager untag-resource --secret-id {secret} --tag-keys iam-key-rotator:notices"
        ))?;
    }
    if !args.yes && !terminal.can_ask() {
        terminal.note(
            "Stdin is not a terminal, so nobody can confirm. Add --yes to run without a confirmation.",
        )?;
        terminal.line("\nNothing was changed.")?;
        return Ok(Exit::Failed);
    }
    if !args.yes && !terminal.agrees("Do this?")? {
        terminal.line("\nNothing was changed.")?;
        return Ok(Exit::Failed);
    }
    account.iam.activate(&args.user, &key.id).await?;
    terminal.line(format!("\nKey {} is active again: AWS accepts it within seconds.", key.id))?;
    if exposed(seen, key).is_none() {
        terminal.line(next(session, seen, key))?;
    }
    Ok(Exit::Done)
}

/// The secret on which it is noted that the key is exposed.
fn exposed<'s>(seen: Keyring<'s>, key: &AccessKey) -> Option<&'s str> {
    let noted = Ledger::of(seen.secret, seen.now).has(&key.id, Note::Exposed);
    seen.secret.filter(|_| noted).map(|secret| secret.arn.as_str())
}

/// The user's keys, oldest first, each with its last use where that may be read.
async fn keys(account: &Account<'_>, user: &str) -> Result<Vec<AccessKey>, Failure> {
    let mut keys = match account.iam.list_access_keys(user).await {
        Ok(keys) => keys,
        Err(error) if error.is_not_found() => {
            return Err(Failure::Failed(format!("user {user} does not exist. Nothing was changed")));
        }
        Err(error) => return Err(error.into()),
    };
    for key in &mut keys {
        key.last_use = account.iam.last_use(&key.id).await.ok();
    }
    keys.sort_by_key(|key| key.created);
    Ok(keys)
}

/// The user's enrolled secret, by its tag or its name.
async fn secret_of(account: &Account<'_>, user: &str) -> Result<Option<SecretState>, Failure> {
    let config = account.config;
    let candidate = account.candidate(user).await?;
    let id = candidate.secrets.first().cloned();
    let id = id.unwrap_or_else(|| config.shared.secret_name_of(&candidate.user));
    let secret = match account.secrets.describe(&id).await {
        Ok(secret) => secret,
        Err(error) if error.is_not_found() => return Ok(None),
        Err(error) => return Err(Failure::Rotator(error.into())),
    };
    let holder = bind_user_by_labels(&secret, &config.shared.secret_name, |_| true);
    let is_users = holder.is_some_and(|holder| holder.name == *user);
    Ok((is_users && (config.is_enrolled(&secret) || config.lists(&secret))).then_some(secret))
}

fn show(terminal: &mut Terminal, user: &str, seen: Keyring<'_>) -> std::io::Result<()> {
    let secret = seen
        .secret
        .map_or_else(|| "no enrolled secret".to_owned(), |secret| format!("secret {:?}", secret.name));
    terminal.line(format!("User {user}, {secret}"))?;
    for key in seen.keys {
        let role = seen.secret.map(|_| format!(", {}", seen.role(key).name())).unwrap_or_default();
        let used = key.last_use.as_ref().map_or_else(|| "last use not known".to_owned(), ToString::to_string);
        terminal.line(format!("  key {}  {}{role}, created {}, {used}", key.id, key.status, key.created))?;
    }
    Ok(())
}

/// What happens to the key next.
fn next(session: &Session, seen: Keyring<'_>, key: &AccessKey) -> String {
    let Some(secret) = seen.secret else {
        return "No enrolled secret holds it, so no sweep deactivates it: it stays active.".into();
    };
    match seen.role(key) {
        KeyRole::Current => "It is the key in AWSCURRENT: consumers of the secret can use it again.".into(),
        KeyRole::Previous => superseded(session, secret, &key.id),
        KeyRole::Pending => "The rotation that is in progress decides about it.".into(),
        KeyRole::Abandoned | KeyRole::Orphan => {
            "A rotation that did not end left it: a sweep deactivates it again, unless it is used.".into()
        }
        KeyRole::Unknown => {
            "It is in no version of the secret: the sweep leaves it active and reports it as UnknownKey."
                .into()
        }
    }
}

fn superseded(session: &Session, secret: &SecretState, key: &AccessKeyId) -> String {
    let settings = session.config.shared.policy;
    let policy = settings.with_tags(&secret.tags).unwrap_or(settings);
    let hold = duration_text(policy.overlap.max(LEAST_HOLD));
    if session.sweep_mode == Some(Mode::Audit) {
        return "The sweep runs in mode audit: it reports the key and does not deactivate it.".into();
    }
    format!(
        "The sweep (in mode retire or enforce) sees within hours that it was made active again, and holds it for \
         {hold} from then on.\nThen the sweep deactivates it again, unless it is still used.\n\
         Until then, move what uses {key} to AWSCURRENT of secret {:?}.",
        secret.name
    )
}
