//! Whose echo is cancelled.

use std::time::Duration;

use rnphone_rs::control::Event;

use crate::place::{Somebody, among_devices};
use crate::support::{Phone, ask};

#[test]
fn the_echo_is_cancelled_unless_the_speaker_sits_at_the_ear_or_as_the_user_says() {
    let name = "the_echo_is_cancelled_unless_the_speaker_sits_at_the_ear_or_as_the_user_says";
    among_devices(name, async |place| {
        let mut phone = place.phone().await;
        assert_eq!(phone.status().await.cancels_echo, None);
        let _calling = Somebody::new().dials(&phone).await;
        phone.until(|event| matches!(event, Event::Incoming { .. })).await;
        ask(&phone, "answer").await.expect("it rings");
        cancels(&phone, true).await;
        for (line, is_cancelled) in [
            ("speaker headset", false),
            ("aec on", true),
            ("aec off", false),
            ("speaker ear", false),
            ("aec auto", true),
        ] {
            ask(&phone, line).await.expect(line);
            cancels(&phone, is_cancelled).await;
        }
        place.with("[rnphone-rs]\necho_cancellation = off\n").write_settings();
        ask(&phone, "reload").await.expect("it is read");
        cancels(&phone, false).await;
        // Another setting is another matter.
        ask(&phone, "aec on").await.expect("it is told");
        ask(&phone, "reload").await.expect("it is read");
        cancels(&phone, true).await;
    });
}

/// Waits until the echo is cancelled, or is not.
async fn cancels(phone: &Phone, is_cancelled: bool) {
    let wait = async {
        while phone.status().await.cancels_echo != Some(is_cancelled) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("it becomes so");
}

/// Time limit of a device.
const PATIENCE: Duration = Duration::from_secs(60);
