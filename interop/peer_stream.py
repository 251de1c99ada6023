"""Voice without a call: LXST's own packetizer and link source on a link of a scripted phone."""

FRAME_MS = 60


class Stream:
    """Sends what the microphone hears, and plays what comes, as a telephone in a call does."""

    def __init__(self, link, recording):
        from LXST.Codecs import Null, Opus, Raw
        from LXST.Mixer import Mixer
        from LXST.Network import LinkSource, Packetizer
        from LXST.Pipeline import Pipeline
        from LXST.Sinks import LineSink
        from LXST.Sources import LineSource

        recording.start()
        self.ears = Mixer(target_frame_ms=FRAME_MS)
        self.played = Pipeline(source=self.ears, codec=Null(), sink=LineSink())
        self.source = LinkSource(link, None, sink=self.ears)
        self.mouth = Mixer(target_frame_ms=FRAME_MS)
        self.microphone = LineSource(target_frame_ms=FRAME_MS, codec=Raw(), sink=self.mouth)
        opus = Opus(profile=Opus.PROFILE_VOICE_MEDIUM)
        self.sent = Pipeline(source=self.mouth, codec=opus, sink=Packetizer(link))
        for part in (self.played, self.source, self.sent, self.microphone):
            part.start()
