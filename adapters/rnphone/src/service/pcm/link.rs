//! A client in a call.

use std::io;

use lxst_tokio::{AudioError, AudioSink, AudioSource, Call, DeviceSource};
use tokio::io::{AsyncRead, AsyncWrite};

use super::line::{Incoming, Outgoing};
use super::wish::Wish;

/// The sound of a call for a client. Dropping it gives the call back to the devices.
pub(super) struct Link {
    source: Source,
    sink: AudioSink,
    /// Samples of 10 ms.
    block: usize,
}

enum Source {
    /// Of now: what is too much is dropped.
    Live(DeviceSource),
    /// Sent as fast as it is spoken; the client waits meanwhile.
    Paced(AudioSource),
}

impl Link {
    /// # Errors
    /// [`AudioError`]: the call is over.
    pub(super) async fn attach(call: &Call, wish: Wish) -> Result<Self, AudioError> {
        let format = wish.format;
        let sink = call.audio_sink(format).await?.live();
        let source = match wish.is_live {
            true => Source::Live(call.device_source(format).await?),
            false => Source::Paced(call.audio_source(format).await?),
        };
        let moments = (format.rate_hz / BLOCKS_PER_SECOND) as usize;
        Ok(Self { source, sink, block: moments * usize::from(format.channels) })
    }

    /// Moves sound both ways until the call has no more of it. A client that sends no more hears
    /// on.
    ///
    /// # Errors
    /// The client's: it is gone.
    pub(super) async fn run<R, W>(
        self,
        incoming: &mut Incoming<R>,
        outgoing: &mut Outgoing<W>,
    ) -> io::Result<()>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let Self { mut source, mut sink, block } = self;
        let says = async {
            while let Some(samples) = incoming.samples().await? {
                if source.say(&samples).await.is_err() {
                    break;
                }
            }
            // The end of the call is told elsewhere.
            std::future::pending().await
        };
        let hears = async {
            let mut block = vec![0; block];
            while sink.read(&mut block).await.is_ok() {
                outgoing.samples(&block).await?;
            }
            std::future::pending().await
        };
        tokio::select! {
            ended = says => ended,
            ended = hears => ended,
        }
    }
}

impl Source {
    async fn say(&mut self, samples: &[i16]) -> Result<(), AudioError> {
        match self {
            Self::Live(source) => source.push(samples).map(drop),
            Self::Paced(source) => source.write(samples).await,
        }
    }
}

const BLOCKS_PER_SECOND: u32 = 100;
