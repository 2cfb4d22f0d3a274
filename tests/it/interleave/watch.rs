//! Who looks at the world before and after each call, and knows what may never be seen in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use simulator::Simulator;

use crate::stage::{ACCOUNT, USER};

/// Whoever looked longer ago than this before it acts is at fault: five calls at their slowest.
const STALE: Duration = Duration::from_secs(20);

/// What has been seen of the world, to tell who did what.
pub(super) struct Watch {
    pub(super) sim: Simulator,
    pub(super) secrets: Vec<String>,
    pub(super) started: SystemTime,
    pub(super) active: BTreeSet<String>,
    /// Keys made by hand, but for those made in the seconds of an intent that then lost its
    /// answer: the one exception that `docs/runbook.md` states.
    pub(super) by_hand: BTreeMap<String, SystemTime>,
    pub(super) last_intent: SystemTime,
    pub(super) current: BTreeMap<String, (String, SystemTime)>,
    pub(super) story: String,
    pub(super) wrongs: Vec<String>,
}

impl Watch {
    pub(super) fn tell(&mut self, line: &str) {
        let at = self.sim.now().duration_since(self.started).unwrap_or_default();
        let _ = writeln!(self.story, "{:>8.3} {line}", at.as_secs_f64());
    }

    /// Compares the world with what it was; any key that lost its life meanwhile lost it to the
    /// rotation function, since the administrator's own acts are followed by [`Watch::accept`].
    pub(super) fn look(&mut self) {
        let now = self.sim.now();
        let active = self.keys(|active| active);
        for lost in self.active.difference(&active).cloned().collect::<Vec<_>>() {
            self.tell(&format!("  key {lost} is no longer active"));
            if self.by_hand.contains_key(&lost) && !self.is_in_a_version(&lost) {
                self.wrongs
                    .push(format!("{lost} was made by hand and is in no version, yet it was taken away"));
            }
            if let Some((_, since)) = self.current.get(&self.secrets[0]).filter(|(key, _)| *key == lost) {
                let for_long = now.duration_since(*since).unwrap_or_default();
                if for_long > STALE {
                    self.wrongs.push(format!(
                        "{lost} had been AWSCURRENT's key for {for_long:?} and was taken away"
                    ));
                }
            }
        }
        self.accept();
    }

    /// Takes the world as it is.
    pub(super) fn accept(&mut self) {
        self.active = self.keys(|active| active);
        let now = self.sim.now();
        for secret in self.secrets.clone() {
            let Some(key) = self.current_key(&secret) else {
                self.current.remove(&secret);
                continue;
            };
            if self.current.get(&secret).is_none_or(|(known, _)| *known != key) {
                self.tell(&format!("  AWSCURRENT of {} is {key}", name_of(&secret)));
                self.current.insert(secret, (key, now));
            }
        }
    }

    fn keys(&self, wanted: impl Fn(bool) -> bool) -> BTreeSet<String> {
        self.sim.keys(ACCOUNT, USER).into_iter().filter(|key| wanted(key.active)).map(|key| key.id).collect()
    }

    fn current_key(&self, secret: &str) -> Option<String> {
        let secret = self.sim.secret(secret);
        let value: serde_json::Value = serde_json::from_str(secret.stage("AWSCURRENT")?.text()?).ok()?;
        Some(value["AccessKeyId"].as_str()?.to_owned())
    }

    fn is_in_a_version(&self, key: &str) -> bool {
        let versions = self.secrets.iter().flat_map(|secret| self.sim.secret(secret).versions);
        versions.into_iter().any(|version| version.text().is_some_and(|text| text.contains(key)))
    }
}

pub(super) fn name_of(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}
