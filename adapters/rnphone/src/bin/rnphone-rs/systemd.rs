//! A unit for systemd.

use std::env;

use rnphone_rs::outln;

use crate::failure::Failure;
use crate::options::Options;

/// Prints a unit of the user's systemd, and how it is installed.
pub(crate) fn print(options: &Options) -> Result<u8, Failure> {
    let program = env::current_exe()?;
    let mut arguments = String::from(" --service");
    if let Some(folder) = &options.config {
        arguments += &format!(" --config {}", quoted(&std::path::absolute(folder)?.display()));
    }
    if let Some(folder) = &options.rnsconfig {
        arguments += &format!(" --rnsconfig {}", quoted(&std::path::absolute(folder)?.display()));
    }
    let program = quoted(&program.display());
    outln!(
        "\
# Save it: rnphone-rs systemd > ~/.config/systemd/user/rnphone-rs.service
# Start it now and at each login: systemctl --user enable --now rnphone-rs
# At each start of the machine: loginctl enable-linger
[Unit]
Description=rnphone-rs, a phone on the Reticulum mesh
After=pipewire-pulse.service pulseaudio.service

[Service]
Type=notify
ExecStart={program}{arguments}
Restart=on-failure
RestartSec=5

[Install]
WantedBy=default.target"
    );
    Ok(0)
}

/// A word of a command line of systemd.
fn quoted(word: &dyn std::fmt::Display) -> String {
    let word = word.to_string().replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%");
    format!("\"{}\"", word.replace('$', "$$"))
}

/// Tells systemd that the phone runs, where systemd started it.
pub(crate) fn notify_ready() {
    #[cfg(unix)]
    if let Some(path) = env::var_os("NOTIFY_SOCKET") {
        #[cfg(target_os = "linux")]
        use std::os::linux::net::SocketAddrExt;
        use std::os::unix::net::{SocketAddr, UnixDatagram};
        let sent = || {
            let socket = UnixDatagram::unbound()?;
            #[cfg(target_os = "linux")]
            if let Some(name) = path.to_str().and_then(|path| path.strip_prefix('@')) {
                return socket.send_to_addr(b"READY=1", &SocketAddr::from_abstract_name(name)?);
            }
            socket.send_to_addr(b"READY=1", &SocketAddr::from_pathname(&path)?)
        };
        // Without it, systemd ends the service and says so.
        let _: std::io::Result<usize> = sent();
    }
}
