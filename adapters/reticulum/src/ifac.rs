//! Interface access codes (IFAC): only members of a network can read and send on its interfaces.
//!
//! Each packet carries a code, the tail of its signature by a key that all members derive from the
//! network's name and passphrase. The code also masks the packet.
//!
//! ```text
//! [flags 1, with 0x80][hops 1][code 1 to 64][rest of the packet ..]
//!  ^ all but the code is masked, and 0x80 stays set
//! ```
//! *Source*: RNS/Reticulum.py `_add_interface`, RNS/Transport.py `handle_outgoing_ifac` and
//! `handle_ifac`.

use alloc::vec::Vec;
use core::fmt;

use rns_core::hash::full_hash;
use rns_crypto::ed25519::Ed25519PrivateKey;
use rns_crypto::hkdf::{HkdfError, hkdf};

/// The interface access code of a network: its key, and the length of the code in packets.
///
/// Both ends of an interface need the same. Members see all packets; others can neither read nor
/// send any. A shared instance has none towards its local clients.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Ifac {
    key: [u8; 64],
    size: u8,
}

impl Ifac {
    /// The default size of RNS for TCP and UDP, in bytes.
    pub const SIZE: usize = 16;
    /// The default size of RNS for serial lines, pipes and radios, in bytes.
    pub const SIZE_SERIAL: usize = 8;

    /// Derives the access code that RNS derives from `network_name` and `passphrase`, or from one
    /// of them; an empty text counts as none. `size` is in bytes; the `ifac_size` of an RNS
    /// configuration is in bits.
    ///
    /// # Errors
    /// [`IfacError`].
    pub fn new(
        network_name: Option<&str>,
        passphrase: Option<&str>,
        size: usize,
    ) -> Result<Self, IfacError> {
        let mut origin = Vec::with_capacity(64);
        for text in [network_name, passphrase].into_iter().flatten().filter(|text| !text.is_empty())
        {
            origin.extend_from_slice(&full_hash(text.as_bytes()));
        }
        if origin.is_empty() {
            return Err(IfacError::Open);
        }
        if !(1..=SIGNATURE).contains(&size) {
            return Err(IfacError::Size(size));
        }
        let mut key = [0; 64];
        let derived = hkdf(key.len(), &full_hash(&origin), Some(&SALT), None)
            .expect("a hash is not empty, and neither is the key");
        key.copy_from_slice(&derived);
        Ok(Self { key, size: size as u8 })
    }

    pub(crate) fn size(&self) -> usize {
        usize::from(self.size)
    }
}

impl fmt::Debug for Ifac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ifac").field("size", &self.size).finish_non_exhaustive()
    }
}

/// Why an access code cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IfacError {
    /// There is neither a name nor a passphrase.
    #[error("neither a network name nor a passphrase, an open interface has no access code")]
    Open,
    /// The code would have this many bytes; 1 to 64 are allowed.
    #[error("access code of {0} bytes, must be 1 to 64; RNS configurations give it in bits")]
    Size(usize),
}

/// Masks and unmasks the packets of one interface.
pub(crate) struct IfacCodec {
    ifac: Ifac,
    signer: Ed25519PrivateKey,
}

impl IfacCodec {
    pub(crate) fn new(ifac: Ifac) -> Self {
        let mut seed = [0; 32];
        seed.copy_from_slice(&ifac.key[32..]);
        Self { ifac, signer: Ed25519PrivateKey::from_bytes(&seed) }
    }

    /// Masks a packet of ours.
    pub(crate) fn mask(&self, packet: &[u8]) -> Vec<u8> {
        let (header, rest) = packet.split_at(HEADER);
        let code = self.code(packet);
        let mut masked = [header, code.as_slice(), rest].concat();
        self.apply_mask(&code, &mut masked).expect("neither the code nor the packet is empty");
        masked[0] |= IFAC_FLAG;
        masked
    }

    /// Unmasks received bytes; `None` if they carry no code. Whether the code is right costs a
    /// signature: see [`is_genuine`](Self::is_genuine).
    pub(crate) fn unmask(&self, raw: &[u8]) -> Option<Vec<u8>> {
        if raw.first()? & IFAC_FLAG == 0 || raw.len() <= HEADER + self.ifac.size() {
            return None;
        }
        let code = &raw[HEADER..HEADER + self.ifac.size()];
        let mut packet = raw.to_vec();
        self.apply_mask(code, &mut packet).ok()?;
        packet.drain(HEADER..HEADER + self.ifac.size());
        packet[0] &= !IFAC_FLAG;
        Some(packet)
    }

    /// Returns whether received bytes carry the code of the packet in them.
    pub(crate) fn is_genuine(&self, raw: &[u8], packet: &[u8]) -> bool {
        raw.get(HEADER..HEADER + self.ifac.size()) == Some(&self.code(packet))
    }

    fn code(&self, packet: &[u8]) -> Vec<u8> {
        self.signer.sign(packet)[SIGNATURE - self.ifac.size()..].to_vec()
    }

