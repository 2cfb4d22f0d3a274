//! Topics, senders, templates, and what was sent.

use crate::Simulator;
use crate::world::messages::{Alert, Mail, Template};

impl Simulator {
    /// Makes an SNS topic in the main account and region, and answers with its ARN.
    pub fn create_topic(&self, name: &str) -> String {
        self.with(|state| {
            let options = &state.options;
            let arn = format!("arn:aws:sns:{}:{}:{name}", options.region, options.account);
            let now = state.clock.now();
            state.world.topics.entry(arn.clone()).or_insert(now);
            arn
        })
    }

    /// Verifies an SES identity (an address or a domain) in the main account and region. Only such
    /// may send; in the sandbox, only such may receive.
    pub fn verify_identity(&self, identity: &str) {
        self.with(|state| {
            let key = (state.options.account.clone(), state.options.region.clone());
            let identities = state.world.identities.entry(key).or_default();
            identities.push(identity.to_owned());
        });
    }

    /// Makes an SES template in the main account.
    pub fn create_email_template(&self, name: &str, subject: &str, text: Option<&str>, html: Option<&str>) {
        self.with(|state| {
            let key = (state.options.account.clone(), name.to_owned());
            let template = Template {
                subject: subject.to_owned(),
                text: text.map(str::to_owned),
                html: html.map(str::to_owned),
            };
            state.world.templates.insert(key, template);
        });
    }

    /// Every SNS message so far.
    #[must_use]
    pub fn alerts(&self) -> Vec<Alert> {
        self.with(|state| state.world.alerts.clone())
    }

    /// Every mail but the first `seen` of them, oldest first: what is new since somebody looked.
    #[must_use]
    pub fn mails_after(&self, seen: usize) -> Vec<Mail> {
        self.with(|state| state.world.mails.iter().skip(seen).cloned().collect())
    }

    /// Every mail so far.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        self.with(|state| state.world.mails.clone())
    }
}
