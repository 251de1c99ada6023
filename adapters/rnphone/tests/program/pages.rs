//! Pages, and their key.

use std::fs;

use crate::support::{new_folder, run, text};

#[test]
fn page_key_makes_the_key_that_the_settings_name() {
    let folder = new_folder("page-key");
    fs::write(folder.join("config"), "[rnphone-rs]\npage_key = ours\n").expect("written");
    let output = run(&folder, &["page-key"]);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
    assert_eq!(fs::read_to_string(folder.join("ours")).expect("a key"), text(&output.stdout));
    assert!(!folder.join("page_key").exists());
}
