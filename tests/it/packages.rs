//! What the tests need of the system and is not there: it is installed from Debian's packages, where
//! that may be done.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::process::{Command, Stdio};
use std::sync::Mutex;

/// Installs a package as root, or by `sudo` where that asks for no password. Says whether it could.
pub fn install(package: &str) -> bool {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap();
    eprintln!("{package} is not installed: installing it from the system's packages");
    let script = "export DEBIAN_FRONTEND=noninteractive; \
                  apt-get update -qq && apt-get install -y -qq --no-install-recommends \"$0\"";
    let as_ourselves = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    let mut command = if as_ourselves {
        Command::new("sh")
    } else {
        let mut sudo = Command::new("sudo");
        sudo.args(["-n", "sh"]);
        sudo
    };
    match command.arg("-c").arg(script).arg(package).stdin(Stdio::null()).output() {
        Ok(done) if done.status.success() => true,
        Ok(done) => {
            eprintln!("{}", String::from_utf8_lossy(&done.stderr));
            false
        }
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        Err(error) => panic!("{error}"),
    }
}
