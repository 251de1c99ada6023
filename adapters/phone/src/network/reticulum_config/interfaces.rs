//! The interfaces of the configuration, by their type.

use lxst_reticulum::{Framing, Ifac};

use super::reader::Reader;
use super::serial::SerialLine;
use super::{ConfigFault, ConfigSection, ConfiguredInterface};
use crate::network::interface::{
    AutoConfig, DiscoveryScope, Interface, MulticastAddressType, Sockets,
};

/// Reads a section of an interface; `None` where it is not enabled.
pub(super) fn interface<R: Sockets>(
    section: &ConfigSection,
) -> Result<Option<ConfiguredInterface<R>>, ConfigFault> {
    let keys = Reader(section);
    let is_enabled = keys.switch("interface_enabled")? == Some(true);
    if !is_enabled && keys.switch("enabled")? != Some(true) {
        return Ok(None);
    }
    let kind = keys.needed("type")?;
    let interface = match kind {
        "AutoInterface" => auto(keys)?,
        "TCPClientInterface" => tcp_client(keys)?,
        "TCPServerInterface" => tcp_server(keys)?,
        "BackboneInterface" | "BackboneClientInterface" => backbone(keys)?,
        "UDPInterface" => udp(keys)?,
        "SerialInterface" | "KISSInterface" => {
            let framing = if kind == "KISSInterface" { Framing::Kiss } else { Framing::Hdlc };
            let ifac = ifac(keys, Ifac::SIZE_SERIAL)?;
            let line = SerialLine::read(&section.name, keys, framing, ifac)?;
            return Ok(Some(ConfiguredInterface::Serial(line)));
        }
        other => return Err(ConfigFault::Type(other.to_owned())),
    };
    let interface = interface.named(format!("{kind} \"{}\"", section.name));
    let interface = match ifac(keys, Ifac::SIZE)? {
        Some(ifac) => interface.with_ifac(ifac),
        None => interface,
    };
    Ok(Some(ConfiguredInterface::Interface(interface)))
}

fn auto<R: Sockets>(keys: Reader<'_>) -> Result<Interface<R>, ConfigFault> {
    let mut config = AutoConfig::default();
    if let Some(group) = keys.text("group_id")? {
        config = config.group(group);
    }
    let wanted = "link, admin, site, organisation or global";
    if let Some(scope) = keys.word("discovery_scope", SCOPES, wanted)? {
        config = config.scope(scope);
    }
    let wanted = "temporary or permanent";
    if let Some(kind) = keys.word("multicast_address_type", ADDRESS_TYPES, wanted)? {
        config = config.multicast_address_type(kind);
    }
    if let Some(port) = keys.port("discovery_port")? {
        config = config.discovery_port(port);
    }
    if let Some(port) = keys.port("data_port")? {
        config = config.data_port(port);
    }
    if let Some(names) = keys.list("devices") {
        config = config.devices(names);
    }
    if let Some(names) = keys.list("ignored_devices") {
        config = config.ignored_devices(names);
    }
    Ok(Interface::auto(config))
}

fn tcp_client<R: Sockets>(keys: Reader<'_>) -> Result<Interface<R>, ConfigFault> {
    if keys.switch("kiss_framing")? == Some(true) {
        keys.refuse("kiss_framing", "run rnsd, which does, and the phone attaches to it")?;
    }
    let port = keys.port("target_port")?.ok_or(ConfigFault::Missing("target_port"))?;
    let interface = Interface::tcp_client(address(keys.needed("target_host")?, port));
    match keys.number("fixed_mtu", u32::MAX, "a number of bytes")? {
        Some(mtu) => interface.with_mtu(mtu).map_err(|_| ConfigFault::Value {
            key: "fixed_mtu",
            value: mtu.to_string(),
            wanted: "from 500 to 2097151 bytes",
        }),
        None => Ok(interface),
    }
}

fn tcp_server<R: Sockets>(keys: Reader<'_>) -> Result<Interface<R>, ConfigFault> {
    keys.refuse("device", USE_LISTEN_IP)?;
    let port = keys.port("port")?.or(keys.port("listen_port")?);
    let port = port.ok_or(ConfigFault::Missing("listen_port"))?;
    Ok(Interface::tcp_server(address(keys.needed("listen_ip")?, port)))
}

/// As a client; an interface that listens is for transport nodes.
fn backbone<R: Sockets>(keys: Reader<'_>) -> Result<Interface<R>, ConfigFault> {
    let Some(host) = keys.text("remote")?.or(keys.text("target_host")?) else {
        return Err(ConfigFault::Type("BackboneInterface that listens".to_owned()));
    };
    let port = keys.port("port")?.or(keys.port("target_port")?);
    Ok(Interface::tcp_client(address(host, port.ok_or(ConfigFault::Missing("target_port"))?)))
}

fn udp<R: Sockets>(keys: Reader<'_>) -> Result<Interface<R>, ConfigFault> {
    keys.refuse("device", "set listen_ip and forward_ip to its address and its broadcast address")?;
    let port = keys.port("port")?;
    let of = |key| keys.port(key)?.or(port).ok_or(ConfigFault::Missing(key));
    let (listen, forward) = (of("listen_port")?, of("forward_port")?);
    let local = address(keys.needed("listen_ip")?, listen);
    Ok(Interface::udp(local, address(keys.needed("forward_ip")?, forward)))
}

/// `default_bytes` is the size of the access code where the section names none.
fn ifac(keys: Reader<'_>, default_bytes: usize) -> Result<Option<Ifac>, ConfigFault> {
    // RNS takes the second of two spellings, and passes over the word None.
    let either = |one, other| -> Result<Option<&str>, ConfigFault> {
        let given = |key| {
            Ok::<_, ConfigFault>(keys.text(key)?.filter(|text| !matches!(*text, "" | "None")))
        };
        Ok(given(other)?.or(given(one)?))
    };
    let name = either("networkname", "network_name")?;
    let passphrase = either("passphrase", "pass_phrase")?;
    if name.is_none() && passphrase.is_none() {
        return Ok(None);
    }
    let bits = keys.number("ifac_size", 512, "a number of bits from 8 to 512")?;
    let bytes = bits.map(|bits| bits as usize / 8).filter(|bytes| *bytes > 0);
    Ok(Some(Ifac::new(name, passphrase, bytes.unwrap_or(default_bytes))?))
}

fn address(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

const USE_LISTEN_IP: &str = "set listen_ip to the address of that device";
const SCOPES: &[(&str, DiscoveryScope)] = &[
    ("link", DiscoveryScope::Link),
    ("admin", DiscoveryScope::Admin),
    ("site", DiscoveryScope::Site),
    ("organisation", DiscoveryScope::Organisation),
    ("global", DiscoveryScope::Global),
];
const ADDRESS_TYPES: &[(&str, MulticastAddressType)] = &[
    ("temporary", MulticastAddressType::Temporary),
    ("permanent", MulticastAddressType::Permanent),
];
