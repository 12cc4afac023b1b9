//! The operator's key beside a SQLite file: made for a ledger that never had one, and for no other.

use std::path::Path;
use std::process::Output;

use crate::harness::guerdon;

fn tenant(folder: &Path, slug: &str) -> Output {
    let mut command = guerdon();
    command.env_remove("GUERDON_OPERATOR_KEY").current_dir(folder);
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    command.env("GUERDON_RULES", rules).args(["tenant", "create", slug, "--name", slug]);
    command.output().unwrap()
}

fn refused(output: &Output, about: &str) {
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && told.contains(about), "{told}");
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name.contains("operator-key"));
    names
}

#[test]
fn a_key_is_made_for_a_new_ledger_alone() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let file = folder.join("guerdon.operator-key");
    assert!(tenant(folder, "one").status.success());
    assert_eq!(names(folder), ["guerdon.operator-key"]);
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "others could read it");

    // It is lost: nothing is made in its place.
    let key = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    refused(&tenant(folder, "two"), "There is no operator key at guerdon.operator-key");
    assert_eq!(names(folder), Vec::<String>::new());
    // Half of it is no key.
    std::fs::write(&file, &key[..12]).unwrap();
    refused(&tenant(folder, "two"), "no whole key");
    std::fs::write(&file, key).unwrap();
    let made = tenant(folder, "two");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}
