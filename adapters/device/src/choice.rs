//! Which device is taken, and why.

use core::fmt::{self, Display};

use crate::device::{Device, Direction, Form};

/// Which device somebody wants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Wish {
    /// What the system takes, and what it takes later where that changes.
    #[default]
    Default,
    /// The device of this id, or else of this name without regard to case, or else the first with
    /// this in its name.
    Named(String),
}

impl Wish {
    /// Wishes for a device by its id, its name or a part of its name; blanks around it are no part
    /// of it, and without anything else the wish is for the default.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name.trim() {
            "" => Self::Default,
            name => Self::Named(name.to_owned()),
        }
    }
}

/// A device that was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice<'a> {
    /// The device.
    pub device: &'a Device,
    /// Why it was taken.
    pub reason: Reason,
}

/// Why a device was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// Its id was asked for.
    Id,
    /// Its name was asked for.
    Name,
    /// A part of its name was asked for.
    PartOfName,
    /// The system's default was asked for.
    Default,
    /// What was asked for is not there or does not open; this is the default, or what there is.
    Fallback,
}

/// Chooses among the devices that there are; `None` where none goes this way.
///
/// The order is that of the system. A monitor, which hears what a speaker plays, is taken by its
/// id, or where the system says that it is the default; a part of a name never finds it.
#[must_use]
pub fn choose<'a>(devices: &'a [Device], direction: Direction, wish: &Wish) -> Option<Choice<'a>> {
    let able = || devices.iter().filter(move |device| device.direction == direction);
    let named = || able().filter(|device| device.form != Form::Monitor);
    let default = || {
        let default = able().find(|device| device.is_default);
        default.or_else(|| named().next()).or_else(|| able().next())
    };
    let found = match wish {
        Wish::Default => default().map(|device| (device, Reason::Default)),
        Wish::Named(wish) => {
            let lower = wish.to_lowercase();
            let by_id = able().find(|device| device.id == *wish);
            let by_name = || named().find(|device| device.name.to_lowercase() == lower);
            let by_part = || named().find(|device| device.name.to_lowercase().contains(&lower));
            by_id
                .map(|device| (device, Reason::Id))
                .or_else(|| by_name().map(|device| (device, Reason::Name)))
                .or_else(|| by_part().map(|device| (device, Reason::PartOfName)))
                .or_else(|| default().map(|device| (device, Reason::Fallback)))
        }
    };
    found.map(|(device, reason)| Choice { device, reason })
}

impl Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Id => "by its id",
            Self::Name => "by its name",
            Self::PartOfName => "by a part of its name",
            Self::Default => "the default",
            Self::Fallback => "the one asked for is not there",
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::device::Format;

    pub(crate) fn device(direction: Direction, id: &str, name: &str) -> Device {
        Device {
            id: id.to_owned(),
            name: name.to_owned(),
            direction,
            form: Form::of_name(id, name),
            is_default: false,
            format: Format { rate_hz: 48_000, channels: 2 },
        }
    }

    fn machine() -> Vec<Device> {
        let mut devices = vec![
            device(Direction::Output, "alsa.pci", "Built-in Audio"),
            device(Direction::Input, "alsa.pci.monitor", "Monitor of Built-in Audio"),
            device(Direction::Input, "alsa.pci", "Built-in Audio"),
            device(Direction::Input, "usb.1", "Jabra Evolve (USB+) Headset"),
            device(Direction::Input, "usb.2", "Headset"),
        ];
        devices[2].is_default = true;
        devices
    }

    #[track_caller]
    fn taken(wish: &str) -> (String, Reason) {
        let machine = machine();
        let choice = choose(&machine, Direction::Input, &Wish::named(wish)).unwrap();
        (choice.device.id.clone(), choice.reason)
    }

    #[test]
    fn an_id_goes_before_a_name_and_a_name_before_a_part_of_one() {
        assert_eq!(taken("usb.2"), ("usb.2".into(), Reason::Id));
        assert_eq!(taken("headset"), ("usb.2".into(), Reason::Name));
        assert_eq!(taken("EVOLVE"), ("usb.1".into(), Reason::PartOfName));
        assert_eq!(taken("(usb+)"), ("usb.1".into(), Reason::PartOfName), "no pattern language");
        assert_eq!(taken("alsa.pci"), ("alsa.pci".into(), Reason::Id));
    }

    #[test]
    fn what_is_not_there_is_the_default_and_says_so() {
        assert_eq!(taken(" "), ("alsa.pci".into(), Reason::Default));
        assert_eq!(taken("Rode"), ("alsa.pci".into(), Reason::Fallback));
        let machine = machine();
        let speakers = choose(&machine, Direction::Output, &Wish::named("headset")).unwrap();
        assert_eq!((speakers.device.id.as_str(), speakers.reason), ("alsa.pci", Reason::Fallback));
    }

    #[test]
    fn a_monitor_is_taken_by_its_id_alone() {
        assert_eq!(taken("monitor"), ("alsa.pci".into(), Reason::Fallback));
        assert_eq!(taken("alsa.pci.monitor"), ("alsa.pci.monitor".into(), Reason::Id));
        let only = [device(Direction::Input, "sink.monitor", "Monitor of sink")];
        assert!(choose(&only, Direction::Input, &Wish::Default).is_some());
        assert_eq!(choose(&only, Direction::Output, &Wish::Default), None);
    }
}
