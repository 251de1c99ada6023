//! AutoInterface: nodes of a local network find each other, and exchange packets over UDP.
//!
//! `group` has the wire format, `discovery` the machine that knows the peers, `links` the network
//! interfaces and their sockets, `serve` the task that joins them.

mod discovery;
mod duplicates;
mod group;
mod links;
mod serve;

use lxst_reticulum::InterfaceConfig;

use super::sockets::Sockets;
use super::{Interface, unusable};
use group::Group;
pub use group::{DiscoveryScope, MulticastAddressType};
use links::Devices;
use links::Ports;
use serve::Auto;

/// The settings of an [`Interface::auto`]. The nodes of a group must have the same, but for their
/// devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AutoConfig {
    group: String,
    scope: DiscoveryScope,
    address_type: MulticastAddressType,
    discovery_port: u16,
    data_port: u16,
    devices: Devices,
}

impl AutoConfig {
    /// Sets the name of the group: only its nodes find each other (RNS: `group_id`). *Default*:
    /// `reticulum`. The name is no secret on the network: [`Interface::with_ifac`] keeps strangers
    /// out.
    #[must_use]
    pub fn group(mut self, name: impl Into<String>) -> Self {
        self.group = name.into();
        self
    }

    /// Sets the scope of the group's multicast address (RNS: `discovery_scope`).
    #[must_use]
    pub const fn scope(mut self, scope: DiscoveryScope) -> Self {
        self.scope = scope;
        self
    }

    /// Sets the type of the group's multicast address (RNS: `multicast_address_type`).
    #[must_use]
    pub const fn multicast_address_type(mut self, kind: MulticastAddressType) -> Self {
        self.address_type = kind;
        self
    }

    /// Sets the UDP port on which nodes find each other; the next one is used as well (RNS:
    /// `discovery_port`). *Default*: 29716.
    #[must_use]
    pub const fn discovery_port(mut self, port: u16) -> Self {
        self.discovery_port = port;
        self
    }

    /// Sets the UDP port of packets (RNS: `data_port`). *Default*: 42671.
    #[must_use]
    pub const fn data_port(mut self, port: u16) -> Self {
        self.data_port = port;
        self
    }

    /// Uses these network interfaces only, such as `eth0` (RNS: `devices`). *Default*: all that
    /// have an IPv6 link-local address, without those that macOS and Android have for themselves.
    #[must_use]
    pub fn devices(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.devices.only = names.into_iter().map(Into::into).collect();
        self
    }

    /// Does not use these network interfaces (RNS: `ignored_devices`).
    #[must_use]
    pub fn ignored_devices(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.devices.ignored = names.into_iter().map(Into::into).collect();
        self
    }

    fn name(&self) -> String {
        match &*self.group {
            GROUP => "AutoInterface".to_owned(),
            group => format!("AutoInterface of the group \"{group}\""),
        }
    }
}

impl Default for AutoConfig {
    fn default() -> Self {
        Self {
            group: GROUP.to_owned(),
            scope: DiscoveryScope::default(),
            address_type: MulticastAddressType::default(),
            discovery_port: DISCOVERY_PORT,
            data_port: DATA_PORT,
            devices: Devices::default(),
        }
    }
}

impl<R: Sockets> Interface<R> {
    /// Finds the nodes of the local network by itself, and exchanges packets with them, as RNS's
    /// `AutoInterface` does: over IPv6 link-local addresses, which every network has, with neither
    /// a router nor a server.
    ///
    /// Each peer is a connection of its own. Network interfaces may come and go; they are looked at
    /// every 4 s. While there is no peer, [`InterfaceState::trouble`](crate::InterfaceState) tells
    /// why, as far as that can be known.
    ///
    /// *Shape*: each node multicasts a token every 1.6 s; a peer that is silent for 22 s is gone.
    ///
    /// *Bounds*: 16 network interfaces, each with 64 peers. One more takes the place of another, at
    /// most one in 100 ms: of one that never sent a packet, else of the one that was silent for the
    /// longest time. Each peer has a share of its own of what the phone reads and of what strangers
    /// may use. Who can send on the network can make up addresses, and evade these bounds.
    ///
    /// # Errors
    /// The phone does not start where a port is in use, by another Reticulum program of this
    /// machine for example: RNS shares its data port with nobody. Attach to that program then, by
    /// [`shared_instance`](Self::shared_instance).
    ///
    /// # Examples
    /// ```no_run
    /// use lxst_smol::{AutoConfig, Identity, Interface, OsRng, PhoneBuilder};
    ///
    /// let at_home = AutoConfig::default().ignored_devices(["docker0"]);
    /// let phone = PhoneBuilder::new(Identity::generate(&mut OsRng))
    ///     .interface(Interface::auto(at_home));
    /// ```
    #[must_use]
    pub fn auto(config: AutoConfig) -> Self {
        Self::of(config.name(), InterfaceConfig::AUTO, move |runtime: R| {
            let AutoConfig { group, scope, address_type, discovery_port, data_port, devices } =
                config.clone();
            let own_discovery_port = discovery_port.checked_add(1);
            let (Some(own_tokens), 1.., 1..) = (own_discovery_port, discovery_port, data_port)
            else {
                return Err(unusable(
                    "a discovery port is from 1 to 65534, and a data port from 1 to 65535",
                ));
            };
            let ports = Ports { tokens: discovery_port, own_tokens, data: data_port };
            let group = Group::new(&group, scope, address_type);
            let auto = Auto::open(runtime, group, ports, devices)?;
            Ok((None, Box::new(move |uplink| Box::pin(auto.serve(uplink)))))
        })
    }
}

/// *Source*: RNS/Interfaces/AutoInterface.py `DEFAULT_GROUP_ID`.
const GROUP: &str = "reticulum";
/// *Source*: likewise `DEFAULT_DISCOVERY_PORT`.
const DISCOVERY_PORT: u16 = 29_716;
/// *Source*: likewise `DEFAULT_DATA_PORT`.
const DATA_PORT: u16 = 42_671;
