//! By what the program reaches the mesh.

use std::env;
use std::fmt::Display;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};

use lxst_tokio::{Ifac, Interface};
use rnphone_rs::errln;
use rnphone_rs::network::{Network, NetworkOptions};
use rnphone_rs::service::NetworkAccess;

use crate::failure::Failure;
use crate::options::Options;

/// What the options say of the network; where they say nothing, what is found.
pub(crate) fn network(options: &Options) -> Result<NetworkAccess, Failure> {
    let clients = options.connect.iter().map(Interface::tcp_client);
    let servers = options.listen.iter().map(Interface::tcp_server);
    // clap saw to it that there are two each.
    let udp = options.udp.chunks_exact(2).map(|pair| Interface::udp(&pair[0], &pair[1]));
    let interfaces = clients.chain(servers).chain(udp).collect();
    let mut interfaces = with_access_code(options, interfaces)?;
    let mut names: Vec<String> =
        [&options.connect, &options.listen, &options.udp].into_iter().flatten().cloned().collect();
    if let Some(name) = &options.shared {
        names.push("the shared instance of this machine".to_owned());
        interfaces.push(match name.parse() {
            Ok(port) => Interface::shared_instance_on(port),
            Err(_) => Interface::named_shared_instance(name),
        });
    }
    if interfaces.is_empty() {
        let found = Network::find(&NetworkOptions::of_process(options.rnsconfig.clone()))?;
        for problem in found.problems() {
            errln!("rnphone-rs: {problem}");
        }
        return Ok(NetworkAccess::Found(found));
    }
    Ok(NetworkAccess::Given { interfaces, text: names.join(", ") })
}

/// Gives interfaces the access code that the options say.
fn with_access_code(
    options: &Options,
    interfaces: Vec<Interface>,
) -> Result<Vec<Interface>, Failure> {
    let passphrase = passphrase(options, !interfaces.is_empty())?;
    if options.ifac_name.is_none() && passphrase.is_none() {
        return Ok(interfaces);
    }
    if interfaces.is_empty() {
        return Err(Failure::usage(
            "an access code is for --connect, --listen and --udp, of which there is none",
        ));
    }
    let ifac = Ifac::new(options.ifac_name.as_deref(), passphrase.as_deref(), Ifac::SIZE)?;
    Ok(interfaces.into_iter().map(|interface| interface.with_ifac(ifac)).collect())
}

/// The passphrase of the access code: of the option, the file, or the environment, which counts
/// where there is an interface for it.
fn passphrase(options: &Options, has_interfaces: bool) -> Result<Option<String>, Failure> {
    if let Some(path) = &options.ifac_passphrase_file {
        let failed = |error: &dyn Display| {
            Failure::usage(format!("--ifac-passphrase-file {}: {error}", path.display()))
        };
        let mut line = String::new();
        File::open(path)
            .and_then(|file| BufReader::new(file.take(MAX_PASSPHRASE)).read_line(&mut line))
            .map_err(|error| failed(&error))?;
        let passphrase = line.trim_end_matches(['\r', '\n']);
        return match passphrase.len() as u64 {
            0 => Err(failed(&"its first line is empty; allowed is a passphrase")),
            MAX_PASSPHRASE => Err(failed(&"a line without an end; allowed are 4095 bytes")),
            _ => Ok(Some(passphrase.to_owned())),
        };
    }
    let of_environment = || env::var(PASSPHRASE).ok().filter(|word| !word.is_empty());
    let given = options.ifac_passphrase.clone();
    Ok(given.or_else(|| of_environment().filter(|_| has_interfaces)))
}

const PASSPHRASE: &str = "LXST_IFAC_PASSPHRASE";
/// One more than a passphrase may have.
const MAX_PASSPHRASE: u64 = 4_096;
