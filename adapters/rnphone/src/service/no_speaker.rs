//! What plays calls where no speaker does.

use lxst_tokio::{AudioError, AudioFormat, Phone};

use super::sound::SoundSettings;

/// Plays calls to nobody until the phone ends, unless there is a speaker: recordings and clients that
/// listen hear what is played.
pub(super) async fn attach(phone: &Phone, sound: &SoundSettings) -> Result<(), AudioError> {
    if sound.has_speaker() {
        return Ok(());
    }
    let mut sink = phone.audio_sink(AudioFormat::PHONE).await?.live();
    tokio::spawn(async move {
        let mut block = [0_i16; BLOCK];
        while sink.read(&mut block).await.is_ok() {}
    });
    Ok(())
}

/// 20 ms.
const BLOCK: usize = 960;
