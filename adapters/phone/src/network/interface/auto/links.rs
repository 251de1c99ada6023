//! The network interfaces of this machine, and the sockets on each.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket};

use if_addrs::IfAddr;
use socket2::{Domain, Protocol, Socket, Type};

use super::discovery::LinkIndex;

/// The UDP ports of a group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ports {
    /// Where tokens to the group go.
    pub(super) tokens: u16,
    /// Where tokens to one node go.
    pub(super) own_tokens: u16,
    /// Where packets go.
    pub(super) data: u16,
}

/// Which network interfaces are used, by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Devices {
    /// Where it is not empty, no others.
    pub(super) only: Vec<String>,
    pub(super) ignored: Vec<String>,
}

/// A network interface with a link-local address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Found {
    pub(super) index: LinkIndex,
    pub(super) name: String,
    pub(super) address: Ipv6Addr,
}

/// The sockets on one network interface.
#[derive(Debug)]
pub(super) struct LinkSockets {
    /// What is sent to the group.
    pub(super) multicasts: UdpSocket,
    /// Tokens that are sent to us alone.
    pub(super) own_tokens: UdpSocket,
    /// Packets. Tokens are sent from it too, for it has the address that they are made of.
    pub(super) data: UdpSocket,
}

/// Returns the network interfaces of this machine that have a link-local address.
pub(super) fn list() -> io::Result<Vec<Found>> {
    let listed = if_addrs::get_if_addrs()?.into_iter();
    Ok(listed
        .filter_map(|listed| match (listed.addr, listed.index) {
            (IfAddr::V6(found), Some(index)) if found.ip.is_unicast_link_local() => {
                Some(Found { index: LinkIndex(index), name: listed.name, address: found.ip })
            }
            _ => None,
        })
        .collect())
}

impl Devices {
    /// Chooses from what was listed: of each network interface one address, that which is `in_use`
    /// where it still has it; and [`MAX_LINKS`] network interfaces, those with the lowest numbers.
    pub(super) fn choose(
        &self,
        mut listed: Vec<Found>,
        in_use: impl Fn(&Found) -> bool,
    ) -> Vec<Found> {
        listed.retain(|found| self.are_with(&found.name));
        listed.sort_by_key(|found| (found.index, !in_use(found), found.address));
        let mut chosen = BTreeMap::new();
        for found in listed {
            chosen.entry(found.index).or_insert(found);
        }
        let left_out = chosen.values().skip(MAX_LINKS);
        let left_out: Vec<_> = left_out.map(|found| &*found.name).collect();
        if !left_out.is_empty() {
            tracing::debug!("AutoInterface leaves out {}: name its devices", left_out.join(", "));
        }
        chosen.into_values().take(MAX_LINKS).collect()
    }

    fn are_with(&self, name: &str) -> bool {
        let is_among = |names: &[String]| names.iter().any(|of| of == name);
        if is_among(&self.ignored) || NEVER.contains(&name) {
            return false;
        }
        match &*self.only {
            [] => !RESERVED.contains(&name),
            only => is_among(only),
        }
    }

    /// What to do where no network interface can be used.
    pub(super) fn remedy(&self) -> String {
        match &*self.only {
            [] => "connect this machine to a network, and allow IPv6 on it".to_owned(),
            only => format!("devices names {} alone", only.join(", ")),
        }
    }
}

/// Opens the sockets on a network interface.
///
/// # Errors
/// The operating system's: [`AddrInUse`](io::ErrorKind::AddrInUse) with the remedy; for about 2 s
/// after a network interface came up, its address is not available.
pub(super) fn open(found: &Found, group: Ipv6Addr, ports: Ports) -> io::Result<LinkSockets> {
    let LinkIndex(index) = found.index;
    let own = |port| SocketAddrV6::new(found.address, port, 0, index);
    // RNS does not share this port either: each datagram would reach one of two programs.
    let data = socket()?;
    data.bind(&own(ports.data).into()).map_err(|error| in_use(error, found, ports))?;
    data.set_multicast_if_v6(index)?;
    data.set_multicast_loop_v6(true)?;

    let own_tokens = shared()?;
    own_tokens.bind(&own(ports.own_tokens).into())?;

    let multicasts = shared()?;
    multicasts.join_multicast_v6(&group, index)?;
    // Windows binds to no multicast address.
    let at = if cfg!(windows) { Ipv6Addr::UNSPECIFIED } else { group };
    let at = SocketAddrV6::new(at, ports.tokens, 0, if cfg!(windows) { 0 } else { index });
    multicasts.bind(&at.into())?;
    Ok(LinkSockets {
        multicasts: multicasts.into(),
        own_tokens: own_tokens.into(),
        data: data.into(),
    })
}

