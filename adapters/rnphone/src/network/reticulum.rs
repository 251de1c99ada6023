//! Reticulum's own configuration.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lxst_tokio::{ConfigSection, ConfiguredInterface, Interface, ReticulumConfig};

use super::serial;
use super::{NetworkError, NetworkOptions};
use crate::folder::ConfigFile;
use crate::ini::{Document, is_interpolated};

/// What Reticulum's configuration gives a phone.
#[derive(Debug)]
pub(super) struct Reticulum {
    /// The file.
    pub(super) path: PathBuf,
    pub(super) shared_instance: Option<Interface>,
    pub(super) interfaces: Vec<Interface>,
    pub(super) problems: Vec<String>,
}

impl Reticulum {
    /// Reads the configuration in a folder; `None` where there is none.
    pub(super) fn find(folder: &Path) -> Result<Option<Self>, NetworkError> {
        let file = ConfigFile::read(&folder.join(CONFIG))?;
        Ok(file.exists().then(|| Self::read(file.path(), file.document())))
    }

    /// Returns what holds where there is no configuration.
    pub(super) fn shared_instance() -> Option<Interface> {
        ReticulumConfig::read(&ConfigSection::default(), &[]).0.shared_instance
    }

    fn read(path: &Path, document: &Document) -> Self {
        let mut sections = Sections::of(document);
        let mut problems = sections.take_interpolated();
        let (config, found) = ReticulumConfig::read(&sections.reticulum, &sections.interfaces);
        problems.extend(
            found.into_iter().map(|problem| (problem.section.clone(), problem.to_string())),
        );
        let line = |section: &str| sections.lines.get(section).copied().unwrap_or(1);
        let problems = problems
            .into_iter()
            .map(|(section, text)| format!("{}:{}: {text}", path.display(), line(&section)))
            .collect();
        let interfaces = config.interfaces.into_iter().filter_map(|interface| match interface {
            ConfiguredInterface::Interface(interface) => Some(interface),
            ConfiguredInterface::Serial(line) => Some(serial::interface(line)),
            _ => None,
        });
        Self {
            path: path.to_owned(),
            shared_instance: config.shared_instance,
            interfaces: interfaces.collect(),
            problems,
        }
    }
}

/// The sections that concern a phone.
#[derive(Debug, Default)]
struct Sections {
    reticulum: ConfigSection,
    /// Those within `[interfaces]`.
    interfaces: Vec<ConfigSection>,
    /// The line of each, by its name.
    lines: BTreeMap<String, usize>,
}

impl Sections {
    fn of(document: &Document) -> Self {
        let reticulum = ConfigSection { name: RETICULUM.to_owned(), entries: Vec::new() };
        let mut found = Self { reticulum, ..Self::default() };
        let mut outermost = None;
        // By their lines, which no two sections share.
        let mut by_line = BTreeMap::new();
        for section in document.sections() {
            let (name, line) = (section.name(), section.line());
            match section.depth() {
                1 => outermost = Some(name),
                2 if outermost == Some(INTERFACES) => {
                    by_line.insert(line, found.interfaces.len());
                    found.lines.insert(name.to_owned(), line);
                    let entries = Vec::new();
                    found.interfaces.push(ConfigSection { name: name.to_owned(), entries });
                }
                _ => {}
            }
        }
        for (section, entry) in document.all() {
            let Some(section) = section else { continue };
            let of = match section.depth() {
                1 if section.name() == RETICULUM => Some(&mut found.reticulum),
                _ => by_line.get(&section.line()).and_then(|at| found.interfaces.get_mut(*at)),
            };
            if let Some(of) = of {
                of.entries.push((entry.key().to_owned(), entry.value().items().to_vec()));
            }
        }
        found
    }

    /// Takes out the interfaces with texts that Reticulum would replace. Returns the name of each,
    /// and what is wrong.
    fn take_interpolated(&mut self) -> Vec<(String, String)> {
        let is_replaced =
            |(_, items): &(String, Vec<String>)| items.iter().any(|text| is_interpolated(text));
        let mut problems = Vec::new();
        self.interfaces.retain(|section| {
            let Some((key, _)) = section.entries.iter().find(|entry| is_replaced(entry)) else {
                return true;
            };
            let name = section.name.clone();
            let text = format!(
                "section \"{name}\": {key} has %(..)s, which Reticulum replaces: leave it out"
            );
            problems.push((name, text));
            false
        });
        problems
    }
}

/// Finds the folder of the configuration, which need not exist; `None` where there is no home
/// folder.
pub(super) fn folder(options: &NetworkOptions) -> Result<Option<PathBuf>, NetworkError> {
    let NetworkOptions { rnsconfig, home, machine } = options;
    if let Some(folder) = rnsconfig {
        return match folder.is_dir() {
            true => Ok(Some(folder.clone())),
            false => Err(NetworkError::NoFolder(folder.clone())),
        };
    }
    let of_machine = Some(machine.join("reticulum"));
    let of_user = home.as_ref().map(|home| home.join(".config/reticulum"));
    let mut with_config = [of_machine, of_user].into_iter().flatten();
    let found = with_config.find(|folder| folder.join(CONFIG).is_file());
    Ok(found.or_else(|| Some(home.as_ref()?.join(".reticulum"))))
}

pub(super) const CONFIG: &str = "config";
const RETICULUM: &str = "reticulum";
const INTERFACES: &str = "interfaces";
