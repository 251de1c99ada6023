//! Addresses as people write them.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// A host and a port.
///
/// *Shape*: `HOST:PORT`, `[IPV6]:PORT` or an IP address alone, which means [`PORT`]. An IPv6
/// address may have a zone, `fe80::1%eth0`; one that needs none, such as `::1%lo`, does without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// Without brackets.
    pub(super) host: String,
    pub(super) port: u16,
}

impl Address {
    pub(super) fn parse(text: &str) -> io::Result<Self> {
        let text = text.trim();
        let found = match text.strip_prefix('[') {
            Some(rest) => bracketed(rest),
            None if text.matches(':').count() > 1 => bare_ipv6(text)?,
            None => match text.rsplit_once(':') {
                Some((host, port)) => with_port(host.into(), port),
                None => text.parse::<IpAddr>().is_ok().then(|| (text.into(), PORT)),
            },
        };
        let (host, port) = found.filter(|(host, _)| !host.is_empty()).ok_or_else(|| {
            invalid(format!(
                "\"{text}\" is not of the form HOST:PORT or [IPV6]:PORT, with a port up to 65535"
            ))
        })?;
        Ok(Self { host, port })
    }

    /// Parses the address of a node to connect or send to.
    pub(super) fn parse_peer(text: &str) -> io::Result<Self> {
        let address = Self::parse(text)?;
        if address.port == 0 {
            let message = format!("port 0 of \"{text}\" is for listening; give the peer's port");
            return Err(invalid(message));
        }
        Ok(address)
    }

    /// The address, where the host is one and no name.
    pub(super) fn literal(&self) -> Option<SocketAddr> {
        self.host.parse().ok().map(|ip: IpAddr| SocketAddr::new(ip, self.port))
    }

    pub(super) fn is_loopback(&self) -> bool {
        match self.host.parse::<IpAddr>() {
            Ok(ip) => ip.to_canonical().is_loopback(),
            Err(_) => self.host.eq_ignore_ascii_case("localhost"),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

/// What follows an opening bracket.
fn bracketed(rest: &str) -> Option<(String, u16)> {
    let (host, port) = rest.split_once(']')?;
    let host = ipv6(host)?;
    match port {
        "" => Some((host, PORT)),
        port => with_port(host, port.strip_prefix(':')?),
    }
}

fn bare_ipv6(text: &str) -> io::Result<Option<(String, u16)>> {
    let alone = ipv6(text).map(|host| (host, PORT));
    let with_port = text.rsplit_once(':').and_then(|(host, port)| with_port(ipv6(host)?, port));
    match (alone, with_port) {
        (Some(_), Some((host, port))) => {
            Err(invalid(format!("{text} has two readings: write [{text}], or [{host}]:{port}")))
        }
        (alone, with_port) => Ok(alone.or(with_port)),
    }
}

fn with_port(host: String, port: &str) -> Option<(String, u16)> {
    Some((host, port.parse().ok()?))
}

/// An IPv6 address with the zone that it needs: only a link-local one does.
fn ipv6(text: &str) -> Option<String> {
    let (address, zone) = text.split_once('%').unwrap_or((text, ""));
    let ip: Ipv6Addr = address.parse().ok()?;
    match zone {
        zone if zone.contains(':') => None,
        "" => Some(ip.to_string()),
        zone if ip.is_unicast_link_local() => Some(format!("{ip}%{zone}")),
        _ => Some(ip.to_string()),
    }
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

/// The port of an address without one, as in Reticulum's own examples.
const PORT: u16 = 4242;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_as_people_write_them() {
        for (text, host, port) in [
            ("example.org:4965", "example.org", 4965),
            ("localhost:0", "localhost", 0),
            ("127.0.0.1:4242", "127.0.0.1", 4242),
            (" 127.0.0.1\r\n", "127.0.0.1", 4242),
            ("::1", "::1", 4242),
            ("[::1]", "::1", 4242),
            ("[::1]:7", "::1", 7),
            ("[::1%lo]:7", "::1", 7),
            ("::1%lo", "::1", 4242),
            ("[fe80::1%eth0]:7", "fe80::1%eth0", 7),
            ("fe80::1%eth0:7", "fe80::1%eth0", 7),
            ("2001:db8::1", "2001:db8::1", 4242),
            ("1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8", 9),
        ] {
            let address = Address { host: host.into(), port };
            assert_eq!(Address::parse(text).unwrap(), address, "{text}");
            assert_eq!(Address::parse(&address.to_string()).unwrap(), address, "{text}");
        }
    }

    #[test]
    fn addresses_of_this_machine_are_known() {
        let is_loopback = |text| Address::parse(text).unwrap().is_loopback();
        for text in ["127.0.0.1", "127.1.2.3:1", "::1", "[::ffff:127.0.0.1]:1", "Localhost:1"] {
            assert!(is_loopback(text), "{text}");
        }
        for text in ["192.0.2.1", "2001:db8::1", "localhost.example.org:1"] {
            assert!(!is_loopback(text), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", ":", "nowhere", "nowhere:", ":4242", "nowhere:65536", "a:b:c", "[::1"] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
        for text in ["[nowhere]:1", "[127.0.0.1]:1", "[::1]4242", "4242", "host:-1", ":::"] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_address_with_two_readings_is_refused_with_both() {
        let error = Address::parse("::1:4242").unwrap_err().to_string();
        assert!(error.contains("[::1:4242], or [::1]:4242"), "{error}");
    }
}
