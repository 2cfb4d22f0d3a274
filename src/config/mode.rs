//! What a sweep may do.

/// What a sweep does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// It changes nothing, and says what `enforce` would do.
    Audit,
    /// It finishes what rotations of enrolled secrets began: superseded and abandoned keys are deactivated and
    /// later deleted. It enrolls nobody and starts no rotation.
    #[default]
    Retire,
    /// It does everything.
    Enforce,
}

impl Mode {
    pub(super) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "audit" => Self::Audit,
            "retire" => Self::Retire,
            "enforce" => Self::Enforce,
            _ => return None,
        })
    }

    /// As `ROTATOR_MODE` names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Audit => "audit",
            Self::Retire => "retire",
            Self::Enforce => "enforce",
        }
    }

    /// Whether it changes keys or secrets.
    pub(crate) fn acts(self) -> bool {
        self != Self::Audit
    }

    /// Whether its plans enroll users and ask for rotations. An audit plans what `enforce` would do.
    pub(crate) fn starts_rotations(self) -> bool {
        self != Self::Retire
    }
}
