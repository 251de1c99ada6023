//! The settings of an rnsd.

use core::sync::atomic::{AtomicU32, Ordering};
use std::fs;
use std::path::PathBuf;
use std::process;

use crate::environment;
use crate::network::{Ifac, RPC_KEY, SharedInstance, free_tcp_ports};
use crate::rnsd::{Rnsd, TAKEN_INSTANCE};

/// The settings of an [`Rnsd`]; start with [`Rnsd::builder`].
#[derive(Clone, Debug)]
pub struct RnsdBuilder {
    name: String,
    storage: PathBuf,
    over_tcp: bool,
    has_tcp_server: bool,
    udp: Option<(u16, u16)>,
    is_auto: bool,
    ifac: Option<Ifac>,
    transport: bool,
}

impl Rnsd {
    /// Creates the settings of an rnsd. `test` and `name` name its folder, and are unique together.
    pub fn builder(test: &str, name: &str) -> RnsdBuilder {
        RnsdBuilder {
            name: name.to_owned(),
            storage: environment::target_dir().join("interop").join(test).join(name),
            over_tcp: false,
            has_tcp_server: false,
            udp: None,
            is_auto: false,
            ifac: None,
            transport: false,
        }
    }
}

impl RnsdBuilder {
    /// Shares its instance on a free TCP port on loopback, instead of an abstract Unix socket.
    pub fn share_over_tcp(mut self) -> Self {
        self.over_tcp = true;
        self
    }

    /// Adds a TCP server interface on a free port on loopback: see [`Rnsd::port`].
    ///
    /// Here and on UDP, RNS's `ingress_control` is off: it would hold back more than three
    /// announces per second on a new interface for 15 s and more.
    pub fn tcp_server(mut self) -> Self {
        self.has_tcp_server = true;
        self
    }

    /// Adds an interface that receives on one UDP port on loopback and sends to another: see
    /// [`free_udp_ports`](crate::free_udp_ports).
    pub fn udp(mut self, listen: u16, forward: u16) -> Self {
        self.udp = Some((listen, forward));
        self
    }

    /// Adds an AutoInterface, in the network namespace of the thread that spawns it.
    pub fn auto_interface(mut self) -> Self {
        self.is_auto = true;
        self
    }

    /// Sets a network name and a passphrase (IFAC) for its TCP server and UDP interface. Its shared
    /// instance stays open: RNS has no IFAC there.
    ///
    /// # Panics
    /// If one of them is empty or contains a quote, `%`, `$` or a line end, which RNS's
    /// configuration does not keep.
    #[track_caller]
    pub fn ifac(mut self, network_name: &str, passphrase: &str) -> Self {
        self.ifac = Some(Ifac::new(network_name, passphrase));
        self
    }

    /// Makes it a transport node, which forwards packets between its interfaces.
    ///
    /// Two phones at its TCP server are 2 hops apart. Without it, it still forwards packets between
    /// its interfaces and the apps attached to its shared instance, and between those apps.
    ///
    /// The delays, which no setting shortens:
    /// - An announce is forwarded after a random delay of up to 0.5 s, at a check once a second:
    ///   0.7 to 1.1 s were measured, 1.75 s is the bound. Towards an attached app it is forwarded
    ///   at once; from an attached app at that check.
    /// - A path request for a destination that it has heard is answered after 0.4 s, at that check
    ///   (0.55 s measured).
    /// - A path request for a destination that it has not heard is forwarded to the attached apps,
    ///   and from them to its interfaces, but not from one phone at its TCP server to another:
    ///   there the callee must announce first. (RNS's `recursive_prs`, off by default and here,
    ///   would search on.)
    pub fn transport(mut self) -> Self {
        self.transport = true;
        self
    }

