//! The key of pages, which neighbours share.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use lxst_tokio::rooms::PageKey;
use lxst_tokio::{IdentityHash, OsRng};
use rnphone_rs::control::Command;
use rnphone_rs::folder::{ConfigFile, Folder};
use rnphone_rs::settings::Settings;
use rnphone_rs::{errln, outln, page_key, service};

use crate::begin::folder;
use crate::failure::Failure;
use crate::options::Options;

/// Prints the key of the phone, which is made where there is none; or takes the one of a file.
pub(crate) async fn run(options: &Options, from: Option<&Path>) -> Result<u8, Failure> {
    let folder = folder(options)?;
    lxst_tokio::host::create_private_folder(folder.path())?;
    let path = path(&folder)?;
    match from {
        Some(from) => {
            let key = read(from)?;
            page_key::replace(&path, key)?;
            errln!("page key  taken into {}", path.display());
        }
        None => {
            let key = page_key::read_or_make(&path, &mut OsRng)?;
            outln!("{}", key.to_hex());
        }
    }
    tell(&folder).await
}

/// Returns where the key of the phone is.
fn path(folder: &Folder) -> Result<PathBuf, Failure> {
    let file = ConfigFile::read(&folder.config())?;
    // Only the contacts depend on who the phone is, and it may be nobody yet.
    let (settings, _) = Settings::read(folder, &file, IdentityHash([0; 16]))?;
    Ok(settings.page_key.unwrap_or_else(|| folder.page_key()))
}

fn read(from: &Path) -> Result<PageKey, Failure> {
    if from != Path::new("-") {
        let none = || Failure::usage(format!("{}: there is no such file", from.display()));
        return page_key::read(from)?.ok_or_else(none);
    }
    let mut text = String::new();
    io::stdin().lock().take(MAX_BYTES).read_to_string(&mut text)?;
    Ok(text.parse()?)
}

/// Has the phone that runs in the folder take the key.
async fn tell(folder: &Folder) -> Result<u8, Failure> {
    if let Some((client, _events)) = service::connect(&folder.control()).await? {
        let done = client.ask(Command::Reload {}).await;
        done.map_err(|error| Failure::refused(error.to_string()))?;
    }
    Ok(0)
}

/// A key and some white space.
const MAX_BYTES: u64 = 256;