/// The address to send to, on a network interface.
pub(super) fn address(LinkIndex(index): LinkIndex, to: Ipv6Addr, port: u16) -> SocketAddr {
    SocketAddrV6::new(to, port, 0, index).into()
}

fn socket() -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV6, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_only_v6(true)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// A socket whose address other programs may have as well, as those of RNS are.
fn shared() -> io::Result<Socket> {
    let socket = socket()?;
    socket.set_reuse_address(true)?;
    #[cfg(unix)]
    socket.set_reuse_port(true)?;
    Ok(socket)
}

fn in_use(error: io::Error, found: &Found, ports: Ports) -> io::Error {
    if error.kind() != io::ErrorKind::AddrInUse {
        return error;
    }
    let message = format!(
        "UDP port {} of {} is in use, by another Reticulum program of this machine perhaps; attach \
         to that as a shared instance, end it, or set the data port of all nodes to another",
        ports.data, found.name
    );
    io::Error::new(error.kind(), message)
}

/// The most network interfaces that are used at once. The reference has no bound.
const MAX_LINKS: usize = 16;
/// Never used. *Source*: RNS/Interfaces/AutoInterface.py `ALL_IGNORE_IFS`.
const NEVER: &[&str] = &["lo0"];
/// Used only where they are asked for. *Source*: likewise `DARWIN_IGNORE_IFS`,
/// `ANDROID_IGNORE_IFS`.
const RESERVED: &[&str] = if cfg!(target_vendor = "apple") {
    &["awdl0", "llw0", "en5"]
} else if cfg!(target_os = "android") {
    &[
        "dummy0", "lo", "tun0", "rmnet0", "rmnet1", "rmnet2", "rmnet3", "rmnet4", "rmnet5",
        "rmnet6", "rmnet7",
    ]
} else {
    &[]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_chosen_by_name_and_each_with_one_address() {
        let listed = || vec![found(4, "wlan0", 9), found(2, "eth0", 7), found(2, "eth0", 5)];
        let chosen = |only: &[&str], ignored: &[&str]| -> Vec<_> {
            let [only, ignored] =
                [only, ignored].map(|names| names.iter().map(|&name| name.to_owned()).collect());
            let chosen = Devices { only, ignored }.choose(listed(), |_| false);
            chosen.into_iter().map(|found| (found.name, found.address.segments()[7])).collect()
        };
        let (eth0, wlan0) = (("eth0".to_owned(), 5), ("wlan0".to_owned(), 9));
        assert_eq!(chosen(&[], &[]), [eth0.clone(), wlan0.clone()]);
        assert_eq!(chosen(&["wlan0", "nowhere"], &[]), std::slice::from_ref(&wlan0));
        assert_eq!(chosen(&[], &["eth0"]), [wlan0]);
        assert_eq!(chosen(&["eth0"], &["eth0"]), []);

        let in_use = |found: &Found| found.address.segments()[7] == 7;
        let kept = Devices::default().choose(listed(), in_use);
        assert_eq!(kept[0].address.segments()[7], 7);
    }

    #[test]
    fn network_interfaces_have_a_bound() {
        let listed = (0..100).rev().map(|number| found(number, &format!("veth{number}"), 1));
        let chosen = Devices::default().choose(listed.collect(), |_| false);
        assert_eq!(chosen.len(), MAX_LINKS);
        assert_eq!(chosen[0].name, "veth0");
    }

    fn found(index: u32, name: &str, host: u16) -> Found {
        let address = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, host);
        Found { index: LinkIndex(index), name: name.to_owned(), address }
    }
}
