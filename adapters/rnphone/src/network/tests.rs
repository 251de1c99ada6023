use std::fs;
use std::path::Path;
use std::pin::pin;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use lxst_tokio::InterfaceState;
use tokio::time::timeout;

use super::*;

#[test]
fn without_a_configuration_there_are_the_shared_instance_and_the_local_network() {
    let home = Home::new();
    let network = Network::find(&home.options()).unwrap();
    let config = home.path.join(".reticulum/config");
    let plan = format!("while one runs, else AutoInterface (there is no {})", config.display());
    assert!(network.describe().ends_with(&plan), "{}", network.describe());
    assert_eq!(names(&network)[1..], ["AutoInterface"]);
    assert_eq!(network.problems(), [""; 0]);
    // Where one asks for a folder without a file, RNS writes its default there.
    let asked = NetworkOptions { rnsconfig: Some(home.path.clone()), ..home.options() };
    assert_eq!(names(&Network::find(&asked).unwrap()), names(&network));
}

#[test]
fn the_configuration_is_found_where_reticulum_finds_it() {
    let home = Home::new();
    let found = || Network::find(&home.options()).unwrap().describe();
    for (folder, name) in [(".reticulum", "a"), (".config/reticulum", "b"), ("etc/reticulum", "c")]
    {
        // A folder without a file is passed over.
        fs::create_dir_all(home.path.join(folder)).unwrap();
        let of_it = format!(" of {}", home.path.join(folder).display());
        assert!(!found().contains(&of_it), "{}", found());
        let path = home.write(folder, &tcp_client(name));
        let plan = format!("else TCPClientInterface \"{name}\" of {}", path.display());
        assert!(found().ends_with(&plan), "{}", found());
    }
    home.write("asked", &tcp_client("d"));
    let rnsconfig = Some(home.path.join("asked"));
    let asked = Network::find(&NetworkOptions { rnsconfig, ..home.options() }).unwrap();
    assert!(asked.describe().contains("TCPClientInterface \"d\""), "{}", asked.describe());

    let nowhere = home.path.join("nowhere");
    let options = NetworkOptions { rnsconfig: Some(nowhere.clone()), ..home.options() };
    let said = Network::find(&options).unwrap_err().to_string();
    assert!(said.starts_with(&format!("{} is not there", nowhere.display())), "{said}");
}

#[test]
fn whoever_has_no_home_has_the_configuration_of_the_machine() {
    let home = Home::new();
    let options = NetworkOptions { home: None, ..home.options() };
    assert_eq!(names(&Network::find(&options).unwrap()).len(), 2);
    home.write("etc/reticulum", &tcp_client("c"));
    assert!(names(&Network::find(&options).unwrap())[1].contains("\"c\""));
}

#[test]
fn the_interfaces_are_backups_of_the_shared_instance() {
    let home = Home::new();
    let shown = |text: &str| -> Vec<_> {
        home.write(".reticulum", text);
        let network = Network::find(&home.options()).unwrap();
        network.interfaces().map(|interface| format!("{interface:?}")).collect()
    };
    let are_backups = |interfaces: Vec<String>| -> Vec<_> {
        interfaces.iter().map(|shown| shown.contains("is_backup: true")).collect()
    };
    assert_eq!(are_backups(shown(&tcp_client("a"))), [false, true]);
    let alone = format!("[reticulum]\nshare_instance = no\n{}", tcp_client("a"));
    assert_eq!(are_backups(shown(&alone)), [false]);
    // The user took all of them away: nothing is opened that is not meant.
    assert_eq!(shown("[interfaces]\n").len(), 1);
    if cfg!(target_os = "linux") {
        let [instance] = &shown("[reticulum]\ninstance_name = lab\n")[..] else { panic!() };
        assert!(instance.contains("shared instance \\\"lab\\\""), "{instance}");
    }
}

#[test]
fn what_is_left_out_is_told_with_its_line_and_the_remedy() {
    let home = Home::new();
    let path = home.write(
        ".reticulum",
        "[reticulum]\n\
         [interfaces]\n\
         [[Radio]]\n\
         type = RNodeInterface\n\
         enabled = yes\n\
         [[[Part]]]\n\
         enabled = yes\n\
         [[Secret]]\n\
         type = AutoInterface\n\
         enabled = yes\n\
         passphrase = \"a%(b)s\"\n\
         [[Off]]\n\
         type = RNodeInterface\n\
         enabled = no\n\
         [[Line]]\n\
         type = SerialInterface\n\
         enabled = yes\n\
         port = /dev/ttyUSB0\n\
         [logging]\n\
         [[Nothing]]\n\
         type = RNodeInterface\n\
         enabled = yes\n",
    );
    let network = Network::find(&home.options()).unwrap();
    assert_eq!(names(&network)[1..], ["SerialInterface \"Line\""]);
    let path = path.display();
    assert_eq!(
        network.problems(),
        [
            format!(
                "{path}:8: section \"Secret\": passphrase has %(..)s, which Reticulum replaces: \
                 leave it out"
            ),
            format!(
                "{path}:3: section \"Radio\": a phone cannot bring up a RNodeInterface; run rnsd, \
                 which can, and the phone attaches to it"
            ),
        ]
    );
}

