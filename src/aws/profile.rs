//! The profile of `~/.aws/config` that credentials come from, as far as it can be wrong by itself.

use aws_runtime::env_config::file::EnvConfigFiles;
use aws_types::os_shim_internal::{Env, Fs};

/// The profile that is used where none is named.
const DEFAULT: &str = "default";

/// A profile, as its files describe it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Profile {
    /// Its name.
    pub(crate) name: String,
    /// Where its credentials come from.
    pub(crate) source: ProfileSource,
    /// The files that were read, as people call them.
    pub(crate) files: String,
}

/// Where a profile's credentials come from, through all of its `source_profile`s.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ProfileSource {
    /// The files have no such profile, but these.
    Missing(Vec<String>),
    /// This profile of the chain names a source that the files do not have.
    MissingSource(String, String),
    /// The chain leads back to a profile of its own.
    Loop(Vec<String>),
    /// The role of this profile wants the code of an MFA device.
    Mfa(String),
    /// A session of `aws login`.
    Login,
    /// IAM Identity Center.
    Sso,
    /// A program prints them.
    Process,
    /// Nothing that gives any.
    Nothing,
    /// Keys, a token or a machine's own.
    Other,
}

/// The profile that credentials come from: the one that is asked for, else that of `AWS_PROFILE`, else `default`, where
/// no key is exported. `None`: no profile, or files that cannot be read, which the SDK tells by itself.
pub(crate) async fn profile(asked: Option<&str>, environment: &[(String, String)]) -> Option<Profile> {
    let variable = |wanted: &str| {
        let found = environment.iter().find(|(name, value)| name == wanted && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    };
    let is_exported = variable("AWS_ACCESS_KEY_ID").is_some();
    let named = asked.or_else(|| variable("AWS_PROFILE").filter(|_| !is_exported));
    let name = named.or_else(|| Some(DEFAULT).filter(|_| !is_exported))?;
    let variables: Vec<(&str, &str)> =
        environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let (files, env) = (EnvConfigFiles::default(), Env::from_slice(&variables));
    let set = aws_config::profile::load(&Fs::real(), &env, &files, None).await.ok()?;
    let get = |profile: &str, key: &str| set.get_profile(profile)?.get(key).map(str::to_owned);
    let known: Vec<String> = set.profiles().map(str::to_owned).collect();
    let source = source(name, get, known);
    // Without one, containers, instances and web identities are asked.
    let none = matches!(source, ProfileSource::Missing(_) | ProfileSource::Nothing);
    if named.is_none() && none {
        return None;
    }
    let file = |variable_name: &str, usual: &str| variable(variable_name).unwrap_or(usual).to_owned();
    let files =
        [file("AWS_CONFIG_FILE", "~/.aws/config"), file("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")];
    Some(Profile { name: name.to_owned(), source, files: files.join(" and ") })
}

fn source(name: &str, get: impl Fn(&str, &str) -> Option<String>, mut known: Vec<String>) -> ProfileSource {
    known.sort();
    if !known.iter().any(|profile| profile == name) {
        return ProfileSource::Missing(known);
    }
    let mut chain = vec![name.to_owned()];
    loop {
        let here = chain.last().cloned().unwrap_or_default();
        let has = |key: &str| get(&here, key).is_some();
        // Keys of a source end the chain, whatever else it has.
        if chain.len() > 1 && has("aws_access_key_id") {
            return ProfileSource::Other;
        }
        let has_source = has("source_profile") || has("credential_source");
        if has("role_arn") && has_source && has("mfa_serial") {
            return ProfileSource::Mfa(here);
        }
        match get(&here, "source_profile").filter(|_| has("role_arn")) {
            // A profile may name itself where it has keys.
            Some(next) if next == here => return ProfileSource::Other,
            Some(next) if !known.contains(&next) => return ProfileSource::MissingSource(here, next),
            Some(next) => {
                let again = chain.contains(&next);
                chain.push(next);
                if again {
                    return ProfileSource::Loop(chain);
                }
            }
            None => break,
        }
    }
    let end = chain.last().map_or(name, String::as_str);
    let has = |key: &str| get(end, key).is_some();
    if has("login_session") {
        ProfileSource::Login
    } else if has("sso_session") || has("sso_start_url") {
        ProfileSource::Sso
    } else if has("credential_process") {
        ProfileSource::Process
    } else if ["aws_access_key_id", "role_arn", "web_identity_token_file", "credential_source"]
        .iter()
        .any(|key| has(key))
    {
        ProfileSource::Other
    } else {
        ProfileSource::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_of_profiles_ends_where_its_credentials_are() {
        let files = [
            ("keys", "aws_access_key_id", "AKIA"),
            ("sso", "sso_session", "corp"),
            ("old-sso", "sso_start_url", "https://example.com"),
            ("process", "credential_process", "vault"),
            ("login", "login_session", "arn"),
            ("empty", "region", "eu-west-1"),
            ("role", "role_arn", "arn"),
            ("role", "source_profile", "process"),
            ("self", "role_arn", "arn"),
            ("self", "source_profile", "self"),
            ("a", "role_arn", "arn"),
            ("a", "source_profile", "b"),
            ("b", "role_arn", "arn"),
            ("b", "source_profile", "a"),
            ("lost", "role_arn", "arn"),
            ("lost", "source_profile", "nowhere"),
            ("mfa", "role_arn", "arn"),
            ("mfa", "source_profile", "keys"),
            ("mfa", "mfa_serial", "arn"),
            ("deep", "role_arn", "arn"),
            ("deep", "source_profile", "mfa"),
            ("web", "role_arn", "arn"),
            ("web", "web_identity_token_file", "/token"),
            ("web", "mfa_serial", "arn"),
            ("admin", "aws_access_key_id", "AKIA"),
            ("admin", "role_arn", "arn"),
            ("admin", "source_profile", "dev"),
            ("admin", "mfa_serial", "arn"),
            ("dev", "role_arn", "arn"),
            ("dev", "source_profile", "admin"),
        ];
        let get = |profile: &str, key: &str| {
            let found = files.iter().find(|(name, setting, _)| *name == profile && *setting == key);
            found.map(|(_, _, value)| (*value).to_owned())
        };
        let known: Vec<String> = files.iter().map(|(name, ..)| (*name).to_owned()).collect();
        let of = |name: &str| source(name, get, known.clone());
        for (name, expected) in [
            ("keys", ProfileSource::Other),
            ("self", ProfileSource::Other),
            ("sso", ProfileSource::Sso),
            ("old-sso", ProfileSource::Sso),
            ("process", ProfileSource::Process),
            ("role", ProfileSource::Process),
            ("login", ProfileSource::Login),
            ("empty", ProfileSource::Nothing),
            ("a", ProfileSource::Loop(["a", "b", "a"].map(str::to_owned).into())),
            ("lost", ProfileSource::MissingSource("lost".into(), "nowhere".into())),
            ("mfa", ProfileSource::Mfa("mfa".into())),
            ("deep", ProfileSource::Mfa("mfa".into())),
            ("web", ProfileSource::Other),
            ("dev", ProfileSource::Other),
            ("admin", ProfileSource::Mfa("admin".into())),
        ] {
            assert_eq!(of(name), expected, "{name}");
        }
        assert!(matches!(of("prod"), ProfileSource::Missing(_)));
    }
}
