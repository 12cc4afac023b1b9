//! Makes GraphiQL for the binary to carry: npm bundles what `web/` holds, and the source includes it.
//! Where there is no Node, or no network to install from, nothing is made and the build goes on:
//! the server has a plain page of its own.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

/// How long each run of npm may take: without a network it could wait for ever.
const PATIENCE: Duration = Duration::from_secs(300);

const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

/// What the bundle is made of, in `web/`.
const SOURCES: [&str; 6] =
    ["package.json", "package-lock.json", ".npmrc", "vite.config.js", "index.html", "src"];

fn main() -> io::Result<()> {
    let folder = |name: &str| {
        let missing = || io::Error::new(ErrorKind::NotFound, format!("{name} is not set"));
        std::env::var_os(name).map(PathBuf::from).ok_or_else(missing)
    };
    let (root, out) = (folder("CARGO_MANIFEST_DIR")?, folder("OUT_DIR")?);
    let bundler = Bundler { web: root.join("web"), npm: NPM.into(), patience: PATIENCE };
    let told = bundler.embed(&out)?;
    println!("cargo::rerun-if-changed=build.rs");
    for path in bundler.sources().chain(told.is_some().then(|| bundler.dist())) {
        println!("cargo::rerun-if-changed={}", path.display());
    }
    if let Some(error) = told {
        println!(
            "cargo::warning=GraphiQL is not up to date, and README.md says how to get it: {error}"
        );
    }
    Ok(())
}

/// Makes the bundle.
pub struct Bundler {
    /// The folder of the sources; the bundle is made in `dist` below it.
    pub web: PathBuf,
    /// The program that installs and bundles.
    pub npm: PathBuf,
    /// How long each of its runs may take.
    pub patience: Duration,
}

impl Bundler {
    /// Brings the bundle up to date and copies it to `out`, with a file `graphiql.rs`: a slice of names
    /// and bytes, empty where there is no bundle. Gives what kept it from being up to date.
    pub fn embed(&self, out: &Path) -> io::Result<Option<io::Error>> {
        // Builds with other target folders go on in the same tree: the lock is held until this is done.
        let lock = File::create(self.web.join(".lock"));
        let held = lock.as_ref().map_or(Ok(()), File::lock);
        let missed = held.and_then(|()| self.bring_up_to_date(&out.join("npm.log"))).err();
        let copy = out.join("graphiql");
        if copy.exists() {
            fs::remove_dir_all(&copy)?;
        }
        let mut names = Vec::new();
        if self.page().is_file() {
            copy_all(&self.dist(), &copy, "", &mut names)?;
        }
        names.sort();
        let entry = |name: &String| {
            let path = copy.join(name);
            format!("    ({name:?}, include_bytes!({path:?})),\n")
        };
        let entries: String = names.iter().map(entry).collect();
        fs::write(out.join("graphiql.rs"), format!("&[\n{entries}]\n"))?;
        Ok(missed)
    }

    /// Installs what is needed for it and makes the bundle, unless it is there and newer than its sources.
    fn bring_up_to_date(&self, log: &Path) -> io::Result<()> {
        let newest = self.sources().filter_map(|path| newest(&path).ok()).max();
        if modified(&self.page()).ok() >= newest && newest.is_some() {
            return Ok(());
        }
        let done = self.install(log).and_then(|()| self.run(&["run", "build"], log));
        // Whoever makes it by hand later is noticed by what changes here, so there must be a place, and
        // one that does not look as if it had changed already.
        if done.is_err() && !self.dist().exists() && self.web.is_dir() {
            fs::create_dir(self.dist())?;
            if let (Ok(dist), Some(newest)) = (File::open(self.dist()), newest) {
                drop(dist.set_modified(newest));
            }
        }
        done
    }

    /// Installs the locked packages, unless they are.
    fn install(&self, log: &Path) -> io::Result<()> {
        let installed = modified(&self.web.join("node_modules/.package-lock.json")).ok();
        if installed.is_some() && installed >= modified(&self.web.join("package-lock.json")).ok() {
            return Ok(());
        }
        self.run(&["ci"], log)
    }

    /// Runs npm; what it says goes to a file, not to cargo.
    fn run(&self, arguments: &[&str], log: &Path) -> io::Result<()> {
        let said = File::create(log)?;
        let mut command = Command::new(&self.npm);
        command.arg("--prefix").arg(&self.web).args(arguments);
        command.stdin(Stdio::null()).stdout(said.try_clone()?).stderr(said);
        let command_line = format!("npm --prefix web {}", arguments.join(" "));
        let failed = |what: &str| {
            io::Error::other(format!(
                "`{command_line}` {what}; what it said is in {}",
                log.display()
            ))
        };
        match self.wait(&mut command) {
            Ok(Some(status)) if status.success() => Ok(()),
            Ok(Some(_)) => Err(failed("failed")),
            Ok(None) => Err(failed("took too long")),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(io::Error::new(ErrorKind::NotFound, "Node.js with npm is not installed"))
            }
            Err(error) => Err(error),
        }
    }

    /// How the command ended; `None` when it was killed because it did not end.
    fn wait(&self, command: &mut Command) -> io::Result<Option<ExitStatus>> {
        let mut child = command.spawn()?;
        let began = Instant::now();
        while began.elapsed() < self.patience {
            if let Some(status) = child.try_wait()? {
                return Ok(Some(status));
            }
            sleep(Duration::from_millis(20));
        }
        child.kill()?;
        child.wait()?;
        Ok(None)
    }

    fn sources(&self) -> impl Iterator<Item = PathBuf> {
        SOURCES.iter().map(|name| self.web.join(name))
    }

    fn dist(&self) -> PathBuf {
        self.web.join("dist")
    }

    fn page(&self) -> PathBuf {
        self.dist().join("index.html")
    }
}

fn modified(path: &Path) -> io::Result<SystemTime> {
    fs::metadata(path)?.modified()
}

/// When a file, or anything in a folder, was last changed.
fn newest(path: &Path) -> io::Result<SystemTime> {
    let mut newest_yet = modified(path)?;
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            newest_yet = newest_yet.max(newest(&entry?.path())?);
        }
    }
    Ok(newest_yet)
}

/// Copies a folder's files, and notes each one's name from there, with slashes.
fn copy_all(from: &Path, to: &Path, before: &str, names: &mut Vec<String>) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        let (path, copy) = (entry.path(), to.join(&name));
        let full = format!("{before}{}", name.to_string_lossy());
        if path.is_dir() {
            copy_all(&path, &copy, &format!("{full}/"), names)?;
        } else {
            fs::copy(&path, copy)?;
            names.push(full);
        }
    }
    Ok(())
}
