//! The real Lambda binaries, started as Lambda starts them.

use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use simulator::{KeyPair, RuntimeApi, Simulator};

/// A function whose binary runs for as long as this lives.
pub struct Function {
    pub arn: String,
    /// Its binary.
    pub program: PathBuf,
    /// Where it logs to.
    pub log: PathBuf,
    _runtime: RuntimeApi,
}

impl Function {
    /// Deploys the binary of this name, under a role of its own, with these settings.
    pub async fn deploy(
        sim: &Simulator,
        url: &str,
        name: &str,
        settings: &[(&str, &str)],
    ) -> io::Result<Self> {
        let here = std::env::current_exe()?;
        let folder = here.parent().ok_or_else(|| io::Error::other("the demo has no folder"))?;
        let program = folder.join(name);
        if !program.exists() {
            return Err(io::Error::other(format!("{} is not built; run `make demo`", program.display())));
        }
        let log = folder.join(format!("demo-{name}.log"));
        let file = std::fs::File::create(&log)?;
        let options = sim.options();
        let arn = format!("arn:aws:lambda:{}:{}:function:{name}", options.region, options.account);
        let role = sim.role_session(&options.account, &format!("{name}-function"));
        let environment = environment(url, &options.region, name, &role, settings);
        let runtime = sim.add_runtime_function(&arn).await?;
        let binary = program.clone();
        runtime.supervise(move || {
            let mut command = Command::new(&binary);
            command.env_clear().envs(environment.iter().cloned()).stdin(Stdio::null());
            if let (Ok(out), Ok(err)) = (file.try_clone(), file.try_clone()) {
                command.stdout(out).stderr(err);
            }
            command
        });
        Ok(Self { arn, program, log, _runtime: runtime })
    }

    /// Whether its log holds anything that was ever handed out as a secret.
    pub fn logs_a_secret(&self, sim: &Simulator) -> io::Result<bool> {
        let log = std::fs::read_to_string(&self.log)?;
        Ok(sim.canaries().iter().any(|secret| log.contains(secret.as_str())))
    }
}

fn environment(
    url: &str,
    region: &str,
    name: &str,
    role: &KeyPair,
    settings: &[(&str, &str)],
) -> Vec<(String, String)> {
    let token = role.session_token.as_deref().unwrap_or_default();
    let own = [
        ("AWS_ENDPOINT_URL", url),
        ("AWS_REGION", region),
        ("AWS_ACCESS_KEY_ID", &role.access_key_id),
        ("AWS_SECRET_ACCESS_KEY", &role.secret_access_key),
        ("AWS_SESSION_TOKEN", token),
        ("AWS_LAMBDA_FUNCTION_NAME", name),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
    ];
    own.iter().chain(settings).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
