//! The settings that a command plans by: the environment's, or those of the deployed sweep.

use super::{Failure, Global};
use crate::aws::Aws;
use crate::config::{Mode, SweepConfig};
use crate::error::Error;

/// The name of the variable that sets the mode.
const MODE: &str = "ROTATOR_MODE";

/// The settings that were found.
pub(super) struct Settings {
    /// In audit mode: a command reads until it is told to act.
    pub(crate) config: SweepConfig,
    /// The variables that they were read from.
    pub(crate) variables: Vec<(String, String)>,
    /// The mode of the sweep that they describe; `None`: they describe none.
    pub(crate) mode: Option<Mode>,
}

pub(super) async fn read(
    aws: &Aws,
    global: &Global,
    environment: &[(String, String)],
) -> Result<Settings, Failure> {
    let deployed = match &global.function {
        Some(function) => Some(aws.lambda().configuration(function).await?.settings),
        None => None,
    };
    let is_deployed = deployed.is_some();
    let own = environment.iter().filter(|(name, _)| name.starts_with("ROTATOR_")).cloned();
    let variables: Vec<(String, String)> = match deployed {
        // Two sources would be two truths.
        Some(deployed) => {
            if let Some((name, _)) = own.into_iter().next() {
                return Err(Failure::Usage(format!(
                    "--function reads the settings from the function, and {name} is set here too: unset it"
                )));
            }
            deployed
        }
        None => own.collect(),
    };
    let config = SweepConfig::from_variables(variables.clone()).map_err(Error::from)?;
    let mode = config.shared.sweep_mode.or_else(|| is_deployed.then(Mode::default));
    Ok(Settings { config: SweepConfig { mode: Mode::Audit, ..config }, variables, mode })
}

/// The same settings in another mode; refused where they do not suffice to act in it.
pub(super) fn in_mode(variables: &[(String, String)], mode: Mode) -> Result<SweepConfig, Error> {
    let others = variables.iter().filter(|(name, _)| name != MODE).cloned();
    let set = (MODE.to_owned(), mode.name().to_owned());
    SweepConfig::from_variables(others.chain([set]))?.acting(mode)
}
