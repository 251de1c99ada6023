//! The speaker of a conference where the phone has none.

use lxst_tokio::{AudioFormat, AudioSink, Phone};
use tokio::task::AbortHandle;

use super::refused::Refused;

/// Takes what the calls say where no speaker does: what is not played, the other does not hear.
#[derive(Debug)]
pub(super) struct SilentSpeaker(AbortHandle);

impl SilentSpeaker {
    pub(super) async fn start(phone: &Phone) -> Result<Self, Refused> {
        let sink = phone.audio_sink(AudioFormat::PHONE).await?;
        Ok(Self(tokio::spawn(discard(sink)).abort_handle()))
    }
}

impl Drop for SilentSpeaker {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn discard(mut sink: AudioSink) {
    let mut block = [0.0_f32; 960];
    while sink.read(&mut block).await.is_ok() {}
}
