//! Whether calls can work: devices, network, and the path to somebody, each with its remedy.

use std::time::Duration;

use lxst_tokio::{
    Destination, Identity, IdentityHash, Network as Announcing, OsRng, Phone, PhoneBuilder,
    Settings,
};
use rnphone_rs::control::DeviceInfo;
use rnphone_rs::outln;
use rnphone_rs::service::{self, NetworkAccess};

use crate::failure::Failure;
use crate::network::network;
use crate::options::Options;

/// Prints a line for each check. Returns 0 if all are well, else 3.
///
/// It is somebody new for the check: nobody learns who we are, and nobody's phone rings.
pub(crate) async fn run(options: &Options, to: Option<IdentityHash>) -> Result<u8, Failure> {
    let mut is_well = options.no_devices || check_devices().await;
    let access = network(options)?;
    let silent = Settings::default().network(Announcing::announced_on_command());
    let builder = PhoneBuilder::new(Identity::generate(&mut OsRng)).settings(silent);
    let builder = access.attach(builder);
    let destinations = builder.destinations();
    let (phone, _events) = builder.start().await?;
    is_well &= check_network(&phone, &access).await;
    if let Some(to) = to {
        match destinations.open(Destination::telephony(to)).await {
            Ok(link) => {
                let millis = link.rtt().as_millis();
                outln!("ok    path       {to} answers; a round trip takes {millis} ms");
            }
            Err(error) => {
                is_well = false;
                outln!("fault path       {to}: {error}");
                outln!(
                    "                 is it the identity that the other phone tells, and is that online?"
                );
            }
        }
    }
    phone.shutdown().await;
    Ok(if is_well { 0 } else { FAULT })
}

async fn check_devices() -> bool {
    let devices = match service::devices().await {
        Ok(devices) => devices,
        Err(error) => {
            outln!("fault devices    {error}: is a sound server running?");
            return false;
        }
    };
    let mut is_well = true;
    for (is_microphone, name) in [(true, "microphone"), (false, "speaker")] {
        let mut of_kind = devices.iter().filter(|device| device.is_microphone == is_microphone);
        let default = of_kind.clone().find(|device| device.is_default);
        match default.or_else(|| of_kind.next()) {
            Some(DeviceInfo { name: device, format, .. }) => {
                outln!("ok    {name:<11}{device} ({format})");
            }
            None => {
                is_well = false;
                outln!("fault {name:<11}there is none: plug one in, or call with --no-devices");
            }
        }
    }
    is_well
}

async fn check_network(phone: &Phone, access: &NetworkAccess) -> bool {
    let mut watch = phone.watch();
    let connected = async {
        while let Some(state) = watch.changed().await {
            if state.connections > 0 {
                return true;
            }
        }
        false
    };
    let is_connected = phone.state().connections > 0
        || tokio::time::timeout(PATIENCE, connected).await.unwrap_or(false);
    let text = access.text(&phone.state());
    match is_connected {
        true => outln!("ok    network    {text}"),
        false => {
            outln!("fault network    {text}");
            outln!("                 run rnsd, or name a server: --connect HOST:PORT");
        }
    }
    is_connected
}

/// Time limit of the network.
const PATIENCE: Duration = Duration::from_secs(15);
/// The exit code of a fault.
const FAULT: u8 = 3;
