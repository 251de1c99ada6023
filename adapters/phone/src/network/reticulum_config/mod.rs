//! Reticulum's own configuration, `~/.reticulum/config`: what it says of the shared instance, and
//! the interfaces of it that a phone can have.
//!
//! *Source*: RNS/Reticulum.py `__apply_config`, `_synthesize_interface`, and the constructors of
//! the interfaces.

mod interfaces;
mod reader;
mod serial;

use std::fmt;

use lxst_reticulum::IfacError;

use super::interface::{Interface, Sockets};
use interfaces::interface;
use reader::Reader;
pub use serial::{Parity, SerialLine};

/// A section of the file, as a reader of INI gives it: its name, and its keys with their values. A
/// value that is no list is a list of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigSection {
    /// Without brackets.
    pub name: String,
    /// In any order; no key twice.
    pub entries: Vec<(String, Vec<String>)>,
}

/// What Reticulum's configuration means to a phone.
///
/// Keys that concern a transport node, such as `mode` or `announce_cap`, mean nothing to a phone,
/// which is none.
///
/// # Examples
/// ```
/// use lxst_smol::{ConfigSection, ConfiguredInterface, ReticulumConfig, Smol};
///
/// let entries = [("type", "AutoInterface"), ("enabled", "yes")];
/// let entries = entries.map(|(key, value)| (key.to_owned(), vec![value.to_owned()])).into();
/// let at_home = ConfigSection { name: "At home".to_owned(), entries };
/// let (config, problems) =
///     ReticulumConfig::<Smol>::read(&ConfigSection::default(), &[at_home]);
/// assert!(problems.is_empty());
/// assert_eq!(config.shared_instance.unwrap().to_string(), "shared instance \"default\"");
/// let [ConfiguredInterface::Interface(interface)] = &config.interfaces[..] else { panic!() };
/// assert_eq!(interface.to_string(), "AutoInterface \"At home\"");
/// ```
#[derive(Clone, Debug)]
pub struct ReticulumConfig<R> {
    /// The shared instance to attach to while one runs; `None` where the configuration has
    /// `share_instance = no`.
    pub shared_instance: Option<Interface<R>>,
    /// The interfaces that are enabled and can be brought up, in the order of the file.
    pub interfaces: Vec<ConfiguredInterface<R>>,
}

/// An interface of the configuration.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ConfiguredInterface<R> {
    /// An interface for a phone.
    Interface(Interface<R>),
    /// A serial line, which the app opens.
    Serial(SerialLine),
}

/// Why a section of the configuration is left out, or a part of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("section \"{section}\": {problem}")]
pub struct ConfigProblem {
    /// The name of the section.
    pub section: String,
    /// What is wrong with it.
    pub problem: ConfigFault,
}

/// What is wrong with a section of Reticulum's configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigFault {
    /// A phone has no interfaces of this type.
    #[error("a phone cannot bring up a {0}; run rnsd, which can, and the phone attaches to it")]
    Type(String),
    /// A phone cannot do what this key asks for.
    #[error("a phone does not know {key}; {remedy}")]
    Unsupported {
        /// The key.
        key: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// A key is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A value is not of its kind.
    #[error("{key} = {value}: it must be {wanted}")]
    Value {
        /// The key.
        key: &'static str,
        /// Its value.
        value: String,
        /// What it may be.
        wanted: &'static str,
    },
    /// The access code cannot be made.
    #[error(transparent)]
    Ifac(#[from] IfacError),
}

impl<R: Sockets> ReticulumConfig<R> {
    /// Reads the section `[reticulum]`, and the sections within `[interfaces]`. What has a problem
    /// is left out; the problems are for people.
    #[must_use]
    pub fn read(
        reticulum: &ConfigSection,
        interfaces: &[ConfigSection],
    ) -> (Self, Vec<ConfigProblem>) {
        let mut problems = Vec::new();
        let mut take = |section: &ConfigSection, problem| {
            problems.push(ConfigProblem { section: section.name.clone(), problem });
        };
        let shared_instance = shared_instance(reticulum).unwrap_or_else(|problem| {
            take(reticulum, problem);
            None
        });
        let mut found = Vec::new();
        for section in interfaces {
            match interface(section) {
                Ok(interface) => found.extend(interface),
                Err(problem) => take(section, problem),
            }
        }
        (Self { shared_instance, interfaces: found }, problems)
    }
}

fn shared_instance<R: Sockets>(
    section: &ConfigSection,
) -> Result<Option<Interface<R>>, ConfigFault> {
    let keys = Reader(section);
    if !keys.switch("share_instance")?.unwrap_or(true) {
        return Ok(None);
    }
    let is_tcp = match keys.text("shared_instance_type")?.map(str::to_lowercase).as_deref() {
        Some("tcp") => true,
        // RNS passes over other words.
        _ => !cfg!(any(target_os = "linux", target_os = "android")),
    };
    Ok(Some(if is_tcp {
        Interface::shared_instance_on(keys.port("shared_instance_port")?.unwrap_or(INSTANCE_PORT))
    } else {
        Interface::named_shared_instance(keys.text("instance_name")?.unwrap_or("default"))
    }))
}

impl<R> fmt::Display for ConfiguredInterface<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Interface(interface) => interface.fmt(f),
            Self::Serial(line) => line.fmt(f),
        }
    }
}

/// *Source*: RNS/Reticulum.py `local_interface_port`.
const INSTANCE_PORT: u16 = 37_428;

#[cfg(test)]
mod tests;
