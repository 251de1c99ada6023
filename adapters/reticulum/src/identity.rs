//! Private identities, and the hashes of destinations and app names.

use core::fmt;

use lxst_core::{Destination, IdentityHash, NameHash};
use rns_core::hash::{full_hash, truncated_hash};
use rns_crypto::Rng;
use rns_crypto::ed25519::Ed25519PrivateKey;

/// A private Reticulum identity: an X25519 and an Ed25519 key.
///
/// *Shape*: the 64 bytes of an RNS identity file, the X25519 key first.
pub struct Identity {
    inner: rns_crypto::identity::Identity,
    private_key: [u8; 64],
    signing_key: Ed25519PrivateKey,
    signing_public_key: [u8; 32],
}

impl Identity {
    /// Reads an identity from the 64 bytes of an RNS identity file.
    ///
    /// # Errors
    /// [`IdentityError`] if there are not 64 bytes, or a key is not random.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, IdentityError> {
        let private_key: [u8; 64] =
            bytes.try_into().map_err(|_| IdentityError::Length(bytes.len()))?;
        let (first, second) = private_key.split_at(32);
        for key in [first, second] {
            if let [byte, rest @ ..] = key
                && rest.iter().all(|other| other == byte)
            {
                return Err(IdentityError::EqualBytes(*byte));
            }
        }
        if first == second {
            return Err(IdentityError::EqualKeys);
        }
        Ok(Self::from_private_key(private_key))
    }

    /// Creates a new identity. `rng` must be a cryptographic generator.
    pub fn generate(rng: &mut dyn Rng) -> Self {
        let mut private_key = [0; 64];
        rng.fill_bytes(&mut private_key);
        Self::from_private_key(private_key)
    }

    /// Returns the private keys, to be stored as an RNS identity file that only its owner may read.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 64] {
        self.private_key
    }

    /// Returns the hash of this identity, which people dial.
    #[must_use]
    pub fn hash(&self) -> IdentityHash {
        IdentityHash(*self.inner.hash())
    }

    /// Returns the destination at which this identity takes calls.
    #[must_use]
    pub fn destination(&self) -> DestinationHash {
        DestinationHash::telephony(self.hash())
    }

    fn from_private_key(private_key: [u8; 64]) -> Self {
        let mut seed = [0; 32];
        seed.copy_from_slice(&private_key[32..]);
        let signing_key = Ed25519PrivateKey::from_bytes(&seed);
        let signing_public_key = signing_key.public_key().public_bytes();
        Self {
            inner: rns_crypto::identity::Identity::from_private_key(&private_key),
            private_key,
            signing_key,
            signing_public_key,
        }
    }

    /// Returns the public keys: for encryption, then for signatures.
    pub(crate) fn public_key(&self) -> [u8; 64] {
        self.inner.get_public_key().expect("an identity that was made from private keys has both")
    }

    pub(crate) fn inner(&self) -> &rns_crypto::identity::Identity {
        &self.inner
    }

    pub(crate) fn signing_key(&self) -> (&Ed25519PrivateKey, &[u8; 32]) {
        (&self.signing_key, &self.signing_public_key)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Identity").field(&self.hash()).finish()
    }
}

/// Why bytes are not accepted as an identity. A key that was not drawn at random, such as the zeros
/// of a file that was created and never written, is known to everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// There are this many bytes.
    #[error("identity of {0} bytes, must be 64: the X25519 and then the Ed25519 private key")]
    Length(usize),
    /// All 32 bytes of a key have this value.
    #[error("a key of 32 equal bytes ({0:#04x}), which everybody knows: must be random")]
    EqualBytes(u8),
    /// The two keys are equal.
    #[error("twice the same key: must be two, each random")]
    EqualKeys,
}

/// The hash of one destination of an identity. People dial the identity's hash, not this one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DestinationHash(pub [u8; 16]);

impl DestinationHash {
    /// Returns the destination at which an identity takes calls: `lxst.telephony`.
    #[must_use]
    pub fn telephony(identity: IdentityHash) -> Self {
        Destination::telephony(identity).into()
    }
}

impl From<Destination> for DestinationHash {
    /// *Source*: RNS/Destination.py `hash`.
    fn from(destination: Destination) -> Self {
        let Destination { name: NameHash(name), identity: IdentityHash(identity) } = destination;
        Self(truncated_hash(&[&name[..], &identity].concat()))
    }
}

impl fmt::Display for DestinationHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for DestinationHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DestinationHash({self})")
    }
}

/// Returns the hash of an app's name: its parts with dots between them, such as `lxst.telephony`.
///
/// *Source*: RNS/Destination.py `hash`.
#[must_use]
pub fn name_hash(name: &str) -> NameHash {
    let mut hash = [0; 10];
    // A SHA-256 has 32 bytes.
    hash.copy_from_slice(&full_hash(name.as_bytes())[..10]);
    NameHash(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_destinations_hash_as_in_reticulum() {
        use rns_core::destination;
        assert_eq!(name_hash("lxst.telephony"), NameHash::TELEPHONY);
        assert_eq!(name_hash("lxst.room").0, destination::name_hash("lxst", &["room"]));
        let identity = IdentityHash([7; 16]);
        let room = Destination { identity, name: name_hash("lxst.room") };
        let expected = destination::destination_hash("lxst", &["room"], Some(&identity.0));
        assert_eq!(DestinationHash::from(room).0, expected);
    }

    #[test]
    fn an_identity_survives_its_file() {
        let bytes: [u8; 64] = core::array::from_fn(|i| i as u8);
        let identity = Identity::from_bytes(&bytes).unwrap();
        assert_eq!(identity.to_bytes(), bytes);
        let again = Identity::from_bytes(&identity.to_bytes()).unwrap();
        assert_eq!(again.hash(), identity.hash());
        assert_eq!(Identity::from_bytes(&bytes[1..]).unwrap_err(), IdentityError::Length(63));
    }

    #[test]
    fn keys_that_no_generator_drew_are_refused() {
        let mut bytes: [u8; 64] = core::array::from_fn(|i| i as u8);
        bytes[32..].fill(0xff);
        assert_eq!(Identity::from_bytes(&bytes).unwrap_err(), IdentityError::EqualBytes(0xff));
        assert_eq!(Identity::from_bytes(&[0; 64]).unwrap_err(), IdentityError::EqualBytes(0));
        let (key, copy) = bytes.split_at_mut(32);
        copy.copy_from_slice(key);
        assert_eq!(Identity::from_bytes(&bytes).unwrap_err(), IdentityError::EqualKeys);
    }
}