#[test]
fn a_configuration_that_gives_no_network_is_an_error_with_the_remedy() {
    let home = Home::new();
    let said = |text: &str| {
        home.write(".reticulum", text);
        Network::find(&home.options()).unwrap_err().to_string()
    };
    let path = home.path.join(".reticulum/config");
    let path = path.display();
    let nothing = said("[reticulum]\nshare_instance = no\n");
    assert!(nothing.starts_with(&format!("{path} has share_instance = no")), "{nothing}");
    assert!(nothing.ends_with("set share_instance = yes and run rnsd"), "{nothing}");
    let broken = said("[reticulum\n");
    let wanted = format!("Reticulum's configuration cannot be read: {path}: line 1: ");
    assert!(broken.starts_with(&wanted), "{broken}");
}

#[test]
fn the_route_is_the_shared_instance_while_it_is_connected() {
    let mut interfaces = [state("here"), state("a"), state("b")];
    let route = |interfaces: &[InterfaceState]| Route::of(interfaces, true).to_string();
    assert_eq!(route(&interfaces), "looking for a way into the mesh");
    interfaces[0].trouble = Some("here is not connected".to_owned());
    assert_eq!(Route::of(&interfaces, true), Route::Unknown);
    interfaces[2].trouble = Some("b reaches nobody".to_owned());
    assert_eq!(route(&interfaces), "nobody can be reached: b reaches nobody");
    (interfaces[1].connections, interfaces[2].connections) = (1, 2);
    assert_eq!(route(&interfaces), "on a, b");
    assert_eq!(Route::of(&interfaces[1..], false).to_string(), "on a, b");
    interfaces[0].connections = 1;
    assert_eq!(route(&interfaces), "attached to here");
    assert_eq!(Route::of(&[], true), Route::Unknown);
    interfaces[0].connections = 0;
    assert_eq!(route(&interfaces[..1]), "nobody can be reached: here is not connected");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_program_that_makes_or_opens_the_configuration_is_seen() {
    let home = Home::new();
    let folder = home.path.join(".reticulum");
    let neighbours = Neighbours::new(Some(&folder));
    let seen = async |what: &dyn Fn()| {
        let mut start = pin!(neighbours.start());
        assert!(future::poll_once(&mut start).await.is_none());
        fs::write(folder.with_file_name("other"), "").unwrap();
        assert!(future::poll_once(&mut start).await.is_none());
        what();
        timeout(Duration::from_secs(20), start).await.expect("it is seen");
    };
    seen(&|| fs::create_dir(&folder).unwrap()).await;
    let path = home.write(".reticulum", "");
    for _ in 0..2 {
        seen(&|| assert_eq!(fs::read(&path).unwrap(), b"")).await;
    }
}

fn state(name: &str) -> InterfaceState {
    let mut state = InterfaceState::default();
    state.name = name.to_owned();
    state
}

fn names(network: &Network) -> Vec<String> {
    network.interfaces().map(|interface| interface.to_string()).collect()
}

fn tcp_client(name: &str) -> String {
    let keys =
        "type = TCPClientInterface\nenabled = yes\ntarget_host = localhost\ntarget_port = 4242";
    format!("[interfaces]\n[[{name}]]\n{keys}\n")
}

/// A home folder, with a folder `etc` of a machine in it.
struct Home {
    path: PathBuf,
}

impl Home {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("rnphone-network-{}-{number}", process::id()));
        fs::create_dir_all(&path).unwrap();
        Self { path }
    }

    fn options(&self) -> NetworkOptions {
        let (home, machine) = (Some(self.path.clone()), self.path.join("etc"));
        NetworkOptions { rnsconfig: None, home, machine }
    }

    fn write(&self, folder: &str, text: &str) -> PathBuf {
        let folder = self.path.join(Path::new(folder));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("config");
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // What is left then is in the folder for temporary files.
        let _ = fs::remove_dir_all(&self.path);
    }
}
