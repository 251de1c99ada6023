//! The group of nodes that find each other: its multicast address, and the tokens of its members.
//!
//! *Source*: RNS/Interfaces/AutoInterface.py `__init__`, `peer_announce`.

use std::net::Ipv6Addr;

use lxst_reticulum::full_hash;

/// How far the multicasts of a group go.
///
/// Nodes talk over link-local addresses whatever the scope is, so that a wider one reaches no more
/// nodes: it takes the group out of hearing of those with another scope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DiscoveryScope {
    /// The network segment.
    #[default]
    Link,
    /// An administrator's area.
    Admin,
    /// A site.
    Site,
    /// An organisation.
    Organisation,
    /// No limit.
    Global,
}

/// The kind of a group's multicast address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MulticastAddressType {
    /// Not assigned by anybody.
    #[default]
    Temporary,
    /// Assigned for ever.
    Permanent,
}

/// A group, by its name: RNS's `group_id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    name: String,
    multicast: Ipv6Addr,
}

/// What a member sends, at which the others know it: the hash of the group's name and of the
/// member's link-local address as text.
pub(super) type Token = [u8; 32];

impl Group {
    pub(super) fn new(name: &str, scope: DiscoveryScope, kind: MulticastAddressType) -> Self {
        let hash = full_hash(name.as_bytes());
        let flags = match kind {
            MulticastAddressType::Temporary => 0x10,
            MulticastAddressType::Permanent => 0,
        };
        let scope = match scope {
            DiscoveryScope::Link => 2,
            DiscoveryScope::Admin => 4,
            DiscoveryScope::Site => 5,
            DiscoveryScope::Organisation => 8,
            DiscoveryScope::Global => 0xe,
        };
        // ff <flags, scope> : 0 : bytes 2 to 13 of the hash
        let mut address = [0; 16];
        (address[0], address[1]) = (0xff, flags | scope);
        address[4..].copy_from_slice(&hash[2..14]);
        Self { name: name.to_owned(), multicast: address.into() }
    }

    pub(super) const fn multicast(&self) -> Ipv6Addr {
        self.multicast
    }

    /// The token of the member at this address.
    pub(super) fn token(&self, member: Ipv6Addr) -> Token {
        full_hash(format!("{}{member}", self.name).as_bytes())
    }

    /// Tells whether a datagram is the token of its sender. What follows the token is ignored.
    pub(super) fn admits(&self, from: Ipv6Addr, datagram: &[u8]) -> bool {
        from.is_unicast_link_local() && datagram.starts_with(&self.token(from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected values were calculated with Python's `hashlib` from the format.
    #[test]
    fn addresses_and_tokens_are_those_of_the_reference() {
        let group = |name, scope| Group::new(name, scope, MulticastAddressType::Temporary);
        let (rns, house) =
            (group("reticulum", DiscoveryScope::Link), group("our house", DiscoveryScope::Global));
        assert_eq!(rns.multicast().to_string(), "ff12:0:d70b:fb1c:16e4:5e39:485e:31e1");
        assert_eq!(house.multicast().to_string(), "ff1e:0:40a0:b5a2:881e:6f10:fec0:3689");
        let permanent =
            Group::new("reticulum", DiscoveryScope::Site, MulticastAddressType::Permanent);
        assert_eq!(permanent.multicast().to_string(), "ff05:0:d70b:fb1c:16e4:5e39:485e:31e1");

        let member = "fe80::1c2b:3ff:fe04:5a6b".parse().unwrap();
        let hex: String = rns.token(member)[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "58c3a5dd56efe613");
        let hex: String =
            house.token(member)[24..].iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "5d6f67363dc9884dd5985004d1af93a4"[16..]);
    }

    #[test]
    fn a_token_is_its_senders_own() {
        let [group, other] = ["reticulum", "others"]
            .map(|name| Group::new(name, DiscoveryScope::Link, MulticastAddressType::Temporary));
        let (member, stranger): (Ipv6Addr, Ipv6Addr) =
            ("fe80::1".parse().unwrap(), "fe80::2".parse().unwrap());
        let token = group.token(member);
        assert!(group.admits(member, &token));
        assert!(group.admits(member, &[&token[..], b"more"].concat()));
        assert!(!group.admits(stranger, &token));
        assert!(!other.admits(member, &token));
        for cut in 0..token.len() {
            assert!(!group.admits(member, &token[..cut]), "{cut}");
        }
        let global = "2001:db8::1".parse().unwrap();
        assert!(!group.admits(global, &group.token(global)));
    }
}
