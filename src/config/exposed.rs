//! What is done about a key that strangers may have.

/// `ROTATOR_EXPOSED`: what the sweep does about a key that AWS reports as exposed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Exposed {
    /// It alerts, with the commands.
    #[default]
    Alert,
    /// It has a successor made, and once that is current it deactivates the exposed key, as one that is superseded
    /// without an overlap.
    Rotate,
    /// The same, and where no successor comes it deactivates the exposed key all the same.
    Revoke,
}

impl Exposed {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Alert, Self::Rotate, Self::Revoke];

    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|exposed| exposed.name() == text)
    }

    /// As `ROTATOR_EXPOSED` names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Rotate => "rotate",
            Self::Revoke => "revoke",
        }
    }
}
