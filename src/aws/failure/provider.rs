//! Credentials that could not be obtained.
//!
//! The SDK tells it as a connection that failed, which it is not: a profile, a session or the program
//! behind `credential_process` is at fault, and says why. What that program writes is anybody's, so
//! everything that could be a secret is taken out of it.

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;

use crate::error::{CallError, MESSAGE_CHARS, Meaning, remedy};

/// What is shorter than this is no secret key of AWS's, and no session token.
const SHORTEST_SECRET: usize = 16;
/// Words after which a value is taken for a secret, however short it is.
const NAMES_OF_SECRETS: [&str; 6] = ["secret", "token", "password", "passwd", "credential=", "authorization"];

/// What a provider of credentials failed with.
pub(super) struct Failure {
    words: String,
    meaning: Meaning,
}

impl Failure {
    pub(super) fn of(self, action: &'static str) -> CallError {
        CallError::without_credentials(action, &self.words, self.meaning)
    }
}

pub(super) fn failure<E: std::error::Error + 'static>(error: &SdkError<E, HttpResponse>) -> Option<Failure> {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if let Some(failure) = error.downcast_ref::<CredentialsError>() {
            let meaning = match failure {
                CredentialsError::ProviderTimedOut(_) => Meaning::Passing,
                _ => Meaning::Refused(remedy::PROVIDER),
            };
            return Some(Failure { words: words(failure), meaning });
        }
        cause = error.source();
    }
    None
}

/// The provider's own words, each cause once, without secrets.
fn words(failure: &CredentialsError) -> String {
    let mut cause = std::error::Error::source(failure);
    // The outermost only says that there was an error.
    let mut parts = if cause.is_some() { Vec::new() } else { vec![failure.to_string()] };
    while let Some(error) = cause {
        let text = error.to_string();
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
        cause = error.source();
    }
    without_secrets(&parts.join(": ")).chars().take(MESSAGE_CHARS).collect()
}

/// Masks each word that could be a secret: a long one that mixes letters and digits, and whatever
/// follows a name such as `password`. A key's id may stay.
fn without_secrets(text: &str) -> String {
    let mut shown = String::new();
    let (mut word, mut names_secret) = (String::new(), false);
    for letter in text.chars().chain([' ']) {
        if is_part_of_secret(letter) {
            word.push(letter);
            continue;
        }
        let named = std::mem::take(&mut names_secret);
        let is_name = NAMES_OF_SECRETS.iter().any(|name| word.to_ascii_lowercase().contains(name));
        // `password=hunter2` is one word; `"password": "hunter2"` is two.
        let value_at = word.find('=').map(|at| at + 1).filter(|at| *at < word.len());
        if word.is_empty() {
            names_secret = named && ":= \"'\\".contains(letter);
        } else if let Some(name) = value_at.filter(|_| is_name).and_then(|at| word.get(..at)) {
            shown.push_str(name);
            shown.push('…');
        } else if could_be_secret(&word) {
            shown.push('…');
        } else if is_name {
            shown.push_str(&word);
            names_secret = letter == '"' || letter == ':' || word.ends_with('=');
        } else {
            shown.push_str(if named { "…" } else { &word });
        }
        word.clear();
        shown.push(letter);
    }
    shown.trim_end().to_owned()
}

fn is_part_of_secret(letter: char) -> bool {
    letter.is_alphanumeric() || "+/=_-!@#$%^&*~".contains(letter)
}

fn could_be_secret(word: &str) -> bool {
    let has = |is: fn(&char) -> bool| word.chars().any(|letter| is(&letter));
    let is_path = word.starts_with('/') && !word.contains(['+', '=']) && word.matches('/').count() > 1;
    let is_key_id = word.len() == 20 && (word.starts_with("AKIA") || word.starts_with("ASIA"));
    let mixed = has(char::is_ascii_digit) && has(|letter| letter.is_alphabetic());
    word.len() >= SHORTEST_SECRET && (mixed || word.len() >= 2 * SHORTEST_SECRET) && !is_path && !is_key_id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_a_secret_is_masked_and_the_rest_is_said() {
        for (text, shown) in [
            ("exited with code 1. Stderr: vault is sealed", "exited with code 1. Stderr: vault is sealed"),
            (
                "/opt/company/tools/print-credentials: not found",
                "/opt/company/tools/print-credentials: not found",
            ),
            ("key AKIAIOSFODNN7EXAMPLE: expired", "key AKIAIOSFODNN7EXAMPLE: expired"),
            ("got wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY back", "got … back"),
            (r#"{"SecretAccessKey": "short1"}"#, r#"{"SecretAccessKey": "…"}"#),
            ("password=hunter2 was refused", "password=… was refused"),
            ("Password: hunter2", "Password: …"),
            ("the token has expired", "the token has expired"),
        ] {
            assert_eq!(without_secrets(text), shown);
        }
    }
}