    /// Starts the rnsd and waits until all its sockets are open.
    ///
    /// Its files are in `interop/<test>/<name>` below the target folder, created anew: `config`,
    /// `log`, `stderr` and RNS's `storage`.
    ///
    /// # Panics
    /// If Python RNS cannot be set up, or the rnsd is not up within 30 s. The message tells why.
    #[track_caller]
    pub fn spawn(self) -> Rnsd {
        let python = match environment::python() {
            Ok(python) => python,
            Err(error) => panic!("{error}"),
        };
        for attempt in 1.. {
            let [server_port, port, control_port] = free_tcp_ports();
            let tcp_server = self.has_tcp_server.then_some(server_port);
            let instance = if self.over_tcp {
                SharedInstance::Tcp { port, control_port }
            } else {
                SharedInstance::Unix { name: unique_name() }
            };
            self.write_config(&instance, tcp_server);
            let mut rnsd = Rnsd::new(&self.name, &self.storage, python, instance, tcp_server);
            match rnsd.start() {
                Ok(()) => return rnsd,
                // Another process took a free port in between.
                Err(error) if attempt < SPAWN_ATTEMPTS && is_of_a_taken_port(&error) => {}
                Err(error) => panic!("{error}"),
            }
        }
        unreachable!("the last attempt returns or panics");
    }

    fn write_config(&self, instance: &SharedInstance, tcp_server: Option<u16>) {
        let failed = |error| -> () { panic!("{}: {error}", self.storage.display()) };
        if self.storage.exists() {
            fs::remove_dir_all(&self.storage).unwrap_or_else(failed);
        }
        fs::create_dir_all(&self.storage).unwrap_or_else(failed);
        fs::write(self.storage.join("config"), self.config(instance, tcp_server))
            .unwrap_or_else(failed);
    }

    fn config(&self, instance: &SharedInstance, tcp_server: Option<u16>) -> String {
        let transport = if self.transport { "Yes" } else { "No" };
        let instance = match instance {
            SharedInstance::Unix { name } => {
                format!("shared_instance_type = unix\ninstance_name = {name}")
            }
            SharedInstance::Tcp { port, control_port } => format!(
                "shared_instance_type = tcp\n\
                 shared_instance_port = {port}\n\
                 instance_control_port = {control_port}"
            ),
        };
        let mut config = format!(
            "[reticulum]\n\
             enable_transport = {transport}\n\
             share_instance = Yes\n\
             {instance}\n\
             rpc_key = {RPC_KEY}\n\
             \n\
             [logging]\n\
             loglevel = {LOG_LEVEL}\n\
             \n\
             [interfaces]\n"
        );
        if let Some(port) = tcp_server {
            let place = format!("listen_port = {port}\n");
            config.push_str(&self.interface("tcp server", "TCPServerInterface", &place));
        }
        if let Some((listen, forward)) = self.udp {
            let place = format!(
                "listen_port = {listen}\n\
                 forward_ip = 127.0.0.1\n\
                 forward_port = {forward}\n"
            );
            config.push_str(&self.interface("udp", "UDPInterface", &place));
        }
        if self.is_auto {
            config.push_str("\n[[auto]]\ntype = AutoInterface\nenabled = yes\n");
        }
        config
    }

    fn interface(&self, name: &str, kind: &str, place: &str) -> String {
        let ifac = self.ifac.as_ref().map_or_else(String::new, |ifac| {
            format!(
                "network_name = \"{}\"\n\
                 passphrase = \"{}\"\n",
                ifac.network_name, ifac.passphrase
            )
        });
        format!(
            "\n\
             [[{name}]]\n\
             type = {kind}\n\
             enabled = yes\n\
             ingress_control = No\n\
             listen_ip = 127.0.0.1\n\
             {place}{ifac}"
        )
    }
}

/// Returns an instance name that no other rnsd of this machine has: all share one namespace.
fn unique_name() -> String {
    static NAMES: AtomicU32 = AtomicU32::new(0);
    let number = NAMES.fetch_add(1, Ordering::Relaxed);
    format!("lxst-interop-{}-{number}", process::id())
}

fn is_of_a_taken_port(error: &str) -> bool {
    error.contains("Address already in use") || error.contains(TAKEN_INSTANCE)
}

/// RNS's level for pathing, which logs connections, path requests and announces.
const LOG_LEVEL: u32 = 7;
const SPAWN_ATTEMPTS: u32 = 3;
