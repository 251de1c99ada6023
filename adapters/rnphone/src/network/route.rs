//! By what a phone reaches the mesh at a moment.

use std::fmt;

use lxst_phone::InterfaceState;

/// By what a phone reaches the mesh at a moment, for people: one line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Route {
    /// The first attempts are not over.
    Unknown,
    /// By the Reticulum of this machine, which has this name.
    Attached(String),
    /// By interfaces of its own, with these names: those that are connected.
    Own(Vec<String>),
    /// Nobody can be reached, for these reasons.
    Nowhere(Vec<String>),
}

impl Route {
    /// `interfaces` begin with the shared instance where the phone has one.
    pub(super) fn of(interfaces: &[InterfaceState], has_shared_instance: bool) -> Self {
        // The state of a phone that has shut down has no interfaces.
        let instances = usize::from(has_shared_instance).min(interfaces.len());
        let (instance, own) = interfaces.split_at(instances);
        if let Some(instance) = instance.iter().find(|instance| instance.connections > 0) {
            return Self::Attached(instance.name.clone());
        }
        let connected = own.iter().filter(|one| one.connections > 0);
        let connected: Vec<_> = connected.map(|one| one.name.clone()).collect();
        if !connected.is_empty() {
            return Self::Own(connected);
        }
        // That no shared instance runs is no trouble beside interfaces of one's own.
        let of = if own.is_empty() { instance } else { own };
        let troubles: Vec<_> = of.iter().filter_map(|one| one.trouble.clone()).collect();
        match troubles.is_empty() {
            true => Self::Unknown,
            false => Self::Nowhere(troubles),
        }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("looking for a way into the mesh"),
            Self::Attached(name) => write!(f, "attached to {name}"),
            Self::Own(names) => write!(f, "on {}", names.join(", ")),
            Self::Nowhere(troubles) => write!(f, "nobody can be reached: {}", troubles.join("; ")),
        }
    }
}
