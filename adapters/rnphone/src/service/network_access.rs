//! How a phone reaches the mesh.

use lxst_tokio::{Interface, PhoneBuilder, State};

use crate::network::{Network, Route};

/// How a phone reaches the mesh.
#[derive(Clone, Debug)]
pub enum NetworkAccess {
    /// These interfaces.
    Given {
        /// The interfaces.
        interfaces: Vec<Interface>,
        /// The same, in words.
        text: String,
    },
    /// What is found on this machine.
    Found(Network),
}

impl NetworkAccess {
    /// Gives a phone the interfaces.
    #[must_use]
    pub fn attach(&self, builder: PhoneBuilder) -> PhoneBuilder {
        match self {
            Self::Given { interfaces, .. } => {
                interfaces.iter().cloned().fold(builder, PhoneBuilder::interface)
            }
            Self::Found(network) => network.interfaces().fold(builder, PhoneBuilder::interface),
        }
    }

    /// Tells by what a phone with these interfaces reaches the mesh, in words.
    #[must_use]
    pub fn text(&self, state: &State) -> String {
        match self {
            Self::Given { text, .. } => text.clone(),
            Self::Found(network) => network.route(state).to_string(),
        }
    }

    /// Tells why a phone with these interfaces reaches nobody, if it does not, in words.
    #[must_use]
    pub fn trouble(&self, state: &State) -> Option<String> {
        match self {
            _ if state.connections > 0 => None,
            Self::Given { .. } => state.interfaces.iter().find_map(|one| one.trouble.clone()),
            Self::Found(network) => match network.route(state) {
                Route::Nowhere(troubles) => Some(troubles.join("; ")),
                route => Some(route.to_string()),
            },
        }
    }
}
