//! Pages, and their key.

use std::fs;

use crate::support::{Program, new_folder, run, text, until};

#[test]
fn page_key_makes_the_key_that_the_settings_name() {
    let folder = new_folder("page-key");
    fs::write(folder.join("config"), "[rnphone-rs]\npage_key = ours\n").expect("written");
    let output = run(&folder, &["page-key"]);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
    assert_eq!(fs::read_to_string(folder.join("ours")).expect("a key"), text(&output.stdout));
    assert!(!folder.join("page_key").exists());
}

#[test]
fn a_page_that_waits_for_a_network_has_the_folder_and_ends_by_a_signal() {
    let folder = new_folder("page-stopped");
    assert_eq!(run(&folder, &["page-key"]).status.code(), Some(0));
    let page = Program::start(&folder, &["page", "--listen", "127.0.0.1:0"]);
    until(|| run(&folder, &["ctl", "status"]).status.success());
    assert_eq!(page.stop(), Some(1));
    assert!(!folder.join("control").exists());
}
