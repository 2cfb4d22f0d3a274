//! How a command ends.

use crate::error::CallError;
use crate::error::Error;

/// How a command ends when nothing failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: what was asked for is done.
    Done,
    /// 1: it is not, and the command has said why.
    Failed,
    Findings,
}

/// What ends a command early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// 2: the arguments or settings make no sense.
    #[error("{0}")]
    Usage(String),
    /// 1: AWS, or the plan, refused.
    #[error("{0}")]
    Rotator(#[from] Error),
    /// 1: a call failed.
    #[error("{0}")]
    Call(#[from] CallError),
    /// 1: something else.
    #[error("{0}")]
    Failed(String),
    /// 1: what there was to say could not be written.
    #[error("the output could not be written")]
    Output(#[from] std::io::Error),
}

impl Exit {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Findings => 3,
        }
    }
}

impl Failure {
    /// What it says, with all that caused it. Nothing repeats a command by itself, so nothing here says so.
    pub(super) fn words(&self) -> String {
        let error = match self {
            Self::Rotator(error) => error.clone(),
            Self::Call(call) if call.remedy().is_some() => Error::from(call.clone()),
            other => return other.to_string(),
        };
        let error = error.of_a_command();
        format!("{}: {}", error.error_type(), error.chain())
    }

    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Rotator(Error::InvalidConfig { .. }) => 2,
            _ => 1,
        }
    }
}