    /// Masks or unmasks everything but the code.
    fn apply_mask(&self, code: &[u8], bytes: &mut [u8]) -> Result<(), HkdfError> {
        let mask = hkdf(bytes.len(), code, Some(&self.ifac.key), None)?;
        let of_code = HEADER..HEADER + self.ifac.size();
        for (at, (byte, mask)) in bytes.iter_mut().zip(mask).enumerate() {
            if !of_code.contains(&at) {
                *byte ^= mask;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for IfacCodec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ifac.fmt(f)
    }
}

/// Marks a packet with an access code.
pub(crate) const IFAC_FLAG: u8 = 0x80;
/// Flags and hops.
const HEADER: usize = 2;
const SIGNATURE: usize = 64;
/// *Source*: RNS/Reticulum.py `IFAC_SALT`.
const SALT: [u8; 32] = [
    0xad, 0xf5, 0x4d, 0x88, 0x2c, 0x9a, 0x9b, 0x80, 0x77, 0x1e, 0xb4, 0x99, 0x5d, 0x70, 0x2d, 0x4a,
    0x3e, 0x73, 0x33, 0x91, 0xb2, 0xa0, 0xf5, 0x3f, 0x41, 0x6d, 0x9f, 0x90, 0x7e, 0x55, 0xcf, 0xf8,
];

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;

    use super::*;

    const MESH: Option<&str> = Some("mesh");
    const SECRET: Option<&str> = Some("secret");

    #[test]
    fn packets_are_masked_as_rns_1_5_7_masks_them() {
        // (network name, passphrase, size, the output of handle_outgoing_ifac for the packet)
        let vectors = [
            (
                MESH,
                None,
                16,
                "8ab588340122a69116a87c9efbae6489fd01293c6d9b36d93a8cd3ab858fc9ebeede7683ed1774ef",
            ),
            (None, SECRET, 8, "bf9ed23276cbff33a508dc1ab56b53c6fbc2f26166fe93fcb3b2f7b9a1bb5ad8"),
            (
                MESH,
                SECRET,
                16,
                "af98468eec539c52b55daf940641b9a79b0607d1a2737cd3ac9b4eb6d184095eca81a3d7ddd16bfc",
            ),
            (Some("m\u{e4}sh"), SECRET, 1, "cf0b018e014960e891e345f9398b62ed89d831d515ccf7b459"),
            (
                MESH,
                SECRET,
                64,
                "edaa1159ff92eafb76535b874de726a18b47882f4223d980803a3af0104adf32\
                 e447b67c9018ac02ca25034f1a6cfdfad5d6468eec539c52b55daf940641b9a7\
                 9b061725861c8919a171ec003932a203490dc291ada42b68",
            ),
        ];
        for (name, passphrase, size, masked) in vectors {
            let codec = codec(name, passphrase, size);
            let sent = codec.mask(&packet(24));
            assert_eq!(hex(&sent), masked, "{name:?} {passphrase:?} {size}");
            assert_eq!(genuine(&codec, &sent), Some(packet(24)));
        }
    }

    #[test]
    fn a_packet_longer_than_the_counter_of_the_mask_is_masked_as_rns_masks_it() {
        let codec = codec(MESH, SECRET, 16);
        let sent = codec.mask(&packet(9_000));
        let hash = "9d66f270af17ed57c4b783877093f094fe5301a484bab6762313990031302262";
        assert_eq!(hex(&full_hash(&sent)), hash);
        assert_eq!(genuine(&codec, &sent), Some(packet(9_000)));
    }

    #[test]
    fn a_packet_with_any_bit_changed_is_refused() {
        let codec = codec(MESH, SECRET, 8);
        let sent = codec.mask(&packet(24));
        for bit in 0..sent.len() * 8 {
            let mut changed = sent.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(genuine(&codec, &changed), None, "bit {bit}");
        }
        for len in 0..sent.len() {
            assert_eq!(genuine(&codec, &sent[..len]), None, "{len} bytes");
        }
    }

    #[test]
    fn an_access_code_that_rns_would_not_have_is_refused() {
        assert_eq!(Ifac::new(None, None, 16), Err(IfacError::Open));
        assert_eq!(Ifac::new(Some(""), Some(""), 16), Err(IfacError::Open));
        assert_eq!(Ifac::new(MESH, None, 0), Err(IfacError::Size(0)));
        assert_eq!(Ifac::new(MESH, None, 128), Err(IfacError::Size(128)));
        assert_eq!(Ifac::new(MESH, Some(""), 16), Ifac::new(MESH, None, 16));
        assert_ne!(Ifac::new(MESH, None, 16), Ifac::new(None, MESH, 8));
    }

    #[test]
    fn the_key_does_not_show() {
        let ifac = Ifac::new(MESH, SECRET, 16).unwrap();
        assert_eq!(
            format!("{ifac:?} {:?}", IfacCodec::new(ifac)),
            "Ifac { size: 16, .. } Ifac { size: 16, .. }"
        );
    }

    fn codec(name: Option<&str>, passphrase: Option<&str>, size: usize) -> IfacCodec {
        IfacCodec::new(Ifac::new(name, passphrase, size).unwrap())
    }

    fn genuine(codec: &IfacCodec, raw: &[u8]) -> Option<Vec<u8>> {
        codec.unmask(raw).filter(|packet| codec.is_genuine(raw, packet))
    }

    fn packet(len: usize) -> Vec<u8> {
        (0..len).map(|at| (at * 7 + 1) as u8).collect()
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
