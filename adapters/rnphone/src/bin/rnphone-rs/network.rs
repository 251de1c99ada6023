//! By what the program reaches the mesh.

use lxst_tokio::Interface;
use rnphone_rs::errln;
use rnphone_rs::network::{Network, NetworkOptions};
use rnphone_rs::service::Way;

use crate::failure::Failure;
use crate::options::Options;

/// What the options say of the network; where they say nothing, what is found.
pub(crate) fn network(options: &Options) -> Result<Way, Failure> {
    let clients = options.connect.iter().map(Interface::tcp_client);
    let servers = options.listen.iter().map(Interface::tcp_server);
    // clap saw to it that there are two each.
    let udp = options.udp.chunks_exact(2).map(|pair| Interface::udp(&pair[0], &pair[1]));
    let mut interfaces: Vec<Interface> = clients.chain(servers).chain(udp).collect();
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
        return Ok(Way::Found(found));
    }
    Ok(Way::Given { interfaces, text: names.join(", ") })
}
