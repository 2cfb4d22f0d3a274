//! The modes of a sweep, in words, and whether anything retires superseded keys.

use super::Session;
use crate::config::Mode;

/// A mode as an argument names it.
pub(super) fn parse(text: &str) -> Result<Mode, String> {
    match text {
        "audit" => Ok(Mode::Audit),
        "retire" => Ok(Mode::Retire),
        "enforce" => Ok(Mode::Enforce),
        _ => Err("a mode is `retire`, `enforce` or `audit`".to_owned()),
    }
}

/// What a sweep does in a mode.
fn meaning(mode: Mode) -> &'static str {
    match mode {
        Mode::Audit => "it changes nothing. The plan shows what mode enforce would do.",
        Mode::Retire => {
            "it deactivates and later deletes superseded and abandoned keys. It enrolls nobody and requests \
             no rotation; `plan --mode enforce` shows what mode enforce would do."
        }
        Mode::Enforce => {
            "it enrolls users in scope, requests rotations that are due, and retires superseded and abandoned keys."
        }
    }
}

impl Session {
    /// The line above a plan: in which mode the sweep acts, and what that means. `asked` is the mode of the
    /// command line.
    pub(super) fn mode_line(&self, asked: Option<Mode>) -> String {
        let deployed = match (&self.global.function, self.sweep_mode) {
            (Some(function), Some(mode)) => Some((format!("Function {function} runs in"), mode)),
            _ => None,
        };
        match (asked, deployed) {
            (Some(asked), Some((subject, mode))) if asked != mode => format!(
                "{subject} mode {}. This is the plan of mode {}: {}",
                mode.name(),
                asked.name(),
                meaning(asked)
            ),
            (None, Some((subject, mode))) => format!("{subject} mode {}: {}", mode.name(), meaning(mode)),
            (asked, _) => {
                let mode = asked.unwrap_or(self.configured);
                let default = if asked.or(self.sweep_mode).is_none() { " (the default)" } else { "" };
                format!("The plan of a sweep in mode {}{default}: {}", mode.name(), meaning(mode))
            }
        }
    }

    /// Why nothing retires superseded keys, as far as this command knows, and what to do about it. `mode`
    /// is the sweep's, `which` the keys in words.
    pub(super) fn unretired<'a>(
        &self,
        mode: Option<Mode>,
        which: &str,
        users: impl IntoIterator<Item = &'a str>,
    ) -> Option<Unretired> {
        let users = users.into_iter().flat_map(|user| ["--user", user]);
        let now = self.global.command(["sweep", "--apply", "--mode", "retire"].into_iter().chain(users));
        match mode {
            Some(Mode::Retire | Mode::Enforce) => None,
            Some(Mode::Audit) => Some(Unretired {
                finding: format!("nothing will retire {which}"),
                evidence: "the sweep runs in mode audit",
                remedy: format!("Set ROTATOR_MODE to retire on the sweep function; or retire now: `{now}`."),
            }),
            None => Some(Unretired {
                finding: format!("no sweep is known that retires {which}"),
                evidence: "neither --function nor ROTATOR_MODE is set",
                remedy: format!(
                    "Pass `--function NAME` with the deployed sweep function; if there is none, deploy it, or \
                     retire now: `{now}`."
                ),
            }),
        }
    }
}

/// Superseded keys that stay active until a person acts.
pub(super) struct Unretired {
    pub(crate) finding: String,
    pub(crate) evidence: &'static str,
    pub(crate) remedy: String,
}

impl Unretired {
    pub(super) fn line(&self) -> String {
        let mut finding = self.finding.clone();
        if let Some(first) = finding.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        format!("{finding} ({}). {}", self.evidence, self.remedy)
    }
}
